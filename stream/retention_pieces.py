"""What may be deleted, oldest first: never what is pinned, was reviewed, is young, or belongs to what still grows.

What is oldest say the numbers of a run, and between runs when their numbers came (retention_ages.py): no clock that
somebody can set. Reads the log and the folders of data_dir; deletes nothing. However many pieces people hold, there is
a pause between two.
"""

from __future__ import annotations

import heapq
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from stream.keeping import VIDEO_FOLDER, film_file
from stream.log_batch import Frame
from stream.log_error import LogError
from stream.retention_ages import Ages, Run
from stream.retention_passed import Passed
from stream.retention_plan import Piece
from stream.retention_sizes import YOUNG_FOLDER_NS, YOUNG_NS, Pause, Sizes, listed, measured

# Incidents never overlap: of those that begin before, only the last can hold the frame. A year's log is not walked.
OF_INCIDENT = """
SELECT first_seq, last_seq, pinned=1 OR review<>'', evidence, utc_ns FROM incidents
WHERE camera=?1 AND run=?2 AND first_seq =
  (SELECT max(first_seq) FROM incidents WHERE camera=?1 AND run=?2 AND first_seq <= ?3) AND last_seq >= ?3
"""
OF_SAMPLE = "SELECT seq, seq, pinned=1 OR review<>'', folder, utc_ns FROM samples WHERE camera=? AND run=? AND seq=?"
ROW = {"evidence": OF_INCIDENT, "clips": OF_INCIDENT, "samples": OF_SAMPLE}  # of the others nobody says anything
DATED = ("evidence", "samples")  # by their row; of the others by their file
YOUNG = {"evidence": YOUNG_FOLDER_NS, "samples": YOUNG_FOLDER_NS}  # of the others: YOUNG_NS
OPEN = "SELECT 1 FROM runs WHERE camera=? AND run=? AND ended=0"
Numbers = Mapping[Run, Sequence[int]]  # what lies there of each run, upwards


@dataclass(frozen=True)
class Row:
    """What the log says of a piece."""

    first_seq: int
    last_seq: int
    held: int  # it was reviewed, or is pinned
    place: str | None
    utc_ns: int


@dataclass(frozen=True)
class Store:
    """What pieces are listed from."""

    data_dir: Path
    db: sqlite3.Connection
    ages: Ages
    utc_ns: int
    pause: Pause = lambda: None  # between two pieces; may raise to end the turn
    passed: Passed = field(default_factory=Passed)

    @property
    def now_ns(self) -> int:
        return self.ages.now_ns

    def is_young(self, kind: str, came_ns: int, written_ns: int) -> bool:
        """Whether somebody may still write it. A wall clock that has just been put on makes no file old."""
        limit_ns = YOUNG.get(kind, YOUNG_NS)
        return self.now_ns - came_ns <= limit_ns or abs(self.utc_ns - written_ns) <= limit_ns


def numbers_of(store: Store, kind: str, sizes: Sizes) -> Numbers:
    """What lies there of a kind, as it was when it was measured last."""
    if kind == VIDEO_FOLDER:
        return _films(store.data_dir / VIDEO_FOLDER)
    folders = ((folder.parts[-2:], numbers) for folder, numbers in sizes.runs())
    return {(camera, int(run)): numbers.tolist() for (camera, run), numbers in folders if run.isdigit()}


def pieces(store: Store, kind: str, there: Numbers, camera: str | None = None) -> Iterator[Piece]:
    """What may go of a kind, oldest first, of one camera or of all."""
    runs = (_of_run(store, kind, run, there[run]) for run in there if camera in (None, run[0]))
    yield from heapq.merge(*runs, key=lambda piece: (piece.came_ns, piece.camera, piece.run))


def may_go(db: sqlite3.Connection, piece: Piece, named: Iterable[Frame] = ()) -> bool:
    """Whether it still may, by its row as it is now. `named`: frames in acts that may not be in the log yet.

    Raises LogError.
    """
    row = _row(db, piece) if piece.kind in ROW else None
    if row is None or not _said_free(piece, row):
        return _said_free(piece, row)
    mine = (seq for camera, run, seq in named if (camera, run) == (piece.camera, piece.run))
    return not any(row.first_seq <= seq <= row.last_seq for seq in mine)


def _said_free(piece: Piece, row: Row | None) -> bool:
    """Whether what the log says lets it go; an older log has a clip's incident otherwise, or not at all."""
    if row is None:
        return piece.kind not in DATED
    return not row.held and (piece.kind not in DATED or row.place == piece.paths[0])


def _of_run(store: Store, kind: str, run: Run, numbers: Sequence[int]) -> Iterator[Piece]:
    """In the order of their numbers; a run's newest segment is never listed, nor the film of a run that goes on."""
    if kind == VIDEO_FOLDER and store.db.execute(OPEN, run).fetchone():
        return
    names = _names(store, kind, run, numbers)
    latest_ns, all_held = 0, True
    for number in store.passed.ahead(kind, run, numbers[:-1] if kind == "segments" else numbers):
        store.pause()
        paths = names.get(number, ())
        size, written_ns = measured(store.data_dir, paths)
        if not written_ns:
            continue  # it has just gone
        piece = Piece(kind, *run, number, written_ns, paths, size)
        row = _row(store.db, piece) if kind in ROW else None
        if not _said_free(piece, row):
            all_held = all_held and row is not None and bool(row.held)
            if all_held:
                store.passed.note(kind, run, number)
            continue
        all_held = False
        if kind in DATED and row is not None:
            piece = replace(piece, utc_ns=row.utc_ns)
        latest_ns = max(latest_ns, store.ages.time_of(kind, run, number, piece.utc_ns))
        if store.is_young(kind, latest_ns, written_ns):
            return
        yield replace(piece, came_ns=latest_ns)


def _names(store: Store, kind: str, run: Run, numbers: Sequence[int]) -> dict[int, tuple[str, ...]]:
    """By their number the paths of what is one piece, relative to data_dir."""
    camera, began = run
    if kind == VIDEO_FOLDER:
        return {number: (film_file(camera, began, number),) for number in numbers}
    top = f"{kind}/{camera}/{began}"
    if kind in DATED:
        return {number: (f"{top}/{number:08d}",) for number in numbers}
    folder = store.data_dir / top
    found = listed(folder) if folder.is_dir() else {}
    return {number: tuple(f"{top}/{name}" for name in names) for number, names in found.items()}


def _row(db: sqlite3.Connection, piece: Piece) -> Row | None:
    """Raises LogError."""
    try:
        found = db.execute(ROW[piece.kind], (piece.camera, piece.run, piece.number)).fetchone()
    except sqlite3.Error as error:
        raise LogError(f"the log cannot be asked about {piece.paths[0]}: {error}") from error
    return None if found is None else Row(*found)


def _films(folder: Path) -> Numbers:
    """The parts of each run's film; one that has no number is the first."""
    parts: dict[Run, list[int]] = {}
    for path in folder.glob("*-*.mp4"):
        camera, _, numbers = path.name.removesuffix(".mp4").rpartition("-")
        run, _, part = numbers.partition(".")
        if run.isdigit():
            parts.setdefault((camera, int(run)), []).append(int(part) if part.isdigit() else 1)
    return {run: sorted(numbers) for run, numbers in parts.items()}
