"""Retention's own clock and order: no step of the wall clock makes a picture older, or younger, than it is."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream.retention_ages import FILE, Ages
from stream.retention_clock import AT_ONCE_NS, BELIEVED_NS, HOUR_NS, Moment, advanced, begun, moment
from stream.retention_turn import Turns
from stream.settings import KeptSettings, RetentionSettings
from tests.frames import RUN, report
from tests.test_retention import Kept, gb_of, nothing

S_NS = 1_000_000_000
DAY_NS = 24 * HOUR_NS
NOW_NS = 1_790_000_000 * S_NS


@dataclass
class Computer:
    """Clocks that a test turns."""

    boot_ns: int = 1000 * S_NS
    utc_ns: int = NOW_NS
    boot_id: str = "a"

    def on(self, ns: int) -> None:
        """Time passes."""
        self.boot_ns += ns
        self.utc_ns += ns

    def restart(self, off_ns: int) -> None:
        """It is off for so long."""
        self.boot_id += "a"
        self.boot_ns = 10 * S_NS
        self.utc_ns += off_ns

    def now(self) -> Moment:
        return Moment(self.boot_id, self.boot_ns, self.utc_ns)


STEPS = st.lists(
    st.tuples(
        st.integers(1, 600),  # seconds that pass
        st.sampled_from([0, 0, 0, -7200, 7200, -1, 86_400 * 3650, -86_400 * 3650]),  # and a step of the wall clock
        st.integers(0, 1),  # then a picture of this run
    ),
    max_size=60,
)


@settings(max_examples=200, deadline=None)
@given(STEPS)
def test_pictures_keep_their_order_and_their_age_whatever_is_done_to_the_wall_clock(
    steps: list[tuple[int, int, int]],
) -> None:
    computer, ages, true_ns = Computer(), Ages(Path("unused")), 0
    ages.tick(computer.now())
    ages.look("samples", ())
    came: list[tuple[int, tuple[str, int], int, int]] = []
    for passed_s, step_s, run in steps:
        computer.on(passed_s * S_NS)
        computer.utc_ns += step_s * S_NS
        true_ns += passed_s * S_NS
        numbers = [number for _, (_, of), number, _ in came if of == run] + [len(came) * 3]
        came.append((true_ns, ("belt", run), numbers[-1], computer.utc_ns))
        ages.tick(computer.now())
        others = [(("belt", 1 - run), [n for _, (_, of), n, _ in came if of == 1 - run])]
        ages.look("samples", [(("belt", run), numbers), *others])
    assert ages.now_ns == NOW_NS + true_ns
    by_age = sorted(came, key=lambda one: ages.time_of("samples", *one[1:]))
    in_run = {run: [one for one in came if one[1][1] == run] for run in (0, 1)}
    for run, pictures in in_run.items():
        assert [one for one in by_age if one[1][1] == run] == pictures
    for at_ns, run_, number, utc_ns in came:
        error_ns = abs(ages.time_of("samples", run_, number, utc_ns) - NOW_NS - at_ns)
        assert error_ns <= (600 * S_NS if true_ns - at_ns < HOUR_NS else HOUR_NS)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3 * DAY_NS), st.integers(-30 * DAY_NS, 30 * DAY_NS)), max_size=30))
def test_the_clock_never_goes_back_and_never_ahead_of_what_stood_for_a_day(steps: list[tuple[int, int]]) -> None:
    computer = Computer()
    clock = begun(computer.now())
    highest_ns = passed_ns = 0
    for on_ns, step_ns in steps:
        computer.on(on_ns)
        passed_ns += on_ns
        computer.utc_ns += step_ns
        highest_ns += max(0, step_ns)
        before_ns, clock = clock.now_ns, advanced(clock, computer.now())
        assert clock.now_ns >= before_ns + on_ns
    assert clock.now_ns <= NOW_NS + passed_ns + highest_ns


@pytest.mark.parametrize("off_ns", [0, HOUR_NS, AT_ONCE_NS], ids=["at once", "an hour", "a week"])
def test_the_time_in_which_a_computer_was_off_counts(off_ns: int) -> None:
    computer = Computer()
    clock = begun(computer.now())
    computer.restart(off_ns)
    assert advanced(clock, computer.now()).now_ns == NOW_NS + off_ns


def test_a_lead_that_stands_is_believed_after_a_day_and_said_before() -> None:
    computer = Computer()
    clock = begun(computer.now())
    computer.utc_ns += 30 * DAY_NS
    clock = advanced(clock, computer.now())
    assert clock.now_ns == NOW_NS
    assert "30 days further" in clock.doubt
    assert "24 more hours" in clock.doubt
    computer.on(BELIEVED_NS - S_NS)
    clock = advanced(clock, computer.now())
    assert clock.now_ns == NOW_NS + BELIEVED_NS - S_NS
    computer.on(S_NS)
    clock = advanced(clock, computer.now())
    assert clock.now_ns == NOW_NS + 31 * DAY_NS
    assert clock.doubt == ""


def test_a_mistake_that_is_undone_within_a_day_leaves_nothing() -> None:
    computer = Computer()
    clock = begun(computer.now())
    for step_ns in (3650 * DAY_NS, -3650 * DAY_NS):
        computer.utc_ns += step_ns
        for _ in range(3):
            computer.on(HOUR_NS)
            clock = advanced(clock, computer.now())
    computer.on(5 * DAY_NS)
    clock = advanced(clock, computer.now())
    assert (clock.now_ns, clock.ahead_ns) == (NOW_NS + 5 * DAY_NS + 6 * HOUR_NS, 0)


def test_a_computer_without_a_battery_learns_how_long_it_was_off() -> None:
    computer = Computer()
    clock = begun(computer.now())
    for _ in range(10):  # off each night; its clock begins in 1970, and a server tells it the time
        true_ns = computer.utc_ns + 16 * HOUR_NS
        computer.restart(0)
        computer.utc_ns = 0
        clock = advanced(clock, computer.now())
        computer.utc_ns = true_ns
        for _ in range(8):
            clock = advanced(clock, computer.now())
            computer.on(HOUR_NS)
    assert clock.doubt == ""
    assert computer.utc_ns - clock.now_ns < 3 * DAY_NS


def test_a_clock_set_back_for_good_makes_nothing_younger() -> None:
    computer = Computer()
    clock = begun(computer.now())
    computer.utc_ns -= 10 * DAY_NS
    for _ in range(60):
        clock = advanced(clock, computer.now())
        computer.on(HOUR_NS)
    assert clock.now_ns == NOW_NS + 59 * HOUR_NS
    computer.restart(HOUR_NS)
    assert advanced(clock, computer.now()).now_ns == NOW_NS + 61 * HOUR_NS


def test_what_was_there_before_anybody_looked_goes_by_its_own_time() -> None:
    computer, ages = Computer(), Ages(Path("unused"))
    ages.tick(computer.now())
    ages.look("clips", [(("belt", 1), [5, 9])])
    assert ages.time_of("clips", ("belt", 1), 5, NOW_NS - DAY_NS) == NOW_NS - DAY_NS
    assert ages.time_of("clips", ("belt", 1), 9, NOW_NS + DAY_NS) == NOW_NS  # dated by a clock that was ahead
    assert ages.time_of("clips", ("belt", 1), 10, 0) == NOW_NS  # not seen yet


def test_the_file_says_after_a_restart_what_was_known_before(tmp_path: Path) -> None:
    computer, ages = Computer(), Ages.read(tmp_path)
    for highest in range(1, 2000):
        computer.on(300 * S_NS)
        ages.tick(computer.now())
        ages.look("clips", [(("belt", 1), [0, highest])])
    ages.keep()
    assert (tmp_path / FILE).stat().st_size < 20_000
    again = Ages.read(tmp_path)
    assert (again.clock, again.looked, again.marks) == (ages.clock, ages.looked, ages.marks)
    (tmp_path / FILE).write_bytes(b"torn")
    assert Ages.read(tmp_path).clock is None


ODD = {
    "torn": b"torn",
    "a byte that is no text": b'{"clock":{"boot_id":"\xff","boot_ns":1,"now_ns":1},"looked":{},"marks":[]}',
    "a list with a byte that is no text": b'[[{"kind":"\xff"}]]',
    "without an end": b'{"x":' + b"[" * 100_000,
    "a run without marks": (
        b'{"clock":{"boot_id":"a","boot_ns":1,"now_ns":1},"looked":{"evidence":1},"marks":'
        b'[{"kind":"evidence","camera":"belt","run":%d,"marks":[]}]}' % RUN
    ),
}


@pytest.mark.parametrize("name", [FILE, "retention-evidence.json"])
@pytest.mark.parametrize("content", ODD.values(), ids=ODD)
def test_an_odd_file_of_its_own_ends_no_turn(kept: Kept, name: str, content: bytes) -> None:
    (kept.data_dir / name).write_bytes(content)
    turns = Turns(kept.line(RetentionSettings(evidence=KeptSettings(gb=1.0))))
    turns.turn(nothing)
    assert kept.folders("evidence") == [0, 50]


# --- a turn ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    made = Kept(tmp_path)
    made.books.report(report(400))
    for seq in (0, 50):
        made.bad(seq)
    made.commit()
    made.aged()
    yield made
    made.log.close()


@pytest.mark.parametrize("step_s", [-7200, 7200, 10 * 365 * 86_400], ids=["back", "on", "ten years on"])
def test_after_a_step_of_the_wall_clock_the_oldest_still_go_first(kept: Kept, step_s: int) -> None:
    """The wall clock is stepped between old pictures and new ones, whose dates then lie before, or far after."""
    computer = Computer(utc_ns=time.time_ns() - HOUR_NS)
    turns = Turns(kept.line(RetentionSettings(evidence=KeptSettings(gb=1.0))), clock=computer.now)
    turns.turn(nothing)
    computer.on(HOUR_NS)
    computer.utc_ns += step_s * S_NS
    for seq in (100, 150):
        kept.bad(seq)
    kept.commit()
    for seq, utc_ns in ((0, computer.utc_ns - step_s * S_NS), (50, computer.utc_ns), (100, RUN), (150, RUN + 1)):
        with kept.log._db as db:
            db.execute("UPDATE incidents SET utc_ns=? WHERE first_seq=?", (utc_ns, seq))
        os.utime(kept.data_dir / "evidence" / "belt" / str(RUN) / f"{seq:08d}", ns=(utc_ns, utc_ns))
    turns.turn(nothing)
    computer.on(HOUR_NS)
    turns.line = kept.line(RetentionSettings(evidence=KeptSettings(gb=gb_of(kept, "evidence", 0.6))))
    turns.turn(nothing)
    assert kept.folders("evidence") == [100, 150]


def test_a_clock_far_ahead_deletes_nothing_for_a_day_and_an_alarm_says_what_it_will_cost(kept: Kept) -> None:
    with kept.log._db as db:
        db.execute("UPDATE incidents SET utc_ns=?", (time.time_ns() - DAY_NS,))
    computer = Computer(utc_ns=time.time_ns())
    turns = Turns(kept.line(RetentionSettings(evidence=KeptSettings(days=30))), clock=computer.now)
    turns.turn(nothing)
    computer.utc_ns += 3650 * DAY_NS
    computer.on(2 * HOUR_NS)
    (swept,) = turns.turn(nothing)
    assert swept.alarm.startswith("retention.evidence: the computer's clock is 3650 days further")
    assert kept.folders("evidence") == [0, 50]
    computer.on(BELIEVED_NS)
    turns.turn(nothing)
    assert kept.folders("evidence") == []


def test_this_computer_has_such_clocks() -> None:
    first, second = moment(), moment()
    assert first.boot_id == second.boot_id
    assert second.boot_ns >= first.boot_ns > 0
