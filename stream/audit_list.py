"""`python -m stream audit list`: what was done to the line, by whom, when; old and new value."""

from __future__ import annotations

import argparse
import csv
import json
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timezone
from typing import TextIO

from stream.acts import KINDS

AGO_S = {"m": 60, "h": 3600, "d": 86_400}
SHOWN_MOST = 80  # characters of a value in the table


@dataclass(frozen=True)
class LoggedAct:
    """One act."""

    number: int
    utc: str
    utc_ns: int
    who: str
    role: str
    kind: str
    subject: str
    old: str
    new: str


def add_list_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--since", type=_moment, help="2026-11-22, 2026-11-22T14:05, or 30m, 8h, 7d ago (UTC)")
    parser.add_argument("--until", type=_moment, help="the same")
    parser.add_argument("--kind", choices=sorted(KINDS), help="of this kind only")
    parser.add_argument("--who", help="of this person or program only")
    parser.add_argument("--subject", help="about this only, such as a setting's path or CAMERA/RUN/SEQ")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="one object a line")
    form.add_argument("--csv", action="store_true", help="for a spreadsheet")


def show_acts(db: sqlite3.Connection, arguments: argparse.Namespace, out: TextIO) -> None:
    acts = read_acts(db, arguments)
    if arguments.json:
        out.writelines(json.dumps(asdict(act), ensure_ascii=False) + "\n" for act in acts)
    elif arguments.csv:
        writer = csv.writer(out)
        writer.writerow(field.name for field in fields(LoggedAct))
        writer.writerows([_safe(value) for value in asdict(act).values()] for act in acts)
    else:
        write_table(acts, out)


def read_acts(db: sqlite3.Connection, arguments: argparse.Namespace) -> Iterator[LoggedAct]:
    """The acts that are asked for, oldest first."""
    asked = [
        (words, value)
        for words, value in (
            ("utc_ns >= ?", arguments.since),
            ("utc_ns < ?", arguments.until),
            ("kind = ?", arguments.kind),
            ("who = ?", arguments.who),
            ("subject = ?", arguments.subject),
        )
        if value is not None
    ]
    where = " AND ".join(words for words, _ in asked) or "1"
    rows = db.execute(
        f"SELECT number, utc_ns, who, role, kind, subject, old, new FROM acts WHERE {where} ORDER BY number",
        [value for _, value in asked],
    )
    for number, utc_ns, *rest in rows:
        utc = datetime.fromtimestamp(utc_ns / 1e9, timezone.utc).isoformat(timespec="milliseconds")
        yield LoggedAct(number, utc, utc_ns, *rest)


def write_table(acts: Iterator[LoggedAct], out: TextIO) -> None:
    """For people: an act a line."""
    count = 0
    for count, act in enumerate(acts, 1):  # noqa: B007
        change = f"  {_short(act.old)} -> {_short(act.new)}" if act.old or act.new else ""
        out.write(f"{act.utc}  {act.who:<16} {act.role:<9} {act.kind:<12} {_short(act.subject)}{change}\n")
    out.write(f"{count} acts\n")


def _short(text: str) -> str:
    """On one line, and harmless to a terminal."""
    line = "".join(letter if letter.isprintable() else " " for letter in text)
    return line if len(line) <= SHOWN_MOST else f"{line[: SHOWN_MOST - 1]}…"


def _safe(value: object) -> object:
    """A text that a spreadsheet would take for a formula gets a quote in front."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value


def _moment(text: str) -> int:
    """A point in time in nanoseconds since 1970: a date, a time, or how long ago."""
    try:
        if text[-1:] in AGO_S and text[:-1].isdigit():
            return max(0, time.time_ns() - int(text[:-1]) * AGO_S[text[-1]] * 1_000_000_000)
        when = datetime.fromisoformat(text)
        aware = when if when.tzinfo else when.replace(tzinfo=timezone.utc)
        return min(max(0, round(aware.timestamp() * 1e9)), 2**63 - 1)
    except (ValueError, OverflowError) as error:
        raise argparse.ArgumentTypeError(f"got {text}; give 2026-11-22, 2026-11-22T14:05, 30m, 8h or 7d") from error
