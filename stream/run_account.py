"""A capture's account of one run: how far it came, what became of it, what the recorder has yet to confirm. Pure."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from msgspec.structs import replace

from stream.ledger import Ledger
from stream.messages import OUTCOMES_MAX, PARTS_MAX, UNKNOWN_MOST, Key, Outcome, PartBegin, Report

SENT_MAX = 256  # unanswered reports that an answer is matched with; one to an older report counts for nothing


@dataclass(frozen=True)
class _Sent:
    serial: int
    upto: int  # outcomes told with it or before it
    parts: int  # the number of the first part that was not told
    counts: tuple[object, ...]


@dataclass
class _Ahead:
    """A part that was announced, and begins with the first picture that came after it."""

    told_mono_ns: int
    begun: PartBegin  # with the number that the next picture gets


@dataclass
class RunAccount:
    """One run. Everything here is repeated to the recorder until it says that it is on disk, but for parts ahead."""

    camera: str
    run: int
    session: str
    source: str  # without its password
    live: bool
    captured: int = 0
    lost: int = 0
    expired: int = 0
    ended: bool = False
    note: str = ""
    recalled: bool = True  # False: what the log has of this run must be asked first
    serial: int = 0  # of the last report
    challenge: bool = False  # its pictures are no product
    part: str = ""  # that the newest picture is of
    part_number: int = 0  # of the part that is announced next
    _ahead: deque[_Ahead] = field(default_factory=deque)  # announced; no picture that came after it has its number yet
    _parts: list[PartBegin] = field(default_factory=list)  # whose beginning is not confirmed
    _early: Ledger = field(default_factory=Ledger)  # frames released while their verdict was in memory alone
    _late: Ledger = field(default_factory=Ledger)  # of those, the ones that reached the disk after all
    _decided: Ledger = field(default_factory=Ledger)  # outcomes that capture decided
    _reasons: dict[str, str] = field(default_factory=dict)
    _unconfirmed: list[Outcome] = field(default_factory=list)
    _outcomes_confirmed: int = 0  # outcomes that have left the front of `_unconfirmed`
    _sent: deque[_Sent] = field(default_factory=lambda: deque(maxlen=SENT_MAX))  # unanswered reports, oldest first
    _confirmed: tuple[object, ...] = ()

    def take_seq(self) -> int:
        """The number of the next picture."""
        self.captured += 1
        return self.captured - 1

    @property
    def announced(self) -> str:
        """The part that was announced last: pictures that come now are of it."""
        return self._ahead[-1].begun.part if self._ahead else self.part

    def begin_part(self, seq: int, part: str, by: str, told_utc_ns: int) -> PartBegin:
        """From this frame on pictures are of that part; empty: of none that is known."""
        begun = PartBegin(self.part_number, seq, part, by, told_utc_ns)
        self.adopt_part(begun)
        self.part = part
        return begun

    def announce_part(self, part: str, by: str, told_utc_ns: int, told_mono_ns: int) -> PartBegin:
        """Pictures that come from then on are of that part. Where it begins is known, and reported, once one has come.

        Until then what is given here says that it begins with the next picture (`comes`).
        """
        begun = PartBegin(self.part_number, self.captured, part, by, told_utc_ns)
        self.part_number += 1
        self._ahead.append(_Ahead(told_mono_ns, begun))
        return begun

    def comes(self, arrived_mono_ns: int) -> tuple[PartBegin, ...]:
        """A picture that arrived then gets the next number. Gives the parts that begin after it, moved on."""
        self.came_all(arrived_mono_ns)
        for ahead in self._ahead:
            ahead.begun = replace(ahead.begun, seq=self.captured + 1)
        return tuple(ahead.begun for ahead in self._ahead)

    def came_all(self, before_mono_ns: float = math.inf) -> None:
        """All that came before then has its number: what was announced by then begins with the next picture.

        Without a time: no picture comes any more, and it begins where the run ends.
        """
        while self._ahead and self._ahead[0].told_mono_ns <= before_mono_ns:
            begun = self._ahead.popleft().begun
            self.adopt_part(begun)
            self.part = begun.part

    def adopt_part(self, begun: PartBegin) -> None:
        """A part that a dead capture began, whose beginning is not confirmed."""
        if all(known.number != begun.number for known in self._parts):
            self._parts.append(begun)
            self._parts.sort(key=lambda part: part.number)
        self.part_number = max(self.part_number, begun.number + 1)

    @property
    def unconfirmed_parts(self) -> tuple[PartBegin, ...]:
        return *self._parts, *(ahead.begun for ahead in self._ahead)

    def decide(self, start: int, stop: int, outcome: str, reason: str | None = None) -> None:
        """Capture itself says what became of these frames."""
        for first, last in self._decided.add(start, stop, outcome):
            last_one = self._unconfirmed[-1] if self._unconfirmed else None
            told = self._sent[-1].upto - self._outcomes_confirmed if self._sent else 0
            joins = last_one and last_one.stop == first and (last_one.outcome, last_one.reason) == (outcome, reason)
            room = outcome != "UNKNOWN" or (last_one and last - last_one.start <= UNKNOWN_MOST)
            if last_one and joins and room and len(self._unconfirmed) > told:
                self._unconfirmed[-1] = Outcome(last_one.start, last, outcome, reason)
            else:
                self._unconfirmed.append(Outcome(first, last, outcome, reason))

    def released(self, seq: int, *, committed: bool) -> None:
        """The recorder needs the frame no more; not `committed`: its verdict waits in the recorder's memory."""
        if not committed:
            self._early.add(seq, seq + 1, "early")
        elif self._early.outcome(seq):
            self._late.add(seq, seq + 1, "late")

    def in_memory(self, start: int, stop: int) -> None:
        """The recorder has these frames' outcomes in its memory alone; a capture that is dead by now let them go.

        Not those whose picture still lies in a slot: should the recorder die, they are judged again.
        """
        self._early.add(start, stop, "early")

    def unrecorded(self) -> tuple[tuple[int, int], ...]:
        """Frames whose slot is gone and whose verdict is not on disk yet, as [start, stop) pairs."""
        return tuple(gap for start, stop in self._early.spans() for gap in self._late.missing(start, stop))

    def give_up_unrecorded(self) -> None:
        """The recorder that had them in memory is dead: they are on record as dropped, unless it wrote them first."""
        for start, stop in self.unrecorded():
            self.decide(start, stop, "dropped:unrecorded")
            self._late.add(start, stop, "late")

    def settle(self, oldest: int) -> None:
        """Frames below `oldest` have left the ring: what was decided of them is counted, and leaves memory.

        Not of a recording: what a dead capture left of it is decided when its end is reached.
        """
        if not self.live:
            return
        self._decided.take_changes()
        self._decided.settle(min([oldest, *(start for start, _ in self.unrecorded()[:1])]))

    def dropped(self) -> dict[str, int]:
        """Frames dropped so far, by reason."""
        return {k.split(":", 1)[1]: n for k, n in self._decided.counts().items() if k.startswith("dropped:")}

    def report(self, pending: Iterable[Key]) -> Report | None:
        """What the recorder should hear now; None where it has confirmed everything and nothing is pending."""
        pending = tuple(pending)
        counts = self._counts()
        if not (self._unconfirmed or self._parts or pending) and counts == self._confirmed:
            return None
        part = tuple(self._unconfirmed[:OUTCOMES_MAX])
        upto = self._outcomes_confirmed + len(part)
        said = upto, self._ahead[0].begun.number if self._ahead else self.part_number, counts
        if not self._sent or (self._sent[-1].upto, self._sent[-1].parts, self._sent[-1].counts) != said:
            self.serial += 1
            self._sent.append(_Sent(self.serial, *said))
        return Report(
            camera=self.camera,
            run=self.run,
            serial=self.serial,
            session=self.session,
            source=self.source,
            live=self.live,
            captured=self.captured,
            lost=self.lost,
            expired=self.expired,
            outcomes=part,
            pending=pending,
            ended=self.ended,
            note=self.note,
            parts=tuple(self._parts[:PARTS_MAX]),
        )

    def confirm(self, serial: int) -> None:
        """The recorder has the report with this serial on disk, and with it all that the earlier ones said.

        A slow disk answers when a newer report has left already; its answer counts all the same.
        """
        sent = next((s for s in self._sent if s.serial == serial), None)
        if sent is None:
            return
        while self._sent and self._sent[0].serial <= serial:
            self._sent.popleft()
        del self._unconfirmed[: sent.upto - self._outcomes_confirmed]
        self._outcomes_confirmed = sent.upto
        self._parts = [part for part in self._parts if part.number >= sent.parts]
        self._confirmed = sent.counts

    @property
    def settled(self) -> bool:
        """Whether the run is over and the recorder has all that capture knows of it."""
        confirmed = not (self._unconfirmed or self.unconfirmed_parts) and self._counts() == self._confirmed
        return self.ended and self.recalled and confirmed and not self.unrecorded()

    def _counts(self) -> tuple[object, ...]:
        return self.captured, self.lost, self.expired, self.ended, self.note
