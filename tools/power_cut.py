"""`python -m tools.power_cut --cuts 30 --seed 1`: pulls the plug on a real line, again and again, and counts losses.

A real line runs once, its recorder traced by the kernel (power_cut_trace.py). Each cut replays the trace up to some
step onto a disk that forgets what was not synced (power_cut_disk.py), looks at what is left, starts the line on it,
and looks again (power_cut_check.py). What the recorder acknowledged until then is held against it (power_cut_wire.py).
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
import tempfile
from pathlib import Path

from tqdm import tqdm

from tools.power_cut_fates import FATES
from tools.power_cut_line import LineError, trace_line
from tools.power_cut_trace import TraceError
from tools.power_cut_trial import Cut, Outcome, Trial, drawn_cuts

HELD, BROKEN, IMPOSSIBLE = 0, 1, 2
SHOWN = 5  # breaks of one cut that are printed
EXAMPLE = """example:
  python -m tools.power_cut --cuts 30 --seed 1
  python -m tools.power_cut --cuts 30 --seed 1 --boundaries     and a cut after every step that touches the disk

exit code: 0 nothing acknowledged was lost, and every invariant held; 1 not so; 2 it could not be tried here"""


def main() -> int:
    arguments = _parser().parse_args()
    logging.getLogger("linewatch").setLevel(logging.ERROR)  # what each next start finds is no news here
    try:
        with tempfile.TemporaryDirectory(prefix="power-cut-", dir=arguments.work) as folder:
            outcomes = _tried(Path(folder), arguments)
    except (LineError, TraceError, OSError) as error:
        print(f"power cuts could not be tried: {error}", file=sys.stderr)
        return IMPOSSIBLE
    print(as_json(outcomes, arguments.seed) if arguments.json else as_text(outcomes, arguments.seed))
    return BROKEN if any(outcome.breaks for outcome in outcomes) else HELD


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tools.power_cut",
        description="Simulated power cuts of a real line, on a disk that forgets what was not synced.",
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--cuts", type=int, default=30, help="cuts, each followed by a start of the whole line")
    parser.add_argument("--seed", type=int, default=1, help="of the places and of what survives (default: 1)")
    parser.add_argument("--frames", type=int, default=150, help="length of the film (default: 150)")
    parser.add_argument("--boundaries", action="store_true", help="also cut after every step that touches the disk")
    parser.add_argument("--work", type=Path, help="an existing folder to work in (default: a temporary one)")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout, for machines")
    return parser


def _tried(work: Path, arguments: argparse.Namespace) -> list[Outcome]:
    trial = Trial.of(trace_line(work, arguments.frames), arguments.frames)
    boundaries = trial.boundaries()
    chosen = drawn_cuts(boundaries, arguments.cuts, arguments.seed)
    outcomes = list(
        tqdm(
            trial.try_cuts(chosen, arguments.seed, work / "cuts", whole_line=True),
            "power cuts",
            len(chosen),
            unit="cut",
        )
    )
    if arguments.boundaries:
        every = [Cut(step, fate) for step in boundaries for fate in FATES]
        tried = trial.try_cuts(every, arguments.seed, work / "boundaries", whole_line=False)
        outcomes += tqdm(tried, "every boundary", len(every), unit="cut")
    return outcomes


def as_text(outcomes: list[Outcome], seed: int) -> str:
    """A line a broken cut, and what all came to."""
    lines = []
    for outcome in outcomes:
        if outcome.breaks:
            lines.append(f"BROKEN  after step {outcome.cut.step}, where {outcome.cut.fate}:")
            lines += [f"          {said}" for said in outcome.breaks[:SHOWN]]
    lines.append(f"power cuts               {len(outcomes)} (seed {seed})")
    for fate in FATES:
        lines.append(f"  where {fate:<18} {sum(outcome.cut.fate == fate for outcome in outcomes)}")
    lines.append(f"acknowledged until then  {_range([outcome.acknowledged for outcome in outcomes])} frames")
    lines.append(f"cuts that lost some      {sum(_lost(outcome) > 0 for outcome in outcomes)}")
    lines.append(f"acknowledged and lost    {sum(map(_lost, outcomes))}")
    lines.append(f"cuts with any break      {sum(bool(outcome.breaks) for outcome in outcomes)}")
    return "\n".join(lines)


def as_json(outcomes: list[Outcome], seed: int) -> str:
    """The same for machines, cut by cut."""
    cuts = [
        {"step": o.cut.step, "fate": o.cut.fate, "acknowledged": o.acknowledged, "breaks": list(o.breaks)}
        for o in outcomes
    ]
    lost = sum(map(_lost, outcomes))
    return json.dumps({"seed": seed, "lost": lost, "held": not any(o.breaks for o in outcomes), "cuts": cuts}, indent=1)


def _lost(outcome: Outcome) -> int:
    """What was acknowledged and not there, right after the cut."""
    return sum(said.startswith("LOST") for said in outcome.breaks)


def _range(counts: list[int]) -> str:
    return f"{min(counts)} to {max(counts)}" if counts else "no"


if __name__ == "__main__":
    raise SystemExit(main())
