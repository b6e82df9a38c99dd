"""Who holds which slot of a camera's ring: free, ready, leased, judged. One owner of the rules, no socket, no clock.

Not thread-safe: the capture role holds one lock around every call.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from stream.messages import Key
from stream.ring import Ring
from stream.ring_layout import SlotHeader, SlotState

NOBODY = ""  # holds the frames whose inspector died after its verdict
POISON_DEATHS = 3  # a frame that this many inspectors died of is given to no other


@dataclass(frozen=True)
class Place:
    """A slot of one of the camera's rings."""

    ring: Ring
    slot: int

    def header(self) -> SlotHeader:
        return self.ring.header(self.slot)


@dataclass
class Holding:
    """A picture in a slot, and who has it."""

    key: Key
    place: Place
    captured_mono_ns: int
    attempt: int = 0
    inspector: str | None = None
    since_mono_ns: int = 0  # of the lease, or of the verdict
    judged: bool = False


class Slots:
    """The slots of a camera. The newest ring is written; older ones (a picture outgrew them) are emptied."""

    def __init__(self) -> None:
        self._ring: Ring | None = None
        self._free: deque[Place] = deque()
        self._ready: deque[Holding] = deque()
        self._held: dict[Key, Holding] = {}

    def use(self, ring: Ring) -> None:
        """From now on pictures go into this ring; what it holds already stays, as given back by nobody's death."""
        self._ring = ring
        self._free = deque()
        found = []
        for slot in range(ring.slots):
            header = ring.header(slot)
            if header.state in (SlotState.FREE, SlotState.WRITING):
                ring.set_state(slot, SlotState.FREE)
                self._free.append(Place(ring, slot))
            else:
                found.append((header, slot))
        for header, slot in sorted(found, key=lambda pair: (pair[0].run, pair[0].seq)):
            guilty = header.attempt - (header.state in (SlotState.LEASED, SlotState.JUDGED))
            self._hold(ring, slot, header, attempt=max(0, guilty))

    def claim(self) -> Place | None:
        """A free slot to write into; None where there is none."""
        return self._free.popleft() if self._free else None

    def unclaim(self, place: Place) -> None:
        """A claimed slot that was not written."""
        place.ring.set_state(place.slot, SlotState.FREE)
        if place.ring is self._ring:
            self._free.append(place)

    def ready(self, place: Place) -> None:
        """The slot holds a whole picture now."""
        self._hold(place.ring, place.slot, place.header(), attempt=0)

    def drop_oldest(self) -> Key | None:
        """The oldest waiting frame gives way; its slot is free. None where nothing waits."""
        if not self._ready:
            return None
        holding = self._ready.popleft()
        self._release(holding)
        return holding.key

    def lease(self, inspector: str, count: int, now_mono_ns: int) -> list[Holding]:
        """The oldest waiting frames, at most `count`. One that an inspector died of goes alone."""
        leased: list[Holding] = []
        while self._ready and len(leased) < count:
            if leased and (self._ready[0].attempt or leased[0].attempt > 1):
                break
            holding = self._ready.popleft()
            holding.attempt += 1
            holding.inspector, holding.since_mono_ns, holding.judged = inspector, now_mono_ns, False
            holding.place.ring.table["attempt"][holding.place.slot] = holding.attempt
            holding.place.ring.set_state(holding.place.slot, SlotState.LEASED)
            leased.append(holding)
        return leased

    def leased_to(self, inspector: str) -> list[Holding]:
        """What it has and has not judged: an inspector on another host that asks again has not got it."""
        mine = [h for h in self._held.values() if h.inspector == inspector and not h.judged]
        return sorted(mine, key=lambda holding: holding.key)

    def judged(self, keys: Iterable[Key], now_mono_ns: int) -> None:
        """The inspector has sent these verdicts; the slots wait for the recorder."""
        for key in keys:
            holding = self._held.get(key)
            if holding is not None and holding.inspector is not None and not holding.judged:
                holding.judged, holding.since_mono_ns = True, now_mono_ns
                holding.place.ring.set_state(holding.place.slot, SlotState.JUDGED)

    def give_back(self, inspector: str) -> tuple[list[Key], list[Key]]:
        """The inspector died. Returns the frames that wait again, and those that it was the last to die of.

        Frames that it had judged are nobody's from now on: the next inspector may come under the same name, and would
        seem to be the one that still repeats their verdicts.
        """
        mine = [h for h in self._held.values() if h.inspector == inspector]
        for holding in mine:
            if holding.judged:
                holding.inspector = NOBODY
        return self._wait_again([h for h in mine if not h.judged], guilty=True)

    def overdue(self, before_mono_ns: int, *, judged: bool) -> list[Holding]:
        """Frames leased (or judged) before that time that nobody has released."""
        return [
            h
            for h in self._held.values()
            if h.inspector is not None and h.judged == judged and h.since_mono_ns < before_mono_ns
        ]

    def wait_again(self, holdings: list[Holding], *, guilty: bool) -> tuple[list[Key], list[Key]]:
        """As `give_back`, for these frames; `guilty` False: no inspector died of them."""
        return self._wait_again(holdings, guilty=guilty)

    def release(self, key: Key) -> bool:
        """The recorder needs the picture no more; False where it is not here."""
        holding = self._held.get(key)
        if holding is None:
            return False
        if holding.inspector is None and holding in self._ready:
            self._ready.remove(holding)
        self._release(holding)
        return True

    def has(self, key: Key) -> bool:
        return key in self._held

    def held_by_run(self) -> dict[int, list[int]]:
        """The seqs in the slots, by run, in order."""
        by_run: dict[int, list[int]] = {}
        for key in sorted(self._held):
            by_run.setdefault(key.run, []).append(key.seq)
        return by_run

    @property
    def waiting(self) -> int:
        return len(self._ready)

    @property
    def oldest_mono_ns(self) -> int:
        """When the oldest waiting frame was captured; 0 where nothing waits."""
        return self._ready[0].captured_mono_ns if self._ready else 0

    @property
    def alone(self) -> bool:
        """Whether an inspector died of the oldest waiting frame."""
        return bool(self._ready) and self._ready[0].attempt > 0

    def __len__(self) -> int:
        return len(self._held)

    def _hold(self, ring: Ring, slot: int, header: SlotHeader, attempt: int) -> None:
        holding = Holding(Key(header.run, header.seq), Place(ring, slot), header.captured_mono_ns, attempt)
        self._held[holding.key] = holding
        ring.table["attempt"][slot] = attempt
        ring.set_state(slot, SlotState.READY)
        self._ready.append(holding)

    def _wait_again(self, holdings: list[Holding], *, guilty: bool) -> tuple[list[Key], list[Key]]:
        again, poison = [], []
        for holding in sorted(holdings, key=lambda h: h.key):
            holding.inspector, holding.judged = None, False
            if not guilty:
                holding.attempt -= 1
            if holding.attempt >= POISON_DEATHS:
                poison.append(holding.key)
                self._release(holding)
                continue
            holding.place.ring.table["attempt"][holding.place.slot] = holding.attempt
            holding.place.ring.set_state(holding.place.slot, SlotState.READY)
            self._ready.append(holding)
            again.append(holding.key)
        self._ready = deque(sorted(self._ready, key=lambda h: h.key))  # the oldest first, whoever gave it back
        return again, poison

    def _release(self, holding: Holding) -> None:
        del self._held[holding.key]
        place = holding.place
        place.ring.set_state(place.slot, SlotState.FREE)
        if place.ring is self._ring:
            self._free.append(place)
