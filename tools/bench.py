"""`python -m tools.bench SUITE`: measures speed side by side with what it is compared to. Never part of a test."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .bench_plot import bars
from .bench_record import Measured, record, write_record
from .bench_rounds import ROUNDS
from .bench_tables import tables

EXAMPLE = """example:
  python -m tools.bench line --seconds 30 --json docs/benchmarks/line.json --plot line.svg
  python -m tools.bench document docs/benchmarks/*.json

The machine should do nothing else meanwhile: figures of a busy machine say little, ratios a bit more."""


@dataclass(frozen=True)
class SuiteEntry:
    """Its module has `add_arguments(parser)` and `measure(arguments) -> Measured`, and may have `plot(rows)`."""

    module: str  # imported only when its suite is asked for
    says: str


SUITES: dict[str, SuiteEntry] = {
    "transport": SuiteEntry(
        "tools.bench_transport", "pictures from one process to others, against imagezmq and others"
    ),
    "decode": SuiteEntry("tools.bench_decode", "a recording to pictures in the ring, against PyAV and cv2"),
    "preprocess": SuiteEntry("tools.bench_preprocess", "a picture to a network's input, against the reference and cv2"),
    "regions": SuiteEntry("tools.bench_regions", "each kind of region, against one rectangle: its time, its verdicts"),
    "engines": SuiteEntry("tools.bench_engines", "each network on each engine, and the reference pair as a cascade"),
    "gpu": SuiteEntry(
        "tools.bench_gpu", "each network by batch size on a GPU, against torch eager, up- and download paid"
    ),
    "line": SuiteEntry("tools.bench_line", "a whole line on a drawn recording, against a plain loop"),
    "cameras": SuiteEntry("tools.bench_cameras", "1, 2, 4, 8 … live cameras until it breaks, and what broke first"),
    "memory": SuiteEntry("tools.bench_memory", "whether a line that runs for long stays as it began"),
    "stalled": SuiteEntry("tools.bench_stalled", "what a role that stands still costs the memory of the others"),
    "clips": SuiteEntry("tools.bench_clips", "what clips cost a line, copied and encoded: CPU time by role, ages"),
    "page": SuiteEntry("tools.bench_page", "capture to a browser's canvas, and what viewers cost"),
    "log": SuiteEntry("tools.bench_log", "how large a log becomes, how fast it is searched, how long an audit takes"),
}
# What is no suite: the module's `main(words) -> int` does the work.
VERBS: dict[str, SuiteEntry] = {
    "document": SuiteEntry("tools.bench_document", "writes the tables of docs/benchmarks.md from what was measured"),
    "tune": SuiteEntry("tools.bench_tune", "which engine judges fastest here, measured once and kept for a line"),
    "plan": SuiteEntry("tools.bench_plan", "what hardware N cameras need, from the figures that `cameras` kept"),
}


def main(words: Sequence[str] | None = None) -> int:
    words = sys.argv[1:] if words is None else list(words)
    if words and words[0] in VERBS:
        return int(importlib.import_module(VERBS[words[0]].module).main(words[1:]))
    if not words or words[0] not in SUITES:
        _menu().parse_args(words)
        return 2
    module = importlib.import_module(SUITES[words[0]].module)
    parser = _parser(words[0])
    module.add_arguments(parser)
    arguments = parser.parse_args(words[1:])
    measured: Measured = module.measure(arguments)
    print(tables(measured.rows))
    print("".join(f"\n- {note}" for note in measured.notes))
    if arguments.json:
        write_record(arguments.json, record(words[0], words, measured))
    if arguments.plot:
        arguments.plot.write_text(getattr(module, "plot", bars)(measured.rows))
    return 0


def _menu() -> argparse.ArgumentParser:
    known = SUITES | VERBS
    listed = "\n".join(f"  {name:12}{entry.says}" for name, entry in known.items())
    parser = argparse.ArgumentParser(
        prog="python -m tools.bench",
        description=f"Measures speed side by side with what it is compared to.\n\nsuites:\n{listed}",
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("suite", choices=list(known), metavar="SUITE", help="one of the above; SUITE --help says more")
    return parser


def _parser(suite: str) -> argparse.ArgumentParser:
    """The options of every suite; a suite may give one of them another default by adding it again."""
    parser = argparse.ArgumentParser(
        prog=f"python -m tools.bench {suite}",
        description=f"{suite}: {SUITES[suite].says}.",
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        conflict_handler="resolve",
    )
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"runs of each contender (default: {ROUNDS})")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here, too")
    parser.add_argument("--plot", type=Path, metavar="FILE.svg", help="draw them here")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
