"""A threshold from reviews: figures that hold, intervals that cover, and words for what nobody knows."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.intervals import clopper_pearson
from stream.__main__ import main
from stream.minutes import Minute
from stream.proposal import Candidate, Counted, Proposal, SeenIncident, SeenSample, propose, thresholds
from stream.proposal_command import SHOWN_MOST, told
from stream.proposal_log import CameraProposal
from stream.proposal_shares import UNKNOWN, Estimate, drawn, weighted_share
from tests.frames import RUN
from tests.reviewed_log import ReviewedLog

IN_FORCE = 0.5
COUNTED = Counted(good=90_000, bad=1000, incidents=200, hours=10.0)

incidents = st.lists(
    st.builds(SeenIncident, st.floats(0.5, 1), st.booleans(), st.sampled_from(["a", "b", "c", "d", "e"])), max_size=30
)
samples = st.lists(
    st.builds(SeenSample, st.floats(0, 0.49), st.booleans(), st.floats(1, 1e4), st.sampled_from(list("abcdefgh"))),
    max_size=30,
)


# --- shares ----------------------------------------------------------------------------------------------------------


def test_alone_and_drawn_alike_a_share_is_clopper_and_pearsons() -> None:
    hits = np.arange(20) < 3
    found = weighted_share(hits, drawn([7.0] * 20, [str(i) for i in range(20)]), 0.95)
    exact = clopper_pearson(3, 20)
    assert found.value == pytest.approx(0.15)
    assert (found.low, found.high) == pytest.approx((exact.low, exact.high), abs=0.02)
    assert found.low <= exact.low + 0.005
    assert found.high is not None and found.high >= exact.high - 0.005


def test_of_nothing_nothing_is_known() -> None:
    assert weighted_share(np.empty(0, bool), drawn([], []), 0.95) == UNKNOWN


def test_one_group_many_times_tells_no_more_than_one_frame() -> None:
    found = weighted_share(np.zeros(100, bool), drawn([1.0] * 100, ["a"] * 100), 0.95)
    assert found.high == pytest.approx(clopper_pearson(0, 1).high)


@settings(max_examples=150, deadline=None)
@given(samples)
def test_an_interval_holds_its_value_and_lies_within_0_and_1(seen: list[SeenSample]) -> None:
    hits = np.array([one.missed for one in seen], bool)
    found = weighted_share(hits, drawn([one.weight for one in seen], [one.group for one in seen]), 0.95)
    if not seen:
        assert found == UNKNOWN
    else:
        assert found.value is not None and found.high is not None
        assert -1e-9 <= found.low <= found.value + 1e-9
        assert found.value - 1e-9 <= found.high <= 1 + 1e-9


# --- candidates ------------------------------------------------------------------------------------------------------


@settings(max_examples=100, deadline=None)
@given(incidents, samples)
def test_a_higher_threshold_lets_no_less_through_and_alarms_no_more(
    found: list[SeenIncident], seen: list[SeenSample]
) -> None:
    proposal = propose(found, seen, COUNTED, IN_FORCE)
    for low, high in zip(proposal.candidates, proposal.candidates[1:], strict=False):
        assert low.threshold < high.threshold
        if low.escapes.value is not None and high.escapes.value is not None:
            assert low.escapes.value <= high.escapes.value + 1e-9
        if low.false_alarms.value is not None and high.false_alarms.value is not None:
            assert low.false_alarms.value >= high.false_alarms.value - 1e-9
    if proposal.proposed is not None:
        (chosen,) = [one for one in proposal.candidates if one.threshold == proposal.proposed]
        assert chosen.escapes.high is not None and chosen.escapes.high <= proposal.wanted_per_1000


@given(incidents, samples)
def test_candidates_are_few_and_the_one_in_force_is_among_them(
    found: list[SeenIncident], seen: list[SeenSample]
) -> None:
    proposed = thresholds(found * 3, seen * 3, IN_FORCE)
    assert IN_FORCE in proposed
    assert len(proposed) <= 41
    assert list(proposed) == sorted(set(proposed))


def test_the_figures_are_those_one_reckons_by_hand() -> None:
    found = [SeenIncident(0.6, False, "a"), SeenIncident(0.8, True, "b"), SeenIncident(0.9, True, "c")]
    found += [SeenIncident(0.95, True, "d")]
    seen = [SeenSample(0.1, False, 900.0, "e"), SeenSample(0.45, True, 100.0, "f")]
    counted = Counted(good=9000, bad=1000, incidents=8, hours=2.0)
    by = {one.threshold: one for one in propose(found, seen, counted, IN_FORCE).candidates}
    assert by.keys() == {0.275, 0.5, 0.525, 0.7, 0.85, 0.925}
    # 8 incidents of 10,000 frames are 0.8 of 1,000, a quarter of them false; a tenth of 900 GOOD ones is missed
    assert by[0.5].false_alarms.value == pytest.approx(0.2)
    assert by[0.5].escapes.value == pytest.approx(90.0)
    assert by[0.7].false_alarms.value == pytest.approx(0.0)
    assert by[0.85].escapes.value == pytest.approx(90.0 + 0.2)
    assert by[0.275].escapes.value == pytest.approx(0.0)
    assert by[0.5].false_alarms_a_shift.value == pytest.approx(0.2 * 8 * 10_000 / 2 / 1000)


def test_without_samples_nobody_knows_what_escapes_and_nothing_is_proposed() -> None:
    proposal = propose([SeenIncident(0.9, True, "a")], [], COUNTED, IN_FORCE)
    assert proposal.proposed is None
    assert proposal.candidates[0].escapes == UNKNOWN
    assert any("nobody knows what escapes" in said for said in proposal.unknown)


def test_too_few_clean_samples_promise_nothing_and_it_is_said_how_many_would() -> None:
    seen = [SeenSample(0.1, False, 100.0, str(at)) for at in range(50)]
    proposal = propose([], seen, COUNTED, IN_FORCE, wanted_per_1000=10.0)
    assert proposal.proposed is None
    assert any("299 samples" in said for said in proposal.unknown)
    many = [SeenSample(0.1, False, 100.0, str(at)) for at in range(600)]
    assert propose([SeenIncident(0.9, True, "z")], many, COUNTED, IN_FORCE, wanted_per_1000=10.0).proposed is not None


# --- simulation ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class World:
    """A line of which everything is known."""

    scores: np.ndarray  # (N,) of each frame
    bad: np.ndarray  # (N,) bool


def world(seed: int, frames: int = 20_000) -> World:
    draws = np.random.default_rng(seed)
    bad = draws.random(frames) < 0.04
    scores = np.where(bad, draws.beta(5, 2, frames), draws.beta(1.2, 9, frames))
    return World(scores, bad)


def looked_at(line: World, seed: int) -> Proposal:
    """As samples are taken, nearly BAD ones more, and as people review: each frame is its own part."""
    draws = random.Random(seed)
    chosen_bad = line.scores >= IN_FORCE
    chances = np.where(line.scores >= IN_FORCE - 0.2, 0.25, 0.02)
    found = [
        SeenIncident(float(line.scores[at]), bool(line.bad[at]), str(at))
        for at in np.flatnonzero(chosen_bad)
        if draws.random() < 0.5
    ]
    seen = [
        SeenSample(float(line.scores[at]), bool(line.bad[at]), float(1 / chances[at]), str(at))
        for at in np.flatnonzero(~chosen_bad)
        if draws.random() < chances[at]
    ]
    good, caught = int((~chosen_bad).sum()), int(chosen_bad.sum())
    return propose(found, seen, Counted(good, caught, caught, 8.0), IN_FORCE)


def nearest(candidates: tuple[Candidate, ...], threshold: float) -> Candidate:
    return min(candidates, key=lambda one: abs(one.threshold - threshold))


def test_the_intervals_cover_what_is_true() -> None:
    """At least as often as they say, over many lines, at the threshold in force and above and below it."""
    escapes, alarms = [], []
    for seed in range(30):
        line = world(seed)
        candidates = looked_at(line, seed).candidates
        for one in (nearest(candidates, at) for at in (0.35, IN_FORCE, 0.65)):
            let_through = 1000 * float((line.bad & (line.scores < one.threshold)).mean())
            false = 1000 * float((~line.bad & (line.scores >= one.threshold)).mean())
            assert one.escapes.high is not None and one.false_alarms.high is not None
            escapes.append(one.escapes.low <= let_through <= one.escapes.high)
            alarms.append(one.false_alarms.low <= false <= one.false_alarms.high)
    assert np.mean(escapes) >= 0.95
    assert np.mean(alarms) >= 0.95


# --- from a log ------------------------------------------------------------------------------------------------------


@pytest.fixture
def log(tmp_path: Path) -> ReviewedLog:
    """Two true incidents, one false; six clean samples, one missed, one whose neighbour was caught."""
    made = ReviewedLog(tmp_path / "data")
    made.bad(0, "defect")
    made.bad(1000, "defect")
    made.bad(2000, "false_alarm")
    made.bad(3000)
    for at in range(6):
        made.good(4000 + 1000 * at, "clean")
    made.good(20_000, "missed", stroked=True)
    made.good(1005, "missed", stroked=True)
    made.good(30_000)
    made.books.staged.batch.add_minute("belt", RUN // 60_000_000, Minute(good=9000, bad=1000))
    return made


def line_file(log: ReviewedLog) -> Path:
    path = log.data_dir.parent / "line.yaml"
    path.write_text(f"cameras:\n  belt:\n    source: 'synthetic:'\ndata_dir: {log.data_dir}\n")
    return path


def test_the_command_says_it_for_programs(log: ReviewedLog, capsys: pytest.CaptureFixture[str]) -> None:
    log.write()
    assert main(["proposal", str(line_file(log)), "--json"]) == 1
    (found,) = json.loads(capsys.readouterr().out)
    assert (found["camera"], found["bundle"], found["counted"]["incidents"]) == ("belt", "codes-1", 4)
    proposal = found["proposal"]
    assert (proposal["in_force"], proposal["incidents"], proposal["samples"]) == (0.5, 3, 8)
    at = {one["threshold"]: one for one in proposal["candidates"]}[0.5]
    good, frames = found["counted"]["good"], found["counted"]["good"] + found["counted"]["bad"]
    assert at["escapes"]["value"] == pytest.approx(1000 * good / frames / 8)


def test_the_command_says_it_for_people(log: ReviewedLog, capsys: pytest.CaptureFixture[str]) -> None:
    log.write()
    assert main(["proposal", str(line_file(log)), "--escapes", "900"]) == 0
    said = capsys.readouterr().out
    assert "in force" in said
    assert "Proposed: " in said
    assert "3 incidents and 8 samples of GOOD were reviewed" in said


def test_what_is_not_there_is_said(log: ReviewedLog, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["proposal", str(line_file(log))]) == 2
    assert "no log here" in capsys.readouterr().err
    log.write()
    assert main(["proposal", str(line_file(log)), "--camera", "lid"]) == 2
    assert "lid is not in the log; it has belt" in capsys.readouterr().err


def estimate(value: float) -> Estimate:
    return Estimate(value, value / 2, value * 2)


def test_people_are_shown_a_few_thresholds_with_figures_that_can_be_read() -> None:
    candidates = tuple(
        Candidate(n / 41, estimate(3390.4), estimate(4e-10), estimate(94_612.0), estimate(0.25)) for n in range(41)
    )
    proposal = Proposal(16 / 41, 1.0, 33 / 41, candidates, 29, 35, ())
    said = list(told(CameraProposal("belt", "codes-1", 0, Counted(971, 29, 29, 8.0), proposal)))
    rows = [row for row in said if "escapes," in row]
    assert len(rows) <= SHOWN_MOST + 2 and f"  {len(rows)} of 41 thresholds; --json gives all" in said
    assert [row for row in rows if row.endswith(" in force")] and [row for row in rows if row.endswith(" proposed")]
    assert "3 390 (1 700 to 6 780)" in rows[0] and "<0.001 (<0.001 to <0.001)" in rows[0]
    assert "94 600 escapes, 0.25 false alarms" in rows[0]
