"""How long each role of a quiet line takes to be back after a kill, and to be found after a stop: theirs, unchanged.

The soak times recoveries among other faults and with a bundle of its own; here the line judges with its own bundle, and
one role is hit at a time, when everybody is well.

    python -m tools.soak_recover configs/line.yaml --times 10
"""

from __future__ import annotations

import argparse
import json
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from stream.configuration import read_line
from stream.problem import ConfigurationError
from stream.standby import NAME as SPARE

from .soak_house import House
from .soak_journal import Journal
from .soak_line import SoakLine, cast_of
from .soak_recovery import Recoveries
from .soak_report import SoakReport, as_text, report_of
from .soak_schedule import Planned
from .soak_truth import JOURNAL, read_journal

WELL_S = 30.0  # for everybody to be well again before the next is hit
REST_S = 2.0  # and then a moment of quiet
HITS = {"kill": signal.SIGKILL, "stop": signal.SIGSTOP}


class NotWellError(Exception):
    """The line does not come up, or not again; the text says where to look."""


def run(words: Sequence[str]) -> int:
    wanted = _parser().parse_args(words)
    out = Path(tempfile.mkdtemp(prefix="linewatch-recover-"))
    changes = (f"data_dir={json.dumps(str(out / 'data'))}", "display.port=0", *wanted.overrides)
    try:
        line = read_line(wanted.file, changes)
    except ConfigurationError as error:
        print(error, file=sys.stderr)
        return 2
    try:
        report = _measured(SoakLine(wanted.file, changes, line, (), 0, 0.0, out, ()), wanted.times)
    except NotWellError as error:
        print(error, file=sys.stderr)
        return 1
    print(msgspec.json.encode(report).decode() if wanted.json else as_text(report))
    return 0 if not any(row.lost for row in report.recoveries) else 1


def _measured(line: SoakLine, times: int) -> SoakReport:
    """Hits each role so many times in each way."""
    (line.out / "clock").write_bytes(bytes(8))
    journal = Journal(line.out / JOURNAL)
    house = House(line, journal, line.out / "clock")
    recoveries = Recoveries(house, journal)
    roles = [*cast_of(line.line).roles, "supervisor"]
    plan = [
        (name, role) for name in HITS for role in roles for _ in range(times) if (name, role) != ("stop", roles[-1])
    ]
    try:
        house.start()
        for number, (name, role) in enumerate(plan):
            _until_well(house)
            planned = Planned(number, 0.0, name, role, 0.0, 0)
            pid = house.signal(role, HITS[name])
            journal.fault(planned, pid, (), done=pid != 0, text="")
            recoveries.watch(planned, role, pid)
            while recoveries.waiting:
                house.tend()
                recoveries.step()
                time.sleep(0.002)
        house.stop()
    finally:
        house.kill()
        journal.close()
        shutil.rmtree(house.places.folder)
    return report_of(read_journal(line.out / JOURNAL), seed=0, minutes=0.0, notes=(), check=None)


def _until_well(house: House) -> None:
    """Every role, and the spare, beats; then a moment of quiet."""
    until_s = time.monotonic() + WELL_S
    while not (well := house.well(SPARE)) and time.monotonic() < until_s:
        house.tend()
        time.sleep(0.05)
    if not well:
        raise NotWellError(f"not everybody came up within {WELL_S:.0f} s; see {house.soaked.out / 'line.log'}")
    time.sleep(REST_S)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tools.soak_recover", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file", type=Path, metavar="FILE.yaml", help="the line")
    parser.add_argument("--times", type=int, default=10, metavar="N", help="how often each role is hit (default: 10)")
    parser.add_argument("--set", dest="overrides", action="append", default=[], metavar="SETTING=VALUE")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser


if __name__ == "__main__":
    raise SystemExit(run(sys.argv[1:]))
