"""BAD frames become incidents: what a person sees as one defect. Pure.

Until parts are known, BAD frames in the order of seq that are at most `gap` frames apart are one incident. The result
depends on the set of BAD frames alone, never on the order in which they arrived.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True, order=True, slots=True)
class BadFrame:
    """A frame that was judged BAD, and how surely."""

    seq: int
    score: float
    captured_utc_ns: int = field(default=0, compare=False)
    part: str = field(default="", compare=False)  # that it is a picture of


@dataclass(frozen=True, slots=True)
class Incident:
    """Consecutive BAD frames: first_seq <= seq <= last_seq. The worst is the surest; the earlier of two equal ones."""

    first_seq: int
    last_seq: int
    worst: BadFrame
    frames: int


def incidents_of(frames: Iterable[BadFrame], gap: int) -> tuple[Incident, ...]:
    """The incidents in a set of BAD frames."""
    return tuple(incidents_in(sorted(frames), gap))


def incidents_in(frames: Iterable[BadFrame], gap: int) -> Iterator[Incident]:
    """The incidents of BAD frames that come in the order of seq, each as soon as it is whole."""
    last: Incident | None = None
    for frame in frames:
        alone = Incident(frame.seq, frame.seq, frame, 1)
        if last is not None and frame.seq - last.last_seq <= gap:
            last = _joined(last, alone)
            continue
        if last is not None:
            yield last
        last = alone
    if last is not None:
        yield last


@dataclass(frozen=True)
class Placed:
    """Where a BAD frame came to lie."""

    incident: Incident
    superseded: tuple[int, ...]  # seqs that were the worst of an incident, and are no longer


class IncidentBook:
    """The incidents of one run, kept up to date frame by frame."""

    def __init__(self, gap: int, frames: Iterable[BadFrame] = (), written: Iterable[Incident] | None = None) -> None:
        """`written`: what is on disk of these incidents, in their order, where that may differ (another gap then)."""
        self._gap = gap
        self._incidents = list(incidents_of(frames, gap))
        self._settled = 0  # incidents that are counted only
        # The first_seq of incidents that came, changed or went.
        self._changed: set[int] = set() if written is None else _unlike(self._incidents, written)

    @property
    def incidents(self) -> tuple[Incident, ...]:
        """In the order of seq, without those that are settled."""
        return tuple(self._incidents)

    def __len__(self) -> int:
        return self._settled + len(self._incidents)

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
        self._changed |= {joined.first_seq, *(i.first_seq for i in touched)}
        return Placed(joined, tuple(i.worst.seq for i in touched if i.worst.seq != joined.worst.seq))

    def take_changes(self) -> tuple[tuple[int, Incident | None], ...]:
        """What to write to disk since the last call: by first_seq, the incident that now begins there, or None."""
        changes = tuple((first, self._beginning_at(first)) for first in sorted(self._changed))
        self._changed.clear()
        return changes

    def worst_if_added(self, frame: BadFrame) -> bool:
        """Whether `add` would make this frame the worst of its incident."""
        start, stop = self._touched(frame.seq)
        return all(_joined_worst(frame, i.worst) is frame for i in self._incidents[start:stop])

    def settle(self, before: int, kept: int) -> None:
        """No frame below `before` will be added: incidents that none can join are counted only, but the last `kept`.

        What has changed since `take_changes`, and what comes after it, stays.
        """
        final = bisect.bisect_left(self._incidents, before, key=lambda i: i.last_seq + self._gap)
        if self._changed:
            final = min(final, bisect.bisect_left(self._incidents, min(self._changed), key=lambda i: i.first_seq))
        gone = max(0, min(final, len(self._incidents) - kept))
        del self._incidents[:gone]
        self._settled += gone

    def _beginning_at(self, first: int) -> Incident | None:
        at = bisect.bisect_left(self._incidents, first, key=lambda i: i.first_seq)
        found = self._incidents[at] if at < len(self._incidents) else None
        return found if found is not None and found.first_seq == first else None

    def _touched(self, seq: int) -> tuple[int, int]:
        """The incidents (as a half-open range of places) that a BAD frame at `seq` would join."""
        at = bisect.bisect_right(self._incidents, seq, key=lambda i: i.first_seq)
        start = at - 1 if at > 0 and seq - self._incidents[at - 1].last_seq <= self._gap else at
        stop = at + 1 if at < len(self._incidents) and self._incidents[at].first_seq - seq <= self._gap else at
        return start, stop


def _unlike(made: list[Incident], written: Iterable[Incident]) -> set[int]:
    """Where two lists differ, by first_seq; both are in order, and the second may be long, and is read once."""
    unlike, at = set(), 0
    for there in written:
        while at < len(made) and made[at].first_seq < there.first_seq:
            unlike.add(made[at].first_seq)
            at += 1
        if at < len(made) and made[at] == there:
            at += 1
        else:
            unlike.add(there.first_seq)
            at += at < len(made) and made[at].first_seq == there.first_seq
    return unlike | {incident.first_seq for incident in made[at:]}


def _joined_worst(a: BadFrame, b: BadFrame) -> BadFrame:
    return min(a, b, key=lambda frame: (-frame.score, frame.seq))


def _joined(a: Incident, b: Incident) -> Incident:
    first, last = min(a.first_seq, b.first_seq), max(a.last_seq, b.last_seq)
    return Incident(first, last, _joined_worst(a.worst, b.worst), a.frames + b.frames)
