"""Which alarms stand, since when, and who knows of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from stream.lost import LOST_S
from stream.messages import CameraAlarm
from stream.web.alarms import GONE_S, LOST_TEXT, STANDING_MAX, STARTING_S, Acknowledged, AlarmBook, identity
from stream.web.talk import AlarmState, CameraView, PageCounts, PageStatus

SECOND = 1_000_000_000


def status(*texts: str, belt: tuple[str, ...] = ()) -> PageStatus:
    """A line that tells these alarms, its camera those."""
    alarms = tuple(CameraAlarm("DARK", text) for text in belt)
    camera = CameraView("belt", "running", "", 1000.0, 0.0, 0, 0, 0, 0, 0, 0, {}, False, 0, alarms)
    return PageStatus("line", "s", "", "", None, None, texts, (camera,), (), PageCounts(0, 0, 0, 0))


def see(book: AlarmBook, now_s: float, *texts: str, belt: tuple[str, ...] = ()) -> tuple[AlarmState, ...]:
    return book.see(status(*texts, belt=belt), now_s, int(now_s * SECOND))


def test_an_alarm_is_the_same_while_it_counts_up_and_is_known_by_whoever_said_so_first() -> None:
    book = AlarmBook()
    for second in range(5, 60):
        (state,) = see(book, second, f"no word from the recorder for {second} s: counts and incidents are old")
        assert (state.since_utc_ns, state.acknowledged_by) == (5 * SECOND, "")
    text = "no word from the recorder for 12 s: counts and incidents are old"
    assert book.standing(text, None) == book.standing(text, "") == (state,) and not book.standing(text, "belt")
    assert book.acknowledge(Acknowledged("", text, "ann", 60 * SECOND))
    assert not book.acknowledge(Acknowledged("", text, "ben", 61 * SECOND))
    (state,) = see(book, 61, "no word from the recorder for 61 s: counts and incidents are old")
    assert (state.acknowledged_by, state.acknowledged_utc_ns) == ("ann", 60 * SECOND) and " 61 s" in state.text


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("inspect 1 does not come up: it died 3 times", "inspect 1 does not come up: it died 12 times", True),
        ("inspect 1 does not come up: it died 3 times", "inspect 2 does not come up: it died 3 times", False),
        ("12 MB are free", "7 MB are free", True),
        ("the disk is 91 % full", "the disk is 92 % full", True),
        ("8 BAD frames have no evidence", "9 BAD frames have no evidence", True),
        ("the host gpu2 has said nothing for 9 s", "the host gpu3 has said nothing for 9 s", False),
    ],
)
def test_counts_are_no_part_of_an_alarm_and_numbers_in_names_are(one: str, other: str, same: bool) -> None:
    assert (identity(one, "") == identity(other, "")) is same


def test_a_lost_camera_is_an_alarm_after_a_while_the_same_one_until_it_is_back() -> None:
    def seen(state: str, now_s: float, why: str = "") -> tuple[AlarmState, ...]:
        camera = replace(status().cameras[0], state=state, text=why)
        return book.see(replace(status(), cameras=(camera,)), now_s, int(now_s * SECOND))

    book = AlarmBook()
    assert not seen("retrying", 10, "nothing listens there") and not seen("retrying", 10 + LOST_S - 0.1)
    (lost,) = seen("retrying", 10 + LOST_S, "another reason")
    assert (lost.camera, lost.text, lost.since_utc_ns) == ("belt", LOST_TEXT, int((10 + LOST_S) * SECOND))
    assert book.acknowledge(Acknowledged("belt", LOST_TEXT, "ann", 60 * SECOND))
    assert [state.acknowledged_by for state in seen("retrying", 600)] == ["ann"]
    assert not seen("running", 601) and not seen("retrying", 700) and not seen("ended", 710)
    seen("retrying", 720)
    assert [state.acknowledged_by for state in seen("retrying", 720 + LOST_S)] == [""], (
        "a new loss, of which nobody knows"
    )


def test_the_same_words_of_two_cameras_or_of_the_line_are_two_alarms() -> None:
    book = AlarmBook()
    assert len(see(book, 1, "dark", belt=("dark",))) == 2
    book.acknowledge(Acknowledged("belt", "dark", "ann", 2 * SECOND))
    assert {(s.camera, s.acknowledged_by) for s in see(book, 2, "dark", belt=("dark",))} == {("", ""), ("belt", "ann")}


def test_one_that_flickers_is_the_same_and_one_that_has_gone_is_new_when_it_comes_again() -> None:
    book = AlarmBook()
    see(book, 10, "dark")
    book.acknowledge(Acknowledged("", "dark", "ann", 11 * SECOND))
    assert see(book, 11) == (), "it is not told, so it does not stand"
    (state,) = see(book, 11 + GONE_S / 2, "dark")
    assert state.acknowledged_by == "ann"
    see(book, 13 + GONE_S)
    see(book, 20 + GONE_S)
    (state,) = see(book, 30, "dark")
    assert (state.acknowledged_by, state.since_utc_ns) == ("", 30 * SECOND)
    assert not book.acknowledge(Acknowledged("", "dark", "ann", 11 * SECOND)), "that was of the one before"


def test_a_page_that_is_started_again_knows_since_when_and_by_whom() -> None:
    book = AlarmBook()
    see(book, 10, "dark for 3 s", "gone meanwhile")
    again = AlarmBook(book.kept(), now_s=100.0)
    assert again.acknowledge(Acknowledged("", "dark for 4 s", "ann", 12 * SECOND))
    assert not again.acknowledge(Acknowledged("", "another", "ann", 12 * SECOND))
    assert see(again, 101) == ()
    (state,) = see(again, 99 + STARTING_S, "dark for 90 s")
    assert (state.text, state.since_utc_ns, state.acknowledged_by) == ("dark for 90 s", 10 * SECOND, "ann")
    see(again, 101 + STARTING_S, "dark for 92 s")
    assert not again.standing("gone meanwhile", None)


@given(st.lists(st.lists(st.text(max_size=8), max_size=4), max_size=20))
def test_what_stands_is_what_is_told_and_memory_is_bounded(told: list[list[str]]) -> None:
    book = AlarmBook()
    for second, texts in enumerate(told):
        states = see(book, float(second), *texts)
        assert {identity(s.text, "") for s in states} == {identity(text, "") for text in texts}
    many = see(book, 1000.0, *(f"alarm {'x' * n}" for n in range(2 * STANDING_MAX)))
    assert len(many) == STANDING_MAX >= len(book.kept())
