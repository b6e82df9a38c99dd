"""Who holds which slot: any order of what can happen, against a model; and a capture that dies at any point of it."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from stream.messages import Key
from stream.places import SHM, Places
from stream.ring import Ring
from stream.ring_layout import PAGE, SlotState
from stream.slots import NOBODY, POISON_DEATHS, Place, Slots

SLOTS = 4
RUN = 7
PICTURE = np.zeros((4, 4, 3), np.uint8)
INSPECTORS = st.sampled_from(["inspect 1", "inspect 2"])


@dataclass
class Held:
    """What the model knows of a frame in a slot."""

    deaths: int = 0  # inspectors that died of it
    inspector: str | None = None
    judged: bool = False


class AnyOrder(RuleBasedStateMachine):
    """Slots and a dictionary of frames, side by side."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="lw-", dir=SHM))
        self.places = Places(self.folder)
        self.rings: list[Ring] = []
        self.slots = Slots()
        self.frames: dict[Key, Held] = {}
        self.captured = 0
        self.grow()

    def teardown(self) -> None:
        for ring in self.rings:
            ring.close()
        shutil.rmtree(self.folder)

    # --- what can happen ---

    def grow(self) -> None:
        ring = Ring.create(self.places.ring("belt", len(self.rings) + 1), slots=SLOTS, slot_bytes=PAGE)
        self.rings.append(ring)
        self.slots.use(ring)

    @precondition(lambda self: len(self.rings) < 3)
    @rule()
    def a_picture_outgrows_the_ring(self) -> None:
        self.grow()

    @rule()
    def a_picture_comes(self) -> None:
        place = self.slots.claim()
        assert (place is None) == (self.free() == 0)
        if place is not None:
            self.frames[self.write(place)] = Held()
            self.slots.ready(place)

    @precondition(lambda self: self.free())
    @rule()
    def a_claimed_slot_is_not_needed(self) -> None:
        place = self.slots.claim()
        assert place is not None
        self.slots.unclaim(place)

    @rule(inspector=INSPECTORS, count=st.integers(0, 3))
    def an_inspector_asks(self, inspector: str, count: int) -> None:
        leased = self.slots.lease(inspector, count, now_mono_ns=self.captured)
        expected: list[Key] = []
        for key in self.ready()[:count]:
            if expected and (self.frames[key].deaths or self.frames[expected[0]].deaths):
                break
            expected.append(key)
        assert [holding.key for holding in leased] == expected
        for holding in leased:
            self.frames[holding.key].inspector = inspector
            assert holding.attempt == self.frames[holding.key].deaths + 1

    @precondition(lambda self: self.frames)
    @rule(data=st.data())
    def a_verdict_is_told(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(self.frames)))
        self.slots.judged([key, Key(RUN, 10**6)], now_mono_ns=self.captured)
        if self.frames[key].inspector is not None:
            self.frames[key].judged = True

    @rule(inspector=INSPECTORS)
    def an_inspector_dies(self, inspector: str) -> None:
        mine = {key for key, held in self.frames.items() if held.inspector == inspector}
        again, poison = self.slots.give_back(inspector)
        self.waits_again({key for key in mine if not self.frames[key].judged}, again, poison, guilty=True)
        for key in mine & set(self.frames):
            if self.frames[key].judged:
                self.frames[key].inspector = NOBODY

    @rule(judged=st.booleans(), guilty=st.booleans(), data=st.data())
    def some_are_overdue(self, judged: bool, guilty: bool, data: st.DataObject) -> None:
        overdue = self.slots.overdue(self.captured + 1, judged=judged)
        held = {key for key, h in self.frames.items() if h.inspector is not None and h.judged == judged}
        assert {holding.key for holding in overdue} == held
        some = data.draw(st.permutations(overdue))[: data.draw(st.integers(0, len(overdue)))]
        keys = {holding.key for holding in some}
        self.waits_again(keys, *self.slots.wait_again(some, guilty=guilty), guilty=guilty)

    @rule(data=st.data())
    def the_recorder_releases(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from([*sorted(self.frames), Key(RUN, 10**6)]))
        assert self.slots.release(key) == (self.frames.pop(key, None) is not None)

    @rule()
    def the_oldest_gives_way(self) -> None:
        ready = self.ready()
        assert self.slots.drop_oldest() == (ready[0] if ready else None)
        if ready:
            del self.frames[ready[0]]

    @rule(writing=st.booleans())
    def the_capture_dies(self, writing: bool) -> None:
        """The next one opens the files: every frame that was not released waits, and no other."""
        place = self.slots.claim() if writing else None
        if place is not None:
            self.write(place)
            place.ring.table["lock"][place.slot] |= np.uint64(1)
            place.ring.set_state(place.slot, SlotState.WRITING)
        self.slots = Slots()
        for ring in self.rings:
            ring.close()
        self.rings = [Ring.adopt(path) for path in self.places.rings("belt")]
        for ring in self.rings:
            self.slots.use(ring)
        self.frames = {key: Held(held.deaths) for key, held in self.frames.items()}

    # --- the model ---

    def write(self, place: Place) -> Key:
        place.ring.write(
            place.slot,
            PICTURE,
            run=RUN,
            seq=self.captured,
            captured_mono_ns=1000 + self.captured,
            captured_utc_ns=1,
            pts_s=None,
            problem=None,
        )
        self.captured += 1
        return Key(RUN, self.captured - 1)

    def waits_again(self, keys: set[Key], again: list[Key], poison: list[Key], *, guilty: bool) -> None:
        for key in keys:
            held = self.frames[key]
            held.deaths += guilty
            held.inspector, held.judged = None, False
        deadly = {key for key in keys if self.frames[key].deaths >= POISON_DEATHS}
        assert set(again) == keys - deadly
        assert set(poison) == deadly
        for key in deadly:
            del self.frames[key]

    def ready(self) -> list[Key]:
        return sorted(key for key, held in self.frames.items() if held.inspector is None)

    def free(self) -> int:
        newest = self.rings[-1]
        return sum(newest.state(slot) is SlotState.FREE for slot in range(newest.slots))

    # --- what always holds ---

    @invariant()
    def each_frame_lies_in_one_slot_in_the_state_it_is_in(self) -> None:
        found = {}
        for ring in self.rings:
            for slot in range(ring.slots):
                header = ring.header(slot)
                if header.state is not SlotState.FREE:
                    assert Key(header.run, header.seq) not in found
                    found[Key(header.run, header.seq)] = header.state
        states = {(False, False): SlotState.READY, (True, False): SlotState.LEASED, (True, True): SlotState.JUDGED}
        assert found == {k: states[h.inspector is not None, h.judged] for k, h in self.frames.items()}

    @invariant()
    def what_is_told_of_the_slots_is_true(self) -> None:
        ready = self.ready()
        assert self.slots.waiting == len(ready)
        assert self.slots.oldest_mono_ns == (1000 + ready[0].seq if ready else 0)
        assert len(self.slots) == len(self.frames)
        assert self.slots.held_by_run() == ({RUN: [key.seq for key in sorted(self.frames)]} if self.frames else {})
        assert all(self.slots.has(key) for key in self.frames)


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = settings(max_examples=80, stateful_step_count=40, deadline=None)


