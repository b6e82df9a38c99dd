"""`python -m tools.bench tune FILE.yaml`: which engine judges fastest here, measured once and kept for every start.

Of what this computer has, what passes the bundle's golden samples, and what costs no accuracy on labelled pictures, the
fastest through the whole cascade. When a choice is in force: stream/chosen.py.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path

import cv2

from detector.__main__ import share
from detector.bundle import SHIPPED, read_id
from detector.errors import OpenError
from stream.asking import line_runs
from stream.check import add_line_arguments
from stream.choices import Choice, ChoicesError, keep_choice
from stream.chosen import chosen, leaves_open
from stream.configuration import ConfigurationError, read_line
from stream.live_bundle import settled
from stream.places import places_for
from stream.private import keep_private
from stream.settings import InspectorSettings, LineSettings
from stream.this_host import this_host

from .bench_rounds import ROUNDS, compare
from .bench_tables import tables
from .bench_tune_trial import Passed, able_here, contender, refused_by_accuracy, times_of, tried
from .golden_set import GoldenSetError, Labelled, read_golden_set
from .tuning import Setup, Times, best, setups

EXAMPLE = """example:
  python -m tools.bench tune line.yaml --data pictures/ --most-lost 0.002

What the file says of engine, device, precision and threads stays as it is; what it leaves at auto is measured. The line
judges with the choice from its next start on. Nothing else should run meanwhile.

exit code: 0 measured and kept; 2 nothing could be"""
KEPT, NOTHING = 0, 2


class TuneError(Exception):
    """There is nothing to choose; the text says why."""


def main(words: Sequence[str]) -> int:
    """Measures, keeps, tells; returns the exit code."""
    arguments = _parser().parse_args(words)
    keep_private()
    cv2.setNumThreads(1)
    try:
        line = settled(read_line(arguments.file, arguments.overrides, arguments.source))
        samples = read_golden_set(arguments.data).pictures if arguments.data else ()
        if line_runs(places_for(line.data_dir)):
            print("the line runs: what it takes of the processors is missing in what is measured", file=sys.stderr)
        path = _tune(line, samples, arguments)
    except (ConfigurationError, OpenError, GoldenSetError, TuneError, ChoicesError) as error:
        print(error, file=sys.stderr)
        return NOTHING
    except OSError as error:
        print(f"{error.filename}: {error.strerror}; the choice is not kept", file=sys.stderr)
        return NOTHING
    print(f"kept in {path}; in force from the line's next start on:\n  {chosen(line).words}")
    return KEPT


def _tune(line: LineSettings, samples: Sequence[Labelled], arguments: argparse.Namespace) -> Path:
    wanted = line.inspector
    found = setups(wanted, able_here(), len(os.sched_getaffinity(0)))
    _refuse_nothing_to_choose(wanted, found)
    passed = _passing(wanted, found, samples, arguments.most_lost)
    rows = compare("", [contender(one, arguments.bad_share) for one in passed], arguments.rounds, str(passed[0].setup))
    print(tables(rows))
    measured = {one.setup: times_of(rows, one.setup) for one in passed}
    setup = best(measured, arguments.bad_share)
    print(f"chosen: {setup}, with BAD pictures counted by {arguments.bad_share:g} and GOOD ones by the rest")
    return keep_choice(line.data_dir, _choice(wanted, setup, measured[setup], arguments.bad_share))


def _refuse_nothing_to_choose(wanted: InspectorSettings, found: Sequence[Setup]) -> None:
    if wanted.classifier is not None:
        raise TuneError(
            "inspector.classifier: .pth checkpoints run in torch alone; make a bundle of them with "
            "`python -m tools.export`, which other engines read, and are faster"
        )
    if not leaves_open(wanted):
        raise TuneError("inspector: engine, precision and threads are all said in the file; leave one of them at auto")
    if not found:
        raise TuneError(
            f"inspector: nothing here runs engine {wanted.engine} on device {wanted.device} in {wanted.precision}; set "
            "one of them to auto, or run `make setup-openvino`"
        )


def _passing(
    wanted: InspectorSettings, found: Sequence[Setup], samples: Sequence[Labelled], most_lost: float
) -> list[Passed]:
    """Those that open, pass the golden samples, and get no more wrong of the labelled pictures than they may."""
    passed: list[Passed] = []
    for setup in found:
        one = tried(wanted, setup, samples, passed)
        if isinstance(one, str):
            print(f"{setup}: not usable: {one}")
        elif refusal := refused_by_accuracy(one, passed, most_lost):
            print(f"{setup}: {refusal}")
        else:
            passed.append(one)
    if not passed:
        raise TuneError("nothing passes the bundle's golden samples here; the reasons stand above")
    return passed


def _choice(wanted: InspectorSettings, setup: Setup, times: Times, bad_share: float) -> Choice:
    return Choice(
        bundle=read_id(wanted.bundle or SHIPPED),
        host=this_host(),
        engine=setup.engine,  # type: ignore[arg-type]  # of those that able_here names
        device=setup.device,  # type: ignore[arg-type]
        precision=setup.precision,  # type: ignore[arg-type]
        threads=setup.threads,
        good_ms=round(times.good_ms, 4),
        bad_ms=round(times.bad_ms, 4),
        bad_share=bad_share,
        utc=datetime.now(timezone.utc).isoformat(timespec="seconds"),
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tools.bench tune",
        description="Which engine, precision and number of threads judge fastest here, kept for every start.",
    )
    add_line_arguments(parser)
    parser.epilog = EXAMPLE
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    add = parser.add_argument
    add("--data", type=Path, metavar="DIR", help="labelled pictures, in good/ and bad/: what each gets right of them")
    add("--most-lost", type=share, default=0.005, metavar="S", help="accuracy it may cost (default: %(default)s)")
    add("--bad-share", type=share, default=0.1, metavar="S", help="how much BAD pictures count (default: %(default)s)")
    add("--rounds", type=int, default=ROUNDS, help="runs of each (default: %(default)s)")
    return parser
