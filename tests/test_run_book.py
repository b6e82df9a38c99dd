"""A run's account: its digest knows each judged frame once, in no order."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.incidents import IncidentBook
from stream.run_book import RunBook, digest_term

WORDS = st.tuples(
    st.integers(0, 20), st.sampled_from(["GOOD", "BAD", "UNKNOWN"]), st.sampled_from([0.1, 0.9]), st.just("aa")
)
RUN_OF_FRAMES = st.lists(WORDS, unique_by=lambda word: word[0])


def book() -> RunBook:
    return RunBook("belt", 1, IncidentBook(10))


@given(st.data(), RUN_OF_FRAMES)
def test_neither_order_nor_repetition_changes_the_digest(
    data: st.DataObject, words: list[tuple[int, str, float, str]]
) -> None:
    straight, shuffled = book(), book()
    for word in words:
        assert straight.judge(*word)
    repeated = words + data.draw(st.lists(st.sampled_from(words))) if words else []
    for word in data.draw(st.permutations(repeated)):
        shuffled.judge(*word)
    assert shuffled.digest == straight.digest
    assert shuffled.ledger.intervals() == straight.ledger.intervals()


CASES = [
    pytest.param((1, "GOOD", 0.1, ""), (2, "GOOD", 0.1, ""), False, id="another-frame"),
    pytest.param((1, "GOOD", 0.1, ""), (1, "BAD", 0.1, ""), False, id="another-state"),
    pytest.param((1, "BAD", 0.1, ""), (1, "BAD", 0.1001, ""), False, id="score-by-a-ten-thousandth"),
    pytest.param((1, "BAD", 0.1, ""), (1, "BAD", 0.10001, ""), True, id="score-by-less"),
    pytest.param((1, "BAD", 0.9, "aa"), (1, "BAD", 0.9, "ab"), False, id="another-mask"),
    pytest.param((1, "UNKNOWN", None, ""), (1, "UNKNOWN", 0.4, "aa"), True, id="unknown-by-its-state-alone"),
]


@pytest.mark.parametrize(("one", "other", "same"), CASES)
def test_a_digest_tells_verdicts_apart(
    one: tuple[int, str, float | None, str], other: tuple[int, str, float | None, str], same: bool
) -> None:
    assert (digest_term(*one) == digest_term(*other)) == same


def test_unknown_by_capture_counts_as_unknown_by_an_inspector() -> None:
    by_capture, by_inspector = book(), book()
    by_capture.account(3, 5, "UNKNOWN")
    by_inspector.judge(4, "UNKNOWN", None, "")
    by_inspector.judge(3, "UNKNOWN", 0.3, "aa")
    assert by_capture.digest == by_inspector.digest != 0


def test_dropped_frames_are_no_part_of_the_digest() -> None:
    found = book()
    assert found.account(0, 5, "dropped:newest") == ((0, 5),)
    assert found.digest == 0


@pytest.mark.parametrize(
    ("captured", "ended", "closed"),
    [(3, True, True), (3, False, False), (4, True, False), (2, True, False)],
    ids=["all-accounted-for", "still-running", "one-missing", "one-too-many"],
)
def test_a_run_is_closed_when_it_is_over_and_each_frame_has_its_outcome(
    captured: int, ended: bool, closed: bool
) -> None:
    found = book()
    found.account(0, 2, "dropped:newest")
    found.judge(2, "GOOD", 0.1, "")
    found.captured, found.ended = captured, ended
    assert found.closed == closed
