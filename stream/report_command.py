"""`python -m stream report FILE.yaml --out report.html`: a day or a shift on one page; no line need run."""

from __future__ import annotations

import argparse
import sys
import time
from datetime import date, datetime, timedelta
from pathlib import Path

from stream.check import add_line_arguments
from stream.configuration import read_line
from stream.log_error import LogError
from stream.log_reading import reading
from stream.log_schema import KEEPS_INCIDENTS, version_of
from stream.report_file import document, embedded
from stream.report_page import ReportPage
from stream.report_reading import facts_of, newest_day
from stream.report_span import SpanWordError, shift_named
from stream.settings import LineSettings

EXAMPLE = """examples:
  python -m stream report configs/line.yaml --out report.html                        yesterday
  python -m stream report configs/line.yaml --day 2026-11-22 --out report.html
  python -m stream report configs/line.yaml --shift "2026-11-22 06:00" --out -       to standard output

exit code: 0 made, 1 the log cannot be read or the file not be written, 2 what was given does not fit"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Makes the report of a day or a shift from the log: one HTML file with its pictures in it, to read, send or "
        "print. docs/report.md says what stands in it."
    )
    parser.epilog = EXAMPLE
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    add_line_arguments(parser)
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--day", metavar="DATE", help="a calendar day in local time (default: yesterday)")
    which.add_argument("--shift", metavar="WHEN", help='the shift that begins then, e.g. "2026-11-22 06:00"')
    parser.add_argument("--out", required=True, type=Path, metavar="FILE", help="the file to write; -: standard output")


def run(arguments: argparse.Namespace) -> int:
    line = read_line(arguments.file, arguments.overrides, arguments.source)
    yesterday = (datetime.now() - timedelta(days=1)).date()  # local, as people count days
    try:
        made, said = _report(line, arguments.day, arguments.shift, yesterday)
        if arguments.out == Path("-"):
            sys.stdout.write(made)
        else:
            arguments.out.write_text(made, encoding="utf-8")
    except SpanWordError as error:
        print(error, file=sys.stderr)
        return 2
    except (LogError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    if said:
        print(said, file=sys.stderr)
    if arguments.out != Path("-"):
        print(arguments.out)
    return 0


def _report(line: LineSettings, day: str | None, shift: str | None, usual: date) -> tuple[str, str]:
    """The document, and a word about it: a report of nothing would look like a line that stood still."""
    which = shift_named(day or "", shift or "", line.figures.shifts, usual)
    with reading(line.data_dir) as db:
        if version_of(db) < KEEPS_INCIDENTS:
            raise LogError(f"{line.data_dir}: the log is of an older version; start the line once, which brings it up")
        facts = facts_of(db, which)
        said = "" if any(camera.minutes for camera in facts.cameras) else _empty(which.name, newest_day(db))
    article = ReportPage(facts, embedded(line.data_dir), time.time_ns()).article()
    return document(article, f"{facts.line or line.name}: {which.name}"), said


def _empty(name: str, newest: date | None) -> str:
    if newest is None:
        return f"{name}: no frames in this time; the log has none yet"
    return f"{name}: no frames in this time; the newest are of {newest}: --day {newest}"
