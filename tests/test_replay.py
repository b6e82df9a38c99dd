"""What a replay says of two runs of one recording."""

from __future__ import annotations

import pytest

from stream.incidents import IncidentBook
from stream.replay import Change, changes, difference
from stream.run_book import RunBook

Words = list[tuple[str, float]]
BEFORE: Words = [("GOOD", 0.1), ("BAD", 0.9), ("GOOD", 0.2), ("UNKNOWN", 0.0)]


def book(run: int, words: Words) -> RunBook:
    found = RunBook("belt", run, IncidentBook(10), captured=len(words), ended=True)
    for seq, (state, score) in enumerate(words):
        found.judge(seq, state, None if state == "UNKNOWN" else score, "")
    return found


@pytest.mark.parametrize(
    ("after", "expected", "note"),
    [
        pytest.param(BEFORE, [], "all 4 frames are judged as in run 1, bit for bit", id="the-same"),
        pytest.param(
            [("GOOD", 0.1), ("GOOD", 0.4), *BEFORE[2:]],
            [Change(1, "BAD", "GOOD")],
            "1 of 4 frames are judged otherwise than in run 1",
            id="another-state",
        ),
        pytest.param([("GOOD", 0.11), *BEFORE[1:]], [], "scores or masks differ from run 1", id="another-score"),
        pytest.param(BEFORE[:3], [Change(3, "UNKNOWN", None)], "1 of 3 frames", id="a-frame-less"),
        pytest.param([*BEFORE, ("BAD", 0.8)], [Change(4, None, "BAD")], "1 of 5 frames", id="a-frame-more"),
        pytest.param([], [Change(s, w, None) for s, (w, _) in enumerate(BEFORE)], "4 of 0 frames", id="nothing"),
    ],
)
def test_the_frames_whose_verdict_changed_are_named(after: Words, expected: list[Change], note: str) -> None:
    one, other = book(1, BEFORE), book(2, after)
    changed = list(changes(one, other))
    assert changed == expected
    assert difference(one, other, changed).startswith(note)
