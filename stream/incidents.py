"""BAD frames become incidents: what a person sees as one defect. Pure.

Until parts are known, BAD frames in the order of seq that are at most `gap` frames apart are one incident. The result
depends on the set of BAD frames alone, never on the order in which they arrived.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True, order=True)
class BadFrame:
    """A frame that was judged BAD, and how surely."""

    seq: int
    score: float
    captured_utc_ns: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Incident:
    """Consecutive BAD frames: first_seq <= seq <= last_seq. The worst is the surest; the earlier of two equal ones."""

    first_seq: int
    last_seq: int
    worst: BadFrame
    frames: int


def incidents_of(frames: Iterable[BadFrame], gap: int) -> tuple[Incident, ...]:
    """The incidents in a set of BAD frames."""
    found: list[Incident] = []
    for frame in sorted(frames):
        alone = Incident(frame.seq, frame.seq, frame, 1)
        if found and frame.seq - found[-1].last_seq <= gap:
            found[-1] = _joined(found[-1], alone)
        else:
            found.append(alone)
    return tuple(found)


@dataclass(frozen=True)
class Placed:
    """Where a BAD frame came to lie."""

    incident: Incident
    superseded: tuple[int, ...]  # seqs that were the worst of an incident, and are no longer


class IncidentBook:
    """The incidents of one run, kept up to date frame by frame."""

    def __init__(self, gap: int, frames: Iterable[BadFrame] = ()) -> None:
        self._gap = gap
        self._incidents = list(incidents_of(frames, gap))

    @property
    def incidents(self) -> tuple[Incident, ...]:
        """In the order of seq."""
        return tuple(self._incidents)

    def __len__(self) -> int:
        return len(self._incidents)

    def newest(self, count: int) -> tuple[Incident, ...]:
        """The last `count` in the order of seq."""
        return tuple(self._incidents[-count:])

    def add(self, frame: BadFrame) -> Placed:
        """Places a frame that is not in the book yet: alone, into an incident, or as the bridge between two."""
        start, stop = self._touched(frame.seq)
        joined = Incident(frame.seq, frame.seq, frame, 1)
        touched = self._incidents[start:stop]
        for incident in touched:
            joined = _joined(joined, incident)
        self._incidents[start:stop] = [joined]
        return Placed(joined, tuple(i.worst.seq for i in touched if i.worst.seq != joined.worst.seq))

    def worst_if_added(self, frame: BadFrame) -> bool:
        """Whether `add` would make this frame the worst of its incident."""
        start, stop = self._touched(frame.seq)
        return all(_joined_worst(frame, i.worst) is frame for i in self._incidents[start:stop])

    def _touched(self, seq: int) -> tuple[int, int]:
        """The incidents (as a half-open range of places) that a BAD frame at `seq` would join."""
        at = bisect.bisect_right(self._incidents, seq, key=lambda i: i.first_seq)
        start = at - 1 if at > 0 and seq - self._incidents[at - 1].last_seq <= self._gap else at
        stop = at + 1 if at < len(self._incidents) and self._incidents[at].first_seq - seq <= self._gap else at
        return start, stop


def _joined_worst(a: BadFrame, b: BadFrame) -> BadFrame:
    return min(a, b, key=lambda frame: (-frame.score, frame.seq))


def _joined(a: Incident, b: Incident) -> Incident:
    first, last = min(a.first_seq, b.first_seq), max(a.last_seq, b.last_seq)
    return Incident(first, last, _joined_worst(a.worst, b.worst), a.frames + b.frames)
