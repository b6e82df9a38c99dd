"""What people read when a line has ended."""

from __future__ import annotations

import pytest

from stream.incidents import IncidentBook
from stream.messages import CHALLENGE_SOURCE
from stream.run_book import RunBook
from stream.summary import CameraSummary, LatencySummary, SessionSummary, as_text
from stream.tally import counts


def summary_of(runs: list[int], captured: int, *, closed: bool) -> SessionSummary:
    camera = CameraSummary(runs, captured, captured, 0, 0, {}, closed, "0" * 64, 0, [], 0)
    return SessionSummary({"belt": camera}, 0, LatencySummary(None, None), "", "", "data", "session")


@pytest.mark.parametrize(
    ("summary", "said"),
    [
        pytest.param(summary_of([1], 9, closed=True), "closed: every frame is accounted for", id="closed"),
        pytest.param(summary_of([1], 9, closed=False), "OPEN: some frames are not accounted for", id="open"),
        pytest.param(summary_of([1], 0, closed=False), "OPEN: some frames are not accounted for", id="killed at once"),
        pytest.param(summary_of([], 0, closed=False), "empty: the camera gave no picture", id="never there"),
    ],
)
def test_the_ledger_is_said_to_be_open_only_where_there_were_frames(summary: SessionSummary, said: str) -> None:
    (line,) = (line for line in as_text(summary, (), ()).splitlines() if line.startswith("  Ledger"))
    assert line.removeprefix("  Ledger").strip() == said


@pytest.mark.parametrize(
    ("books", "closed"),
    [
        pytest.param([], True, id="no run"),
        pytest.param([("lid", "lid.mp4", False)], True, id="another camera's"),
        pytest.param([("belt", "belt.mp4", False)], False, id="a run that goes on"),
        pytest.param([("belt", f"{CHALLENGE_SOURCE}known-bad", False)], False, id="a challenge that goes on"),
        pytest.param([("belt", f"{CHALLENGE_SOURCE}known-bad", True)], True, id="nothing but a challenge that is over"),
    ],
)
def test_a_ledger_is_closed_unless_a_run_goes_on_or_a_frame_is_missing(
    books: list[tuple[str, str, bool]], closed: bool
) -> None:
    made = [RunBook(of, 1, IncidentBook(3), source=source, ended=ended) for of, source, ended in books]
    assert counts("belt", made).ledger_closed is closed
