"""Whether an incident is pinned, or shows a challenge: by the acts, in the order in which frames and acts came.

An act marks the incident in whose extent its frame lies at that moment; incidents that become one are marked where one
of them was. When each came is told by the entry of the chain that vouches for it. The outcome of a challenge marks
where it is "caught"; older releases marked by any outcome, and what they left is as it should be, too.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace

from stream.acts import frame_of
from stream.audit_forms import formed
from stream.challenge import says_caught
from stream.incidents import BadFrame, Incident, IncidentBook

ACTS = (
    "SELECT entry, kind, subject, new FROM acts WHERE kind IN ('pin', 'challenge', 'known_bad') ORDER BY entry, number"
)
FRAMES = f"""
SELECT entry, seq, score FROM verdicts WHERE camera=? AND run=? AND seq BETWEEN ? AND ?
  AND state='BAD' AND score IS NOT NULL AND {formed("verdicts", "seq", "score", "entry")} ORDER BY entry, seq
"""


@dataclass(frozen=True)
class Marks:
    """Whether an incident is kept, and whether it shows a part that was known to be bad."""

    pinned: int = 0
    challenge: int = 0

    def __or__(self, other: Marks) -> Marks:
        return Marks(max(self.pinned, other.pinned), max(self.challenge, other.challenge))


@dataclass(frozen=True)
class Marking:
    """An act that marks: when, which frame, and what."""

    entry: int
    seq: int
    kind: str  # pin | challenge | known_bad
    on: int

    def on_top_of(self, marks: Marks) -> Marks:
        """The marks once it is done."""
        if self.kind == "pin":
            return Marks(self.on, marks.challenge)
        return Marks(marks.pinned, max(marks.challenge, self.on) if self.kind == "challenge" else self.on)

    def as_in_older_releases(self) -> Marking:
        """The same act as they took it: whatever came of a challenge, it marked."""
        return replace(self, on=1) if self.kind == "challenge" else self


class Markings:
    """The acts that mark incidents, by camera and run: what people did and one challenge a shift, so they are few."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._by_run: dict[tuple[str, int], list[Marking]] = defaultdict(list)
        for entry, kind, subject, new in db.execute(ACTS):
            frame = frame_of(subject) if isinstance(subject, str) else None
            if frame is not None and isinstance(entry, int):
                on = says_caught(new) if kind == "challenge" else new == "1"
                self._by_run[frame.camera, frame.run].append(Marking(entry, frame.seq, kind, int(on)))

    def any(self, camera: str, run: int) -> Marks:
        """What is marked by any act in that run."""
        found = self._by_run.get((camera, run), ())
        return Marks(max((m.on for m in found if m.kind == "pin"), default=0), int(_of(found, "challenge")))

    def of(self, camera: str, run: int, due: Incident, gap: int, there: Marks) -> Marks:
        """What that incident is marked as; what is there, where an older release has left just that."""
        acts = [m for m in self._by_run.get((camera, run), ()) if due.first_seq <= m.seq <= due.last_seq]
        if not acts:
            return Marks()
        frames = (camera, run, due.first_seq, due.last_seq)
        now = marked(self._db.execute(FRAMES, frames), acts, gap)
        if now == there:
            return now
        older = marked(self._db.execute(FRAMES, frames), [m.as_in_older_releases() for m in acts], gap)
        return older if older == there else now


def marked(frames: Iterable[tuple[int, int, float]], acts: Iterable[Marking], gap: int) -> Marks:
    """By the BAD frames (entry, seq, score) of one incident and the acts on frames in it, both in order of entry."""
    book, marks = IncidentBook(gap), dict[int, Marks]()
    coming = iter(frames)
    frame = next(coming, None)
    for act in acts:
        while frame is not None and frame[0] <= act.entry:
            _place(book, marks, BadFrame(frame[1], frame[2]))
            frame = next(coming, None)
        held = next((i for i in book.incidents if i.first_seq <= act.seq <= i.last_seq), None)
        if held is not None:
            marks[held.first_seq] = act.on_top_of(marks.get(held.first_seq, Marks()))
    total = Marks()
    for each in marks.values():  # all of them lie in the one incident
        total |= each
    return total


def _place(book: IncidentBook, marks: dict[int, Marks], frame: BadFrame) -> None:
    joined = book.add(frame).incident
    carried = Marks()
    for first, _ in book.take_changes():
        carried |= marks.pop(first, Marks())
    marks[joined.first_seq] = carried


def _of(found: Iterable[Marking], kind: str) -> bool:
    return any(m.kind == kind for m in found)
