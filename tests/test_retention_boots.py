"""Retention's clock over several starts: what came since a start is no older for the time that it was off before."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream.retention_ages import FILE, Ages
from stream.retention_clock import BELIEVED_NS, HOUR_NS, UNSET_NS, advanced, begun
from tests.test_retention_ages import DAY_NS, NOW_NS, S_NS, Computer

EACH_NS = HOUR_NS // 10  # a picture


@dataclass
class World:
    """A line that takes ten pictures an hour whenever its computer is on, and what is true of them."""

    computer: Computer
    ages: Ages = field(default_factory=lambda: Ages(Path("unused")))
    true_ns: int = 0
    run: int = 0
    came: dict[int, list[tuple[int, int]]] = field(default_factory=dict)  # by run: when in truth, and its date

    def line_starts(self) -> None:
        self.run = max(self.computer.utc_ns // 1000, *(run + 1 for run in (0, *self.came)))
        self.came[self.run] = []

    def starts(self, off_ns: int, wall_ns: int) -> None:
        """It was off for so long, and its wall clock begins anywhere."""
        self.computer.restart(0)
        self.true_ns += off_ns
        self.computer.utc_ns = wall_ns
        self.line_starts()

    def runs(self, hours: int) -> None:
        """Looked at each hour."""
        for _ in range(hours):
            for _ in range(10):
                self.computer.on(EACH_NS)
                self.true_ns += EACH_NS
                self.came[self.run].append((self.true_ns, self.computer.utc_ns))
            self.looks()

    def looks(self) -> None:
        self.ages.tick(self.computer.now())
        there = [(("belt", run), range(len(came))) for run, came in self.came.items() if came]
        self.ages.look("clips", there)

    def ages_of(self, run: int) -> list[tuple[float, float]]:
        """How many days old each picture of a run looks, and is."""
        looks = (
            self.ages.now_ns - self.ages.time_of("clips", ("belt", run), number, utc_ns)
            for number, (_, utc_ns) in enumerate(self.came[run])
        )
        return [
            (old / DAY_NS, (self.true_ns - at) / DAY_NS) for old, (at, _) in zip(looks, self.came[run], strict=True)
        ]


BOOTS = st.lists(
    st.tuples(
        st.integers(1, 60 * 24),  # hours for which it was off before
        st.sampled_from(["right", "as it was", "1970"]),  # its wall clock at the start
        st.integers(1, 4),  # hours until a server tells it the time
        st.integers(1, 30),  # hours that it runs after that
    ),
    min_size=1,
    max_size=4,
)


@settings(max_examples=60, deadline=None)
@given(BOOTS, st.sampled_from([0, UNSET_NS + DAY_NS, NOW_NS]))
def test_no_picture_looks_older_than_it_is_however_late_the_computer_learns_the_time(
    boots: list[tuple[int, str, int, int]], first_ns: int
) -> None:
    """Each hour is looked at, and what is older than an hour is known to the hour."""
    world = World(Computer(boot_ns=60 * S_NS, utc_ns=first_ns))
    world.line_starts()
    world.runs(1)
    world.computer.utc_ns = NOW_NS + world.true_ns
    world.runs(3)
    for off_hours, clock, late, on in boots:
        walls = {"right": NOW_NS + world.true_ns + off_hours * HOUR_NS, "as it was": world.computer.utc_ns, "1970": 0}
        world.starts(off_hours * HOUR_NS, walls[clock])
        world.runs(late)
        world.computer.utc_ns = NOW_NS + world.true_ns
        world.runs(on)
    for run in world.came:
        assert all(looks <= is_ + 2.01 / 24 for looks, is_ in world.ages_of(run))


@pytest.mark.parametrize("wall", ["as it was", "1970"])
def test_time_that_a_computer_was_off_ages_what_came_before_and_nothing_since(wall: str) -> None:
    world = World(Computer())
    world.line_starts()
    world.runs(5)
    before = world.run
    world.starts(30 * DAY_NS, world.computer.utc_ns if wall == "as it was" else 0)
    world.runs(1)
    world.computer.utc_ns = NOW_NS + world.true_ns
    world.runs(26)
    assert all(looks > 30.9 for looks, _ in world.ages_of(before)[:-10])
    assert all(looks < 1.2 for looks, _ in world.ages_of(world.run))


@pytest.mark.parametrize("first_ns", [0, UNSET_NS + DAY_NS], ids=["1970", "the day it was built"])
def test_a_first_start_with_a_wrong_clock_makes_nothing_older(first_ns: int) -> None:
    world = World(Computer(boot_ns=60 * S_NS, utc_ns=first_ns))
    world.line_starts()
    world.runs(1)
    world.computer.utc_ns = NOW_NS
    world.looks()
    assert (world.ages.doubt == "") == (first_ns == 0)
    world.runs(30)
    assert max(looks for looks, _ in world.ages_of(world.run)) < 1.4


def test_what_came_before_the_time_was_known_is_no_older_when_it_is_learnt_in_the_next_start() -> None:
    world = World(Computer())
    world.line_starts()
    world.runs(3)
    world.starts(5 * DAY_NS, 0)
    world.runs(4)
    never_told = world.run
    world.starts(HOUR_NS, NOW_NS + world.true_ns + HOUR_NS)
    world.runs(30)
    assert max(looks for looks, _ in world.ages_of(never_told)) < 2


def test_a_date_by_a_clock_that_was_never_set_is_none() -> None:
    ages = Ages(Path("unused"))
    ages.tick(Computer().now())
    ages.look("clips", [(("belt", 7), [5, 9])])
    assert ages.time_of("clips", ("belt", 7), 5, 60 * S_NS) == NOW_NS


def test_a_run_that_is_new_did_not_begin_when_its_kind_was_looked_at_last() -> None:
    """The line was off for days, or nobody asked for this kind."""
    computer, ages = Computer(), Ages(Path("unused"))
    ages.tick(computer.now())
    ages.look("clips", ())
    computer.on(5 * DAY_NS)
    ages.tick(computer.now())
    ages.look("clips", [(("belt", 1), range(100))])
    assert ages.now_ns - ages.time_of("clips", ("belt", 1), 0, computer.utc_ns) <= HOUR_NS


def test_each_step_waits_for_a_day_of_its_own() -> None:
    computer = Computer()
    clock = begun(computer.now())
    computer.utc_ns += HOUR_NS
    clock = advanced(clock, computer.now())
    computer.on(BELIEVED_NS - S_NS)
    computer.utc_ns += 6 * DAY_NS
    clock = advanced(clock, computer.now())
    computer.on(S_NS)
    clock = advanced(clock, computer.now())
    assert clock.now_ns == NOW_NS + BELIEVED_NS + HOUR_NS
    computer.on(BELIEVED_NS - 2 * S_NS)
    clock = advanced(clock, computer.now())
    assert clock.now_ns == NOW_NS + 2 * BELIEVED_NS - 2 * S_NS + HOUR_NS
    computer.on(S_NS)
    assert advanced(clock, computer.now()).now_ns == computer.utc_ns


def test_time_off_is_no_part_of_the_day_that_a_step_waits() -> None:
    computer = Computer()
    clock = begun(computer.now())
    computer.utc_ns += 30 * DAY_NS
    clock = advanced(clock, computer.now())
    computer.on(HOUR_NS)
    clock = advanced(clock, computer.now())
    computer.restart(3 * DAY_NS)
    clock = advanced(clock, computer.now())
    assert clock.now_ns == NOW_NS + HOUR_NS + 3 * DAY_NS
    assert "30 days further" in clock.doubt
    assert "23 more hours" in clock.doubt


def test_a_file_of_before_opens_and_what_waited_in_it_makes_nothing_older(tmp_path: Path) -> None:
    """It said of the lead no more than how long it is, and since when it waits."""
    clock = {"boot_id": "a", "boot_ns": 1000 * S_NS, "now_ns": NOW_NS, "off_ns": 0, "since_ns": NOW_NS - BELIEVED_NS}
    marks = {"kind": "clips", "camera": "belt", "run": 1, "marks": [{"number": 9, "at_ns": NOW_NS - HOUR_NS}]}
    file = {"clock": {**clock, "ahead_ns": 30 * DAY_NS}, "looked": {"clips": NOW_NS}, "marks": [marks]}
    (tmp_path / FILE).write_bytes(msgspec.json.encode(file))
    ages, computer = Ages.read(tmp_path), Computer(utc_ns=NOW_NS + 30 * DAY_NS)
    for passed_ns in (S_NS, BELIEVED_NS):
        computer.on(passed_ns)
        ages.tick(computer.now())
        assert ages.now_ns - ages.time_of("clips", ("belt", 1), 9, computer.utc_ns) <= BELIEVED_NS + HOUR_NS + S_NS
    assert ages.now_ns == computer.utc_ns
