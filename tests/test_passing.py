"""What passes a golden set, and what the set is."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from detector.verdict import State
from stream.promotions import Limits, Measured
from tests.bundles import write_golden_set
from tools.golden_set import GoldenSetError, read_golden_set
from tools.passing import Called, measured, offending, why_refused


def called(truth: str, state: str, score: float | None = 0.5) -> Called:
    return Called(f"{truth.lower()}/{state}.png", State(truth), State(state), score)


def test_unknown_counts_against_the_bundle_on_either_side() -> None:
    calls = [called(truth, state) for truth in ("GOOD", "BAD") for state in ("GOOD", "BAD", "UNKNOWN")]
    assert measured(calls) == Measured(good=3, bad=3, escapes=2, false_rejects=2, unknown=2)


@pytest.mark.parametrize(
    ("escapes", "false_rejects", "words"),
    [
        pytest.param(1, 2, None, id="at its limits"),
        pytest.param(2, 0, "escapes: 2, at most 1 allowed", id="escapes"),
        pytest.param(0, 3, "false rejects: 3, at most 2 allowed", id="false rejects"),
    ],
)
def test_a_bundle_passes_up_to_its_limits(escapes: int, false_rejects: int, words: str | None) -> None:
    assert why_refused(Measured(9, 9, escapes, false_rejects, 0), Limits(1, 2)) == words


def test_escapes_are_listed_first_and_the_worst_before_the_others() -> None:
    calls = [
        called("GOOD", "BAD", 0.9),
        called("BAD", "GOOD", 0.4),
        called("BAD", "BAD", 0.9),
        called("BAD", "GOOD", 0.1),
    ]
    assert [call.score for call in offending(calls)] == [0.1, 0.4, 0.9]


def test_a_label_is_part_of_what_the_golden_sets_hash_is_over(tmp_path: Path) -> None:
    folder = write_golden_set(tmp_path / "set")
    before = read_golden_set(folder).sha256
    assert read_golden_set(folder).sha256 == before
    shutil.move(folder / "bad" / "0.png", folder / "good" / "x.png")
    assert read_golden_set(folder).sha256 != before


def test_a_picture_that_changes_while_the_set_is_judged_is_noticed(tmp_path: Path) -> None:
    golden = read_golden_set(write_golden_set(tmp_path / "set"))
    golden.pictures[0].path.write_bytes(b"another")
    with pytest.raises(GoldenSetError, match="was changed"):
        golden.pictures[0].picture()
