"""What the suite `page` makes of what a browser drew."""

from __future__ import annotations

from tests.frames import judged
from tools.bench_page import to_canvas
from tools.bench_page_viewers import Drawn


def test_ages_on_the_canvas_are_told_of_all_of_bad_ones_and_since_the_verdict() -> None:
    verdicts = [judged(seq, "BAD" if seq == 3 else "GOOD") for seq in range(4)]  # each 20 ms after its capture
    seen = [Drawn(0, 30.0), Drawn(1, 32.0), Drawn(3, 70.0), Drawn(9, 34.0)]
    assert to_canvas(seen, verdicts) == {
        "to canvas, p50 ms": 32.0,
        "to canvas, p95 ms": 70.0,
        "BAD to canvas, p50 ms": 70.0,
        "BAD to canvas, p95 ms": 70.0,
        "verdict to canvas, p50 ms": 12.0,
        "verdict to canvas, p95 ms": 50.0,
        "pictures drawn": 4,
    }


def test_where_nothing_was_drawn_nothing_is_said() -> None:
    assert to_canvas([], [judged(1)]) == {}
