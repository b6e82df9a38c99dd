"""The intervals of a run, against a dictionary that knows each frame by itself."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.ledger import SETTLED, Interval, Ledger

OUTCOMES = ["GOOD", "BAD", "UNKNOWN", "dropped:newest"]
ADDITIONS = st.lists(
    st.tuples(st.integers(0, 30), st.integers(0, 8), st.sampled_from(OUTCOMES)).map(lambda a: (a[0], a[0] + a[1], a[2]))
)


def filled(additions: list[tuple[int, int, str]]) -> tuple[Ledger, dict[int, str]]:
    """The same additions in a ledger and, frame by frame, in a dictionary in which the first word stands."""
    ledger, frames = Ledger(), dict[int, str]()
    for start, stop, outcome in additions:
        new = ledger.add(start, stop, outcome)
        assert {s for first, last in new for s in range(first, last)} == set(range(start, stop)) - set(frames)
        for seq in range(start, stop):
            frames.setdefault(seq, outcome)
    return ledger, frames


@given(ADDITIONS)
def test_the_first_word_on_a_frame_stands(additions: list[tuple[int, int, str]]) -> None:
    ledger, frames = filled(additions)
    assert {seq: ledger.outcome(seq) for seq in range(45)} == {seq: frames.get(seq) for seq in range(45)}
    assert ledger.counts() == {o: n for o in OUTCOMES if (n := list(frames.values()).count(o))}


@given(ADDITIONS)
def test_intervals_are_in_order_apart_and_joined(additions: list[tuple[int, int, str]]) -> None:
    ledger, frames = filled(additions)
    intervals = ledger.intervals()
    assert {seq: i.outcome for i in intervals for seq in range(i.start, i.stop)} == frames
    for one, other in itertools.pairwise(intervals):
        assert one.start < one.stop <= other.start
        assert one.stop < other.start or one.outcome != other.outcome
    assert Ledger(reversed(intervals)).intervals() == intervals


@given(ADDITIONS, st.integers(0, 40))
def test_a_ledger_is_closed_when_it_tiles_what_was_captured(
    additions: list[tuple[int, int, str]], captured: int
) -> None:
    ledger, frames = filled(additions)
    assert ledger.closed(captured) == (set(frames) == set(range(captured)))
    gaps = [seq for start, stop in ledger.missing(0, captured) for seq in range(start, stop)]
    assert gaps == [seq for seq in range(captured) if seq not in frames]


@given(ADDITIONS)
def test_spans_name_every_frame_with_an_outcome_once(additions: list[tuple[int, int, str]]) -> None:
    ledger, frames = filled(additions)
    spans = ledger.spans()
    assert [seq for start, stop in spans for seq in range(start, stop)] == sorted(frames)
    assert all(one[1] < other[0] for one, other in itertools.pairwise(spans))


@given(st.lists(ADDITIONS, max_size=5))
def test_the_changes_replayed_give_the_intervals(parts: list[list[tuple[int, int, str]]]) -> None:
    ledger, disk = Ledger(), dict[int, Interval]()
    for part in parts:
        for addition in part:
            ledger.add(*addition)
        for start, interval in ledger.take_changes():
            disk.pop(start, None)
            if interval is not None:
                disk[start] = interval
        assert tuple(disk[start] for start in sorted(disk)) == ledger.intervals()
    assert ledger.take_changes() == ()


@given(st.lists(ADDITIONS, max_size=5))
def test_what_is_settled_changes_nothing_but_what_is_told_apart(parts: list[list[tuple[int, int, str]]]) -> None:
    whole, ledger, disk = Ledger(), Ledger(), dict[int, Interval]()
    for part in parts:
        assert [ledger.add(*addition) for addition in part] == [whole.add(*addition) for addition in part]
        ledger.settle(ledger.first_missing())  # nothing of it is taken yet: nothing of it may go
        for start, interval in ledger.take_changes():
            disk.pop(start, None)
            if interval is not None:
                disk[start] = interval
        ledger.settle(ledger.first_missing())
        assert tuple(disk[start] for start in sorted(disk)) == whole.intervals()
        assert (ledger.spans(), ledger.counts()) == (whole.spans(), whole.counts())
        assert ledger.first_missing() == whole.first_missing()
        told = [ledger.outcome(seq) for seq in range(45)]
        known = [whole.outcome(seq) for seq in range(45)]
        assert all(one == other or (one == SETTLED and other) for one, other in zip(told, known, strict=True))
        assert [ledger.closed(captured) for captured in range(45)] == [whole.closed(captured) for captured in range(45)]
        assert sum(interval.stop <= ledger.first_missing() for interval in ledger.intervals()) <= 1


def test_frames_between_intervals_that_are_settled_get_no_outcome_any_more() -> None:
    ledger = Ledger([Interval(2, 3, "dropped:newest"), Interval(5, 9, "dropped:newest")])
    ledger.settle(7)
    assert ledger.intervals() == (Interval(5, 9, "dropped:newest"),)
    assert ledger.add(0, 11, "UNKNOWN") == ((9, 11),)
    assert ledger.counts() == {"dropped:newest": 5, "UNKNOWN": 2}


@pytest.mark.parametrize(("start", "stop"), [(-1, 3), (5, 4)], ids=["below-zero", "downwards"])
def test_an_interval_runs_upwards_from_zero(start: int, stop: int) -> None:
    with pytest.raises(ValueError, match="upwards"):
        Ledger().add(start, stop, "GOOD")
