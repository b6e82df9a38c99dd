"""What people read when a line has ended."""

from __future__ import annotations

import pytest

from stream.summary import CameraSummary, LatencySummary, SessionSummary, as_text


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
