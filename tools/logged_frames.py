"""What a line's log says of frames whose truth is known.

The log keeps the score of each BAD frame; a GOOD frame stands in its ledger without one. So what needs every score
(areas under curves, calibration) cannot be told from a log, nor any threshold lower than the one in force.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from detector.verdict import Box, State
from stream.defect_log import read_book, reading
from stream.log_frames import LoggedFrame, read_frames
from stream.run_book import RunBook
from stream.settings import RecorderSettings

from .outcomes import Outcome

INCIDENT_GAP_FRAMES = RecorderSettings.incident_gap_frames  # where the log does not tell
STATES = {"GOOD": State.GOOD, "BAD": State.BAD, "UNKNOWN": State.UNKNOWN}


@dataclass(frozen=True)
class KnownFrame:
    """What is true of one frame."""

    camera: str
    run: int
    seq: int
    truth: State  # GOOD or BAD
    group: str
    kind: str = ""


@dataclass(frozen=True)
class Session:
    """One start of the line, as the log has it."""

    line: str
    engine: str
    bundle: str
    settings: dict[str, Any]  # as the line's YAML was resolved; empty where it is not kept

    def inspector(self, name: str) -> Any:
        """A setting of its inspector; None where it is not set."""
        return (self.settings.get("inspector") or {}).get(name)

    def region(self, camera: str) -> Box | None:
        """What was judged of that camera's pictures; None: the whole, or not on record."""
        boxes = (one.get("region") for one in self.settings.get("cameras") or () if one.get("name") == camera)
        box = next(boxes, None)
        return Box(**box) if isinstance(box, dict) else None

    @property
    def incident_gap_frames(self) -> int:
        """BAD frames at most so far apart were one incident."""
        return int((self.settings.get("recorder") or {}).get("incident_gap_frames", INCIDENT_GAP_FRAMES))


@dataclass(frozen=True)
class Logged:
    """A log, as far as an evaluation reads it."""

    sessions: dict[str, Session]
    books: dict[tuple[str, int], RunBook]
    frames: dict[tuple[str, int, int], LoggedFrame]  # BAD and UNKNOWN ones

    def region(self, name: str) -> Box | None:
        """What was judged of the frame camera/run/seq; None: the whole, or not on record."""
        camera, run, _ = name.rsplit("/", 2)
        session = self.sessions.get(self.books[camera, int(run)].session)
        return None if session is None else session.region(camera)

    def outcome(self, known: KnownFrame) -> Outcome:
        """What was judged of a frame of which the truth is known."""
        said = self.books[known.camera, known.run].ledger.outcome(known.seq) or "not on record"
        row = self.frames.get((known.camera, known.run, known.seq))
        state = STATES.get(said)
        return Outcome(
            name=f"{known.camera}/{known.run}/{known.seq}",
            group=known.group,
            truth=known.truth,
            state=state,
            score=row.score if row is not None and state is State.BAD else None,
            kind=known.kind,
            reason="" if state in (State.GOOD, State.BAD) else ((row and row.reason) or said.replace(":", " ")),
        )


def read_log(data_dir: Path) -> Logged:
    """All runs of the log in data_dir. Raises LogError where there is none, or one that is damaged."""
    with reading(data_dir) as db:
        runs = db.execute("SELECT camera, run, session FROM runs ORDER BY run, camera").fetchall()
        sessions = dict(_sessions(db.execute("SELECT session, line, engine, bundle, settings FROM sessions")))
        books = {(camera, run): read_book(db, camera, run, _gap(sessions.get(name))) for camera, run, name in runs}
        frames = {(f.camera, f.run, f.seq): f for f in read_frames(db, since=None, camera=None, state=None)}
    return Logged(sessions, {name: book for name, book in books.items() if book is not None}, frames)


def _sessions(rows: Iterable[tuple[str, str, str, str, str]]) -> Iterator[tuple[str, Session]]:
    for name, line, engine, bundle, settings in rows:
        try:
            found = json.loads(settings)
        except ValueError:  # a log from before settings were kept
            found = {}
        yield name, Session(line, engine, bundle, found if isinstance(found, dict) else {})


def _gap(session: Session | None) -> int:
    return INCIDENT_GAP_FRAMES if session is None else session.incident_gap_frames