def ring_of(places: Places, frames: int) -> tuple[Ring, Slots]:
    ring, slots = Ring.create(places.ring("belt", 1), slots=frames, slot_bytes=PAGE), Slots()
    slots.use(ring)
    for seq in range(frames):
        place = slots.claim()
        assert place is not None
        ring.write(
            place.slot, PICTURE, run=RUN, seq=seq, captured_mono_ns=seq, captured_utc_ns=1, pts_s=None, problem=None
        )
        slots.ready(place)
    return ring, slots


def test_a_frame_that_three_inspectors_died_of_is_given_to_no_other(places: Places) -> None:
    ring, slots = ring_of(places, 1)
    for death in range(1, POISON_DEATHS + 1):
        assert [holding.attempt for holding in slots.lease("inspect 1", 1, 0)] == [death]
        again, poison = slots.give_back("inspect 1")
    assert (again, poison) == ([], [Key(RUN, 0)])
    assert slots.lease("inspect 1", 1, 0) == []
    assert ring.state(0) is SlotState.FREE
    ring.close()


def test_deaths_are_remembered_by_the_next_capture(places: Places) -> None:
    ring, slots = ring_of(places, 2)
    for _ in range(2):
        slots.lease("inspect 1", 1, 0)
        slots.give_back("inspect 1")
    slots.lease("inspect 1", 1, 0)
    ring.close()
    ring, slots = Ring.adopt(ring.path), Slots()
    slots.use(ring)
    (alone,) = slots.lease("inspect 2", 2, 0)
    assert (alone.key, alone.attempt) == (Key(RUN, 0), 3)
    assert slots.give_back("inspect 2") == ([], [Key(RUN, 0)])
    ring.close()


def test_a_verdict_of_a_dead_inspector_is_not_laid_to_the_next_of_its_name(places: Places) -> None:
    """Its verdict may be lost with it; whoever comes under its name repeats nothing, so the frame must be seen to."""
    ring, slots = ring_of(places, 1)
    slots.lease("inspect 1", 1, 0)
    slots.judged([Key(RUN, 0)], 1)
    assert slots.give_back("inspect 1") == ([], [])
    (overdue,) = slots.overdue(2, judged=True)
    assert overdue.inspector == NOBODY
    assert slots.wait_again([overdue], guilty=False) == ([Key(RUN, 0)], [])
    ring.close()
