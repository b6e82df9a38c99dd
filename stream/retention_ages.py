"""When each piece was first there, by a clock that no step of the wall clock moves: the order in which pieces go.

A run numbers its pieces upwards, so of each folder of a run it is enough to note now and then how far it had come. What
was there before anybody noted has only its own UTC. On disk beside the log, for who comes after; the disk may refuse.
"""

from __future__ import annotations

import contextlib
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from stream.durable import replace_file
from stream.retention_clock import HOUR_NS, UNSET_NS, KeptClock, Lead, Moment, begun, believed, stepped
from stream.retention_intent import UNREADABLE

FILE = "retention-ages.json"
EVERY_NS = 3600 * 1_000_000_000  # the file is written so often, and when a run comes or goes
Run = tuple[str, int]  # camera, run


@dataclass(frozen=True)
class Mark:
    """A folder of a run had come so far."""

    number: int  # the highest
    at_ns: int


@dataclass(frozen=True)
class Marks:
    """Of one folder of a run."""

    kind: str
    camera: str
    run: int
    marks: tuple[Mark, ...]  # upwards


@dataclass(frozen=True)
class AgesFile:
    """All that is on disk of it."""

    clock: KeptClock
    looked: dict[str, int]  # by kind, when it was looked at last
    marks: tuple[Marks, ...]


@dataclass
class Ages:
    """`tick` before a turn, `look` at each kind, then `time_of` its pieces; `keep` at the end."""

    path: Path
    clock: KeptClock | None = None
    looked: dict[str, int] = field(default_factory=dict)
    marks: dict[str, dict[Run, tuple[Mark, ...]]] = field(default_factory=dict)
    _kept: tuple[int, int] = (0, 0)  # when the file was written last, and how many runs it has

    @classmethod
    def read(cls, data_dir: Path) -> Ages:
        """As the last turn left it; a new one where there is none that can be read."""
        ages = cls(data_dir / FILE)
        try:
            found = msgspec.json.decode(ages.path.read_bytes(), type=AgesFile)
        except UNREADABLE:
            return ages
        ages.clock, ages.looked = found.clock, dict(found.looked)
        for one in found.marks:
            if one.marks:
                ages.marks.setdefault(one.kind, {})[one.camera, one.run] = one.marks
        return ages

    @property
    def now_ns(self) -> int:
        return self.clock.now_ns if self.clock is not None else 0

    @property
    def doubt(self) -> str:
        return self.clock.doubt if self.clock is not None else ""

    def tick(self, now: Moment) -> None:
        """The clock goes on."""
        if self.clock is None:
            self.clock = begun(now)
            return
        self.clock = stepped(self.clock, now)
        while (lead := self.clock.ripe) is not None:
            self._later(lead)
            self.clock = believed(self.clock, lead)

    def look(self, kind: str, found: Iterable[tuple[Run, Sequence[int]]]) -> None:
        """What lies there now of a kind: of each run the numbers, upwards."""
        before, known = self.looked.get(kind), self.marks.get(kind, {})
        self.marks[kind] = {
            run: marked(known.get(run), numbers[0], numbers[-1], self.now_ns, before)
            for run, numbers in found
            if len(numbers)
        }
        self.looked[kind] = self.now_ns

    def time_of(self, kind: str, run: Run, number: int, utc_ns: int) -> int:
        """When a piece was first there; never later for a lower number, where `utc_ns` is not, either."""
        return time_in(self.marks.get(kind, {}).get(run, ()), number, utc_ns, self.now_ns)

    def _later(self, lead: Lead) -> None:
        """What came since the boot came after the time that a lead speaks of: it is no older for it."""
        from_ns, by_ns = lead.from_ns, max(0, lead.ns)
        self.looked = {kind: at_ns + by_ns if at_ns >= from_ns else at_ns for kind, at_ns in self.looked.items()}
        for kind, known in self.marks.items():
            self.marks[kind] = {
                run: moved(marks, from_ns, by_ns, began_ns=run[1] * 1000) for run, marks in known.items()
            }

    def keep(self) -> None:
        """On disk, where something is worth it; a disk that refuses is asked again."""
        runs = hash(frozenset((kind, run) for kind, known in self.marks.items() for run in known))
        if self.clock is None or (self.now_ns - self._kept[0] < EVERY_NS and runs == self._kept[1]):
            return
        marks = (Marks(kind, *run, of) for kind, known in self.marks.items() for run, of in known.items())
        content = msgspec.json.encode(AgesFile(self.clock, self.looked, tuple(marks)))
        with contextlib.suppress(OSError):
            replace_file(self.path, content)
            self._kept = (self.now_ns, runs)


def marked(
    marks: tuple[Mark, ...] | None, lowest: int, highest: int, now_ns: int, before_ns: int | None
) -> tuple[Mark, ...]:
    """The marks of a folder in which the numbers now go from `lowest` to `highest`. Pure.

    before_ns: when its kind was looked at last; None: never. A run comes while the line runs, which looks each minute:
    where the last look is long ago, the line was off, or nobody asked for this kind.
    """
    if marks is None and before_ns is not None:
        return (Mark(lowest - 1, max(before_ns, now_ns - HOUR_NS)), Mark(highest, now_ns))
    if marks is None:
        return (Mark(highest, now_ns),)
    if highest <= marks[-1].number:
        return marks
    still = () if before_ns is None or before_ns <= marks[-1].at_ns else (Mark(marks[-1].number, before_ns),)
    return thinned((*marks, *still, Mark(highest, now_ns)), now_ns)


def thinned(marks: tuple[Mark, ...], now_ns: int) -> tuple[Mark, ...]:
    """The first, the last of each hour, and all of the last hour. Pure."""
    return tuple(
        mark
        for at, mark in enumerate(marks)
        if at in (0, len(marks) - 1)
        or mark.at_ns > now_ns - HOUR_NS
        or mark.at_ns // HOUR_NS != marks[at + 1].at_ns // HOUR_NS
    )


def moved(marks: tuple[Mark, ...], from_ns: int, by_ns: int, *, began_ns: int) -> tuple[Mark, ...]:
    """Those made from a moment on so much later; none between two marks stays behind on the way. Pure.

    began_ns: the run, by its own UTC: of one that began after that moment, nothing is older.
    """
    if marks[0].at_ns >= from_ns and began_ns >= from_ns and marks[0].number >= 0:
        marks = (Mark(-1, from_ns), *marks)
    stay = tuple(mark for mark in marks if mark.at_ns < from_ns)
    go = tuple(Mark(mark.number, mark.at_ns + by_ns) for mark in marks[len(stay) :])
    between = (Mark(stay[-1].number, from_ns + by_ns),) if stay and go else ()
    return (*stay, *between, *go)


def time_in(marks: tuple[Mark, ...], number: int, utc_ns: int, now_ns: int) -> int:
    """When a number came, between the marks around it; below the first by its UTC, but not later. Pure.

    A date by a clock that was never set is none.
    """
    at = bisect_left(marks, number, key=lambda mark: mark.number)
    if at == len(marks):
        return now_ns
    if at == 0:
        return min(utc_ns, marks[0].at_ns) if utc_ns >= UNSET_NS else marks[0].at_ns
    before, after = marks[at - 1], marks[at]
    share = (number - before.number) * (after.at_ns - before.at_ns)
    return before.at_ns + share // (after.number - before.number)
