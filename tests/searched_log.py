"""A log to search in: as many incidents, frames, events and acts as a test wants, written with SQL alone."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

from stream.keeping import LOG_FILE, evidence_folder
from stream.log_schema import bring_up

RUN = 1_700_000_000_000_000  # microseconds
SECOND_NS = 1_000_000_000
CAMERAS = ("belt", "lid", "press")
REVIEWS = ("", "", "", "defect", "false_alarm", "unsure")
DEFECTS = '[{"kind":"scratch","score":0.9,"box":[1,2,30,40],"area_px":60,"length_px":84.9,"width_px":1.4,"region":""}]'


def incident(number: int, per: int = 4) -> tuple[object, ...]:
    """The columns of an incident, each told from its neighbours."""
    camera, first = CAMERAS[number % len(CAMERAS)], number // len(CAMERAS) * 50
    utc_ns = RUN * 1000 + number * SECOND_NS
    size = (float(number % 97), 1.5, number % 89)
    evidence = evidence_folder(camera, RUN, first) if number % 5 else None
    review = REVIEWS[number % 7 % len(REVIEWS)]
    said = (review, "ann" if review else "", "seen" if review else "", int(number % 50 == 0), 0)
    worst = 0.5 + number % 499 / 1000
    by = (f"A-{number}" if number % 2 else "", f"codes-{number // 2000}", "a1b2c3d4e5f6", "lid" if number % 3 else "")
    return (camera, RUN, first, first + per - 1, per, first, worst, utc_ns, *by, 1, *size, evidence, *said)


def frames_of(row: tuple[object, ...]) -> Iterator[tuple[object, ...]]:
    """The BAD frames of an incident, as rows of verdicts."""
    camera, run, first, last = row[:4]
    assert isinstance(first, int) and isinstance(last, int) and isinstance(row[7], int)
    for seq in range(first, last + 1):
        utc_ns = row[7] + (seq - first) * SECOND_NS // 1000
        judged = (utc_ns, utc_ns, utc_ns + 5_000_000, None, "h", "b", "inspect 1", 1)
        evidence = row[16] if seq == first else None
        what = ("BAD", row[6], None, DEFECTS, "", row[9], row[10])
        yield (camera, run, seq, *what, *judged, evidence, row[8], None, 0)


def write_log(data_dir: Path, incidents: int, per: int = 4) -> Path:
    """The log, and where it lies."""
    data_dir.mkdir(parents=True, exist_ok=True)
    path = data_dir / LOG_FILE
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=OFF")
        db.execute("BEGIN")
        bring_up(db, 0)
        rows = [incident(number, per) for number in range(incidents)]
        _insert(db, "incidents", rows)
        _insert(db, "verdicts", (frame for row in rows for frame in frames_of(row)))
        for camera in CAMERAS:
            _insert(db, "runs", [(camera, RUN, "s", "synthetic:", 1, 100, 0, 0, 0, "", f"{7:064x}", b"{}")])
            _insert(db, "ledger", [(camera, RUN, 0, 90, "GOOD"), (camera, RUN, 90, 100, "dropped:newest")])
        _insert(db, "events", [(n + 1, RUN * 1000 + n, "belt", RUN, ("gap", "restart")[n % 2], "?") for n in range(20)])
        acts = [(n + 1, f"id{n}", RUN * 1000 + n, "ann", "operator", "pin", "belt/1/2", "0", "1", 0) for n in range(20)]
        _insert(db, "acts", acts)
        _insert(db, "reviews", [(1, "belt", RUN, 0, RUN * 1000, "ann", "unsure", "<b>who knows</b>", "[[1,2,3,4]]")])
        part = ("press", RUN, 0, "A-1", 0, "ann", RUN * 1000, 9, 10, "BAD", RUN * 1000 + 1)
        _insert(db, "parts", [part])
        sample = ("belt", RUN, 7, RUN * 1000, 0.2, "near", f"samples/belt/{RUN}/00000007", "b", "s", "", "", 0)
        _insert(db, "samples", [sample])
        db.execute("COMMIT")
    return path


def _insert(db: sqlite3.Connection, table: str, rows: Iterable[tuple[object, ...]]) -> None:
    """The first columns of a table, as many as a row has; what came to it later has its default."""
    rows = iter(rows)
    first = next(rows)
    names = [row[1] for row in db.execute(f"PRAGMA table_info({table})")][: len(first)]
    sql = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
    db.executemany(sql, chain([first], rows))
