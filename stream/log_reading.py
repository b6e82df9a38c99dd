"""The defect log, read: by connections of their own, also while the recorder writes. Knows rows; changes none."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from stream.incidents import BadFrame, Incident, IncidentBook
from stream.ledger import Interval, Ledger
from stream.log_error import LogError, unreadable
from stream.log_incidents import written_of
from stream.log_schema import FILE, KEEPS_INCIDENTS, version_of
from stream.messages import PartBegin
from stream.metrics import Latencies
from stream.parts import NEWEST, Part, PartBook
from stream.run_book import RunBook


def open_for_reading(data_dir: Path) -> sqlite3.Connection:
    """The log of a line, read-only, also while it runs. Raises LogError where there is none."""
    path = data_dir / FILE
    if not path.is_file():
        raise LogError(f"{path}: no log here; give the folder that the line keeps as data_dir")
    try:
        db = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=5.0)
    except sqlite3.Error as error:
        raise LogError(f"{path}: the log cannot be opened: {error}") from error
    try:
        db.execute("SELECT 1 FROM runs LIMIT 1")
    except sqlite3.Error as error:
        db.close()
        raise LogError(f"{path}: not a log that can be read: {error}") from error
    return db


@contextlib.contextmanager
def reading(data_dir: Path) -> Iterator[sqlite3.Connection]:
    """The log, open; what SQLite says of damage that is met on the way becomes a LogError."""
    with contextlib.closing(open_for_reading(data_dir)) as db:
        try:
            yield db
        except sqlite3.Error as error:
            raise unreadable(data_dir / FILE, error) from error


def read_book(db: sqlite3.Connection, camera: str, run: int, gap: int) -> RunBook | None:
    """A run as the log has it; None where it is not in the log."""
    row = db.execute(
        "SELECT session, source, live, captured, lost, expired, ended, note, digest, latencies FROM runs"
        " WHERE camera=? AND run=?",
        (camera, run),
    ).fetchone()
    if row is None:
        return None
    session, source, live, captured, lost, expired, ended, note, digest, latencies = row
    intervals = db.execute("SELECT start, stop, outcome FROM ledger WHERE camera=? AND run=?", (camera, run))
    frames = db.execute(
        f"SELECT seq, score, captured_utc_ns, {part_column(db)} FROM verdicts"
        " WHERE camera=? AND run=? AND state='BAD' AND score IS NOT NULL",
        (camera, run),
    )
    return RunBook(
        camera=camera,
        run=run,
        incidents=IncidentBook(gap, (BadFrame(*frame) for frame in frames), _incidents_of(db, camera, run)),
        session=session,
        source=source,
        live=bool(live),
        captured=captured,
        lost=lost,
        expired=expired,
        ended=bool(ended),
        note=note,
        digest=int(digest, 16),
        ledger=Ledger(Interval(*interval) for interval in intervals),
        latencies=Latencies(msgspec.json.decode(latencies, type=dict[int, int])),
        parts=PartBook(_parts_of(db, camera, run), captured),
    )


def sound_book(db: sqlite3.Connection, camera: str, run: int, gap: int) -> RunBook | None:
    """As `read_book`; a row in which something else stands than in any that a recorder wrote becomes a LogError."""
    try:
        return read_book(db, camera, run, gap)
    except (sqlite3.Error, ValueError, msgspec.MsgspecError) as error:
        raise LogError(f"run {run} of camera {camera} cannot be read: {error}") from error


def _incidents_of(db: sqlite3.Connection, camera: str, run: int) -> Iterator[Incident] | None:
    """What is written of a run's incidents, which may be by another gap; None in a log that keeps none."""
    return written_of(db, camera, run) if keeps_incidents(db) else None


def _parts_of(db: sqlite3.Connection, camera: str, run: int) -> Iterator[Part]:
    """The parts of a run from the first one that is not decided on, and the newest of those that are."""
    if not keeps_parts(db):
        return
    rows = db.execute(
        "SELECT number, first_seq, part, told_by, told_utc_ns, state, coalesce(last_seq + 1, first_seq) FROM parts"
        " WHERE camera=?1 AND run=?2 AND number >= min("
        "  (SELECT coalesce(min(number), 1 << 62) FROM parts WHERE camera=?1 AND run=?2 AND state IS NULL),"
        "  (SELECT max(number) FROM parts WHERE camera=?1 AND run=?2) - ?3) ORDER BY number",
        (camera, run, NEWEST - 1),
    )
    for *begun, state, stop in rows:
        yield Part(PartBegin(*begun), state, stop)


def keeps_parts(db: sqlite3.Connection) -> bool:
    """Whether the log knows of parts: one that an older version wrote and that nobody has opened since does not."""
    return version_of(db) >= 2


def keeps_incidents(db: sqlite3.Connection) -> bool:
    """Whether the log keeps incidents, acts, reviews, samples and minutes: older ones do not."""
    return version_of(db) >= KEEPS_INCIDENTS


def part_column(db: sqlite3.Connection) -> str:
    """What to select for the part of a frame."""
    return "part" if keeps_parts(db) else "''"


def recipe_column(db: sqlite3.Connection) -> str:
    """What to select for the recipe by which a row of verdicts was judged; empty where there was none."""
    if db.execute("SELECT 1 FROM sqlite_master WHERE name='recipes'").fetchone() is None:
        return "''"  # written before there were recipes, and by nobody since
    return "coalesce((SELECT recipe FROM recipes WHERE recipes.settings = verdicts.settings), '')"


def book_of(data_dir: Path, camera: str, run: int, gap: int) -> RunBook | None:
    """A run in the log of that folder; None where it is not in it. Raises LogError."""
    with reading(data_dir) as db:
        return read_book(db, camera, run, gap)


def judged_by(data_dir: Path, camera: str, run: int) -> str:
    """The engine, device, precision and threads of the session that a run belongs to; empty where none is on record.

    Raises LogError.
    """
    asked = "SELECT engine FROM sessions JOIN runs USING (session) WHERE camera=? AND run=?"
    with reading(data_dir) as db:
        row = db.execute(asked, (camera, run)).fetchone()
    return row[0] if row else ""


def session_books(db: sqlite3.Connection, session: str, gap: int) -> Iterable[RunBook]:
    """Every run of a session, by camera, oldest first."""
    rows = db.execute("SELECT camera, run FROM runs WHERE session=? ORDER BY camera, run", (session,)).fetchall()
    for camera, run in rows:
        book = read_book(db, camera, run, gap)
        if book is not None:
            yield book
