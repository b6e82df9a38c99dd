"""BAD frames to incidents: whatever their order, the same incidents, and evidence of exactly the worst frames."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.incidents import BadFrame, Incident, IncidentBook, incidents_of

FRAMES = st.dictionaries(st.integers(0, 60), st.sampled_from([0.5, 0.7, 0.9])).map(
    lambda scores: [BadFrame(seq, score) for seq, score in scores.items()]
)
SHUFFLED = FRAMES.flatmap(st.permutations)
GAPS = st.integers(0, 12)


@given(SHUFFLED, GAPS, st.integers(0, 20))
def test_the_order_of_arrival_changes_nothing(frames: list[BadFrame], gap: int, known: int) -> None:
    book = IncidentBook(gap, frames[:known])
    for frame in frames[known:]:
        book.add(frame)
    assert book.incidents == incidents_of(frames, gap)
    assert len(book) == len(book.incidents)
    assert book.newest(2) == book.incidents[-2:]


@given(SHUFFLED, GAPS, st.integers(0, 3))
def test_what_is_settled_is_counted_and_touched_by_nothing(frames: list[BadFrame], gap: int, kept: int) -> None:
    whole, book = IncidentBook(gap), IncidentBook(gap)
    for number, frame in enumerate(frames):
        assert book.worst_if_added(frame) == whole.worst_if_added(frame)
        assert book.add(frame) == whole.add(frame)
        book.take_changes()
        book.settle(min((later.seq for later in frames[number + 1 :]), default=100), kept)
        assert len(book) == len(whole)
        assert book.incidents == whole.incidents[len(whole) - len(book.incidents) :]
    assert len(book.incidents) <= kept


@given(SHUFFLED, GAPS)
def test_at_the_end_exactly_the_worst_frames_have_evidence(frames: list[BadFrame], gap: int) -> None:
    book, evidence = IncidentBook(gap), set[int]()
    for frame in frames:
        wanted = book.worst_if_added(frame)
        placed = book.add(frame)
        assert wanted == (placed.incident.worst == frame)
        if wanted:
            evidence.add(frame.seq)
        assert evidence.issuperset(placed.superseded)
        evidence.difference_update(placed.superseded)
    assert evidence == {incident.worst.seq for incident in book.incidents}


def bad(*seqs: int, score: float = 0.9) -> list[BadFrame]:
    return [BadFrame(seq, score) for seq in seqs]


@pytest.mark.parametrize(
    ("frames", "gap", "spans"),
    [
        pytest.param([], 10, [], id="none"),
        pytest.param(bad(5), 10, [(5, 5, 1)], id="one"),
        pytest.param(bad(5, 15), 10, [(5, 15, 2)], id="as-far-apart-as-the-gap"),
        pytest.param(bad(5, 16), 10, [(5, 5, 1), (16, 16, 1)], id="farther-apart"),
        pytest.param(bad(5, 25, 15), 10, [(5, 25, 3)], id="a-bridge-comes-last"),
        pytest.param(bad(5, 6), 0, [(5, 5, 1), (6, 6, 1)], id="no-gap-allowed"),
    ],
)
def test_frames_within_the_gap_are_one_incident(
    frames: list[BadFrame], gap: int, spans: list[tuple[int, int, int]]
) -> None:
    assert [(i.first_seq, i.last_seq, i.frames) for i in incidents_of(frames, gap)] == spans


def test_the_worst_is_the_surest_and_the_earlier_of_two_equal_ones() -> None:
    (incident,) = incidents_of([BadFrame(3, 0.7), BadFrame(5, 0.9, 123), BadFrame(4, 0.9), BadFrame(6, 0.8)], 10)
    assert incident == Incident(3, 6, BadFrame(4, 0.9), 4)


@given(SHUFFLED, GAPS, GAPS)
def test_what_is_written_by_another_gap_is_written_anew(frames: list[BadFrame], gap: int, other: int) -> None:
    written = {incident.first_seq: incident for incident in incidents_of(frames, other)}
    book = IncidentBook(gap, frames, iter(incidents_of(frames, other)))
    for first, incident in book.take_changes():
        written.pop(first, None)
        written |= {} if incident is None else {first: incident}
    assert [written[first] for first in sorted(written)] == list(incidents_of(frames, gap))
    assert gap != other or not IncidentBook(gap, frames, iter(incidents_of(frames, gap))).take_changes()
