"""Runs a whole line while it is killed, stopped, starved and lied to, and proves afterwards that nothing was lost.

The line is the user's own (their YAML), but its pictures are numbered, so that the truth of each is known, and its
bundle reads that truth. What is done when and to whom is a function of the seed. Afterwards tools.soak_check, which
knows nothing of the code, reads log and evidence.
"""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import msgspec
from tqdm import tqdm

from stream.problem import ConfigurationError

from .soak_faults import KINDS
from .soak_line import SoakLine, cast_of, soak_line
from .soak_report import SoakReport, as_text, report_of
from .soak_run import Soak, Tell
from .soak_schedule import schedule
from .soak_stage import stage
from .soak_truth import AUDIT, JOURNAL, REPORT, RINGS, TRUTH, Truth, read_document, read_journal, read_rings

HELD, BROKEN, REFUSED = 0, 1, 2
EXAMPLE = """example:
  python -m tools.soak configs/soak.yaml --minutes 10 --seed 1
  python -m tools.soak my_line.yaml --minutes 60 --seed 7 --out soaked/7

exit code: 0 every invariant held; 1 one was broken; 2 the soak could not be run.
As root it also fills a small disk of its own. It needs nothing else, and touches no other line."""


def run(words: Sequence[str]) -> int:
    """The whole command; its exit code."""
    wanted = _parser().parse_args(words)
    out = (wanted.out or Path(tempfile.mkdtemp(prefix="linewatch-soak-"))).resolve()
    if out.exists() and any(out.iterdir()):
        print(f"--out: the folder is not empty, got {out}; name a new one", file=sys.stderr)
        return REFUSED
    try:
        soaked = soak_line(wanted.file, out, wanted.seed, wanted.minutes)
    except ConfigurationError as error:
        print(error, file=sys.stderr)
        return REFUSED
    show = not wanted.json and sys.stderr.isatty()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # so that its disk and its line go, too
    _soak(soaked, show=show)
    _audit(soaked)
    code = _check(out, quiet=wanted.json)
    report = _report(out, code)
    print(msgspec.json.encode(report).decode() if wanted.json else f"{as_text(report)}\n\n{out}")
    return HELD if code == 0 else BROKEN


def _soak(soaked: SoakLine, *, show: bool) -> None:
    planned = schedule(soaked.seed, soaked.minutes, KINDS, cast_of(soaked.line))
    with stage(soaked, show=show) as standing, tqdm(total=round(soaked.minutes * 60), disable=not show) as bar:
        Soak(soaked, planned, standing, _progress(bar)).run()


def _progress(bar: tqdm[int]) -> Tell:
    def tell(now_s: float, done: int) -> None:
        if int(now_s) > bar.n:
            bar.set_description(f"{done} faults", refresh=False)
            bar.update(int(now_s) - bar.n)

    return tell


def _audit(soaked: SoakLine) -> None:
    """What the line's own audit says of its log, for the checker."""
    words = ("audit", "verify", "--data-dir", str(soaked.line.data_dir), "--evidence", "--json")
    command = [sys.executable, "-m", "stream", *words]
    done = subprocess.run(command, cwd=Path(__file__).parents[1], stdout=subprocess.PIPE, text=True)
    try:
        said = json.loads(done.stdout)["said"]
    except (ValueError, KeyError):
        said = [f"it said no JSON, but {done.stdout[:200]!r}"]
    (soaked.out / AUDIT).write_text(json.dumps({"exit_code": done.returncode, "findings": said}))


def _check(out: Path, *, quiet: bool) -> int:
    """What the checker says of the folder; it is a program of its own."""
    command = [sys.executable, "-m", "tools.soak_check", str(out)]
    return subprocess.run(command, cwd=Path(__file__).parents[1], stdout=sys.stderr if quiet else None).returncode


def _report(out: Path, code: int) -> SoakReport:
    truth = read_document(out / TRUTH, Truth)
    report = report_of(
        read_journal(out / JOURNAL),
        seed=truth.seed,
        minutes=truth.minutes,
        notes=truth.notes,
        check=code,
        adopted=sum(len(ring.held) for ring in read_rings(out / RINGS)),
    )
    (out / REPORT).write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=1) + b"\n")
    return report


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tools.soak",
        description=__doc__,
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", type=Path, metavar="FILE.yaml", help="the line")
    parser.add_argument("--minutes", type=_minutes, default=10.0, metavar="N", help="how long (default: 10)")
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="decides on every fault (default: 1)")
    parser.add_argument("--out", type=Path, metavar="DIR", help="a new folder for all it leaves (default: in /tmp)")
    parser.add_argument("--json", action="store_true", help="print the report as one JSON object")
    return parser


def _minutes(text: str) -> float:
    try:
        minutes = float(text)
    except ValueError:
        minutes = 0.0
    if not 0.3 <= minutes <= 24 * 60:
        raise argparse.ArgumentTypeError(f"got {text}; a number of minutes from 0.3 to 1440 is wanted")
    return minutes


if __name__ == "__main__":
    raise SystemExit(run(sys.argv[1:]))
