"""The drawn line: its pictures are what its truth says, and the same for the same seed."""

from __future__ import annotations

import csv
import itertools
import json
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.verdict import Box, State
from stream.sources.synthetic.belt import Belt
from stream.sources.synthetic.camera import seen_aslant, tilted
from stream.sources.synthetic.crop import SIDE_PX, tight_crop
from stream.sources.synthetic.fonts import bold_fonts, held_out, shipped_fonts, split_fonts
from stream.sources.synthetic.looks import random_look
from stream.sources.synthetic.parts import SCRATCH_KINDS, UNMET_KINDS, ScratchLook, draw_part, random_part
from stream.sources.synthetic.surfaces import SURFACES, surface
from stream.sources.synthetic.truth import (
    PartTruth,
    RecordingTruth,
    incidents_of,
    read_truth,
    score_incidents,
    truth_path,
    write_truth,
)
from stream.sources.synthetic.visibility import change_between, mask_of, state_of, visibility
from tools.films import decode
from tools.synthesize import run

DEMO = Path(__file__).parent.parent / "recordings" / "demo.mp4"
FONTS = shipped_fonts()


@pytest.fixture(scope="module")
def belt() -> Belt:
    return Belt(640, 480, 25.0, seed=3, scratched_share=0.5)


# The belt.


def test_a_frame_depends_on_settings_seed_and_seq_alone(belt: Belt) -> None:
    again = Belt(640, 480, 25.0, seed=3, scratched_share=0.5)
    for seq in (90, 0, 45, 46):
        assert np.array_equal(belt.frame(seq), again.frame(seq)), seq


def test_another_seed_shows_another_line(belt: Belt) -> None:
    other = Belt(640, 480, 25.0, seed=4, scratched_share=0.5)
    assert [p.text for p in belt.parts(0, 400)] != [p.text for p in other.parts(0, 400)]


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (1920, 1080), (320, 240)])
def test_frames_have_the_size_asked_for_and_the_region_is_at_most_400(width: int, height: int) -> None:
    belt = Belt(width, height, 30.0, seed=1)
    picture = belt.frame(7)
    assert picture.shape == (height, width, 3)
    assert picture.dtype == np.uint8
    box = belt.region
    assert 0 <= box.x0 < box.x1 <= width and 0 <= box.y0 < box.y1 <= height
    assert box.width <= 400 and box.height <= 400


def test_a_frame_is_its_callers_own(belt: Belt) -> None:
    belt.frame(30)[:] = 0
    assert belt.frame(30).any()


def test_a_part_moves_and_the_belt_is_empty_between_two(belt: Belt) -> None:
    first, second = belt.parts(0, 400)[:2]
    assert first.last_seq < second.first_seq - 1
    middle = (first.first_seq + first.last_seq) // 2
    assert not np.array_equal(belt.frame(middle), belt.frame(middle + 1))
    assert visibility(belt.change((first.last_seq + second.first_seq) // 2)) == 0


def test_what_changes_the_region_is_what_the_truth_says(belt: Belt) -> None:
    spans = [(p.first_seq, p.last_seq) for p in belt.parts(0, 300) if p.scratched]
    must = [(p.must_first_seq, p.must_last_seq) for p in belt.parts(0, 300) if p.scratched]
    assert spans and None not in must[0]
    for seq in range(0, 200, 3):
        inside = any(first <= seq <= last for first, last in spans)
        assert state_of(belt.change(seq)) is not State.BAD or inside, seq
        if any(first == seq or last == seq for first, last in must):
            assert state_of(belt.change(seq)) is State.BAD, seq


def test_each_scratched_part_must_be_seen_for_some_frames() -> None:
    parts = Belt(1280, 720, 25.0, seed=5).parts(0, 900)
    assert {part.scratched for part in parts} == {True, False}
    for part in parts:
        must = part.must_first_seq, part.must_last_seq
        assert part.scratched == (part.kind is not None) == (None not in must) == (must != (None, None))
        if part.must_first_seq is not None and part.must_last_seq is not None:
            assert part.first_seq <= part.must_first_seq <= part.must_last_seq <= part.last_seq


def test_parts_of_a_later_stretch_are_the_same_as_of_the_whole(belt: Belt) -> None:
    whole = belt.parts(0, 600)
    later = belt.parts(300, 600)
    assert later == tuple(p for p in whole if p.last_seq >= 300)


def test_a_clean_line_has_no_scratch() -> None:
    belt = Belt(640, 480, 25.0, seed=2, scratched_share=0.0)
    assert not any(part.scratched for part in belt.parts(0, 500))
    assert not any(belt.change(seq).any() for seq in range(0, 200, 10))


def test_any_look_can_be_drawn() -> None:
    for seed in range(6):
        look = random_look(np.random.default_rng(seed), FONTS)
        assert Belt(480, 480, 25.0, seed, look=look).frame(40).std() > 0


def test_1080p_is_drawn_faster_than_any_camera() -> None:
    belt = Belt(1920, 1080, 30.0, seed=1)
    for seq in range(200):  # draws the parts
        belt.frame(seq)
    started, frames = time.process_time(), 60
    for seq in range(100, 100 + frames):
        belt.frame(seq)
    assert frames / (time.process_time() - started) > 60


# Crops.


@pytest.mark.parametrize("state", [State.GOOD, State.BAD])
def test_a_crop_is_what_was_asked_for(state: State) -> None:
    for seed in range(6):
        crop = tight_crop(np.random.default_rng(seed), FONTS, state)
        assert crop.state is state
        assert crop.picture.shape[:2] == crop.mask.shape
        assert all(SIDE_PX[0] <= side < SIDE_PX[1] for side in crop.mask.shape)
        assert bool(crop.mask.any()) == (state is State.BAD)
        assert (crop.kind is None) == (state is State.GOOD)


def test_a_crop_depends_on_the_seed_alone() -> None:
    one, other = (tight_crop(np.random.default_rng(8), FONTS, State.BAD) for _ in range(2))
    assert np.array_equal(one.picture, other.picture) and np.array_equal(one.mask, other.mask)


@pytest.mark.parametrize("kind", SCRATCH_KINDS + UNMET_KINDS)
def test_every_kind_of_scratch_changes_the_picture_near_the_code_only(kind: str) -> None:
    rng = np.random.default_rng(4)
    look = random_part(rng, FONTS, (150.0, 150.0))
    drawn = draw_part(rng, look, ScratchLook(kind, 1.0, 0.5), 240, 300, (150.0, 120.0))
    change = change_between(drawn.clean, drawn.scratched)
    assert visibility(change) > 0
    assert 0 < mask_of(change).mean() < 0.5


def test_nothing_is_trained_on_the_kinds_that_are_kept_for_measuring(tmp_path: Path) -> None:
    assert not set(SCRATCH_KINDS) & set(UNMET_KINDS)
    for name, kinds in (("usual", SCRATCH_KINDS), ("unmet", UNMET_KINDS)):
        out = tmp_path / name
        arguments = ["--good", "1", "--bad", "4", "--fonts", str(FONTS[0].parent), "--line-share", "0"]
        run(["dataset", "--out", str(out), "--jobs", "1", "--kinds", name, *arguments])
        with (out / "index.csv").open(newline="") as index:
            assert {row["kind"] for row in csv.DictReader(index) if row["state"] == "BAD"} <= set(kinds)


def test_a_camera_that_looks_aslant_shows_the_same_to_its_edges() -> None:
    picture = np.full((90, 120, 3), 200, np.float32)
    picture[40:50, 55:65] = 20
    for seed in range(8):
        seen = seen_aslant(picture, tilted(np.random.default_rng(seed), 90, 120))
        assert seen.shape == picture.shape
        assert seen.min() < 60 and seen[[0, -1]].min() > 199


@pytest.mark.parametrize("kind", list(SURFACES))
def test_every_surface_keeps_its_level_and_its_texture_below_what_counts_as_scratched(kind: str) -> None:
    face = surface(np.random.default_rng(1), kind, 200, 260, 160.0)
    assert face.shape == (200, 260, 3)
    assert abs(float(face.mean()) - 160) < 15
    assert float(face.std()) < 20


# The rule.


def test_the_rule_at_its_limits() -> None:
    def line(length: int) -> np.ndarray:
        change = np.zeros((400, 400), np.uint8)
        change[200, :length] = 255
        return change

    assert state_of(line(40)) is State.BAD
    assert state_of(line(39)) is State.UNKNOWN
    assert state_of(line(10)) is State.UNKNOWN
    assert state_of(line(9)) is State.GOOD


def test_what_is_fainter_than_8_percent_is_not_seen() -> None:
    assert state_of(np.full((100, 100), 19, np.uint8)) is State.GOOD
    assert state_of(np.full((100, 100), 20, np.uint8)) is State.BAD
    assert not mask_of(np.full((100, 100), 19, np.uint8)).any()


@given(st.integers(0, 2**32 - 1), st.integers(0, 60))
@settings(max_examples=40, deadline=None)
def test_more_change_is_never_less_visible(seed: int, more: int) -> None:
    change = np.random.default_rng(seed).integers(0, 120, (30, 30)).astype(np.uint8)
    assert visibility(change + np.uint8(more)) >= visibility(change)


# Fonts.


def test_shipped_fonts_print_codes_and_carry_their_licences() -> None:
    assert len(FONTS) == 3
    folder = FONTS[0].parent
    assert bold_fonts(folder) == FONTS
    texts = "".join(path.read_text() for path in folder.glob("*.txt"))
    assert all(font.name in texts for font in FONTS)


def test_no_font_family_is_both_trained_on_and_measured_on() -> None:
    names = [Path(f"Family{i}-{weight}.ttf") for i in range(60) for weight in ("Bold", "Black")]
    train, measure = split_fonts(names)
    assert train and measure and len(train) + len(measure) == len(names)
    assert not {p.stem.split("-")[0] for p in train} & {p.stem.split("-")[0] for p in measure}
    assert all(held_out(path) for path in measure)


# Truth.

spans = st.tuples(st.integers(0, 500), st.integers(0, 60)).map(lambda s: (s[0], s[0] + s[1]))


@st.composite
def truths(draw: st.DrawFn) -> RecordingTruth:
    parts = [
        PartTruth(i, "72R0", draw(st.booleans()), first, last)
        for i, (first, last) in enumerate(draw(st.lists(spans, max_size=8)))
    ]
    return RecordingTruth(25.0, 600, Box(0, 0, 400, 400), draw(st.integers(0, 99)), tuple(parts))


@given(truths(), st.lists(spans, max_size=8), st.integers(0, 20))
def test_a_score_counts_each_part_and_each_incident_once(truth, incidents, slack) -> None:
    score = score_incidents(truth, incidents, slack)
    assert 0 <= score.found <= score.scratched == sum(p.scratched for p in truth.parts)
    assert 0 <= score.false_alarms <= len(incidents)
    assert (score.found == 0) == (score.false_alarms == len(incidents))


@given(truths(), st.lists(spans, max_size=8), st.integers(0, 20))
def test_more_slack_never_finds_less(truth, incidents, slack) -> None:
    tight, loose = score_incidents(truth, incidents, slack), score_incidents(truth, incidents, slack + 1)
    assert loose.found >= tight.found
    assert loose.false_alarms <= tight.false_alarms


@given(truths(), st.integers(0, 5))
def test_the_truth_itself_scores_full(truth, slack) -> None:
    exact = [(p.first_seq, p.last_seq) for p in truth.parts if p.scratched]
    assert score_incidents(truth, exact, slack) == (len(exact), len(exact), 0)


@given(truths())
def test_no_incident_finds_nothing_and_is_no_false_alarm(truth) -> None:
    assert score_incidents(truth, []) == (0, sum(p.scratched for p in truth.parts), 0)


@given(st.sets(st.integers(0, 300)), st.integers(1, 20))
def test_incidents_cover_every_bad_frame_and_are_further_apart_than_the_gap(seqs, gap) -> None:
    found = incidents_of(seqs, gap)
    assert all(any(a <= seq <= b for a, b in found) for seq in seqs)
    assert all(a in seqs and b in seqs for a, b in found)
    assert all(after[0] - before[1] > gap for before, after in itertools.pairwise(found))


def test_a_truth_file_gives_back_what_was_written(tmp_path: Path, belt: Belt) -> None:
    path = truth_path(tmp_path / "belt.mp4")
    assert path.name == "belt.truth.json"
    write_truth(path, belt.truth(200))
    assert read_truth(path) == belt.truth(200)
    held = json.loads(path.read_text())
    assert set(held) == {"format", "fps", "frames", "region", "seed", "parts"}


def test_what_is_no_truth_file_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "x.truth.json"
    path.write_text("{}")
    with pytest.raises(ValueError, match=r"x\.truth\.json: not a truth file"):
        read_truth(path)


# The command and the shipped recording.


def test_a_dataset_has_the_reference_layout_and_is_the_same_again(tmp_path: Path) -> None:
    arguments = ["--good", "4", "--bad", "3", "--seed", "5", "--fonts", str(FONTS[0].parent)]
    for name, jobs in (("one", "1"), ("two", "2")):
        run(["dataset", "--out", str(tmp_path / name), "--jobs", jobs, *arguments])
    files = sorted(p.relative_to(tmp_path / "one") for p in (tmp_path / "one").rglob("*.png"))
    assert [len([p for p in files if p.parts[0] == d]) for d in ("good", "bad", "masks")] == [4, 3, 3]
    assert {p.name for p in files if p.parts[0] == "bad"} == {p.name for p in files if p.parts[0] == "masks"}
    for path in [*files, Path("index.csv")]:
        assert (tmp_path / "one" / path).read_bytes() == (tmp_path / "two" / path).read_bytes(), path
    for path in (p for p in files if p.parts[0] == "masks"):
        mask = cv2.imread(str(tmp_path / "one" / path), cv2.IMREAD_UNCHANGED)
        assert set(np.unique(mask)) == {0, 255}


def test_a_recording_is_film_and_truth(tmp_path: Path) -> None:
    path = tmp_path / "belt.mp4"
    run(["recording", "--out", str(path), "--seconds", "1.2", "--fps", "20", "--size", "320x240", "--seed", "2"])
    pictures = list(decode(path))
    truth = read_truth(truth_path(path))
    assert len(pictures) == truth.frames == 24
    drawn = Belt(320, 240, 20.0, 2)
    difference = np.abs(pictures[20].astype(int) - drawn.frame(20).astype(int))
    assert difference.mean() < 6


def test_the_shipped_recording_is_what_its_truth_says() -> None:
    assert DEMO.stat().st_size <= 5_000_000
    truth = read_truth(truth_path(DEMO))
    assert sum(part.scratched for part in truth.parts) >= 4
    drawn = Belt(1280, 720, truth.fps, truth.seed)
    assert drawn.region == truth.region
    for written, part in zip(truth.parts, drawn.truth(truth.frames).parts, strict=True):
        assert (written.text, written.scratched, written.kind) == (part.text, part.scratched, part.kind)
        # Another build of the drawing libraries may move an edge by a pixel, and so a span by a frame.
        assert abs(written.first_seq - part.first_seq) <= 1 and abs(written.last_seq - part.last_seq) <= 1
    picture = next(itertools.islice(decode(DEMO), 100, None))
    assert np.abs(picture.astype(int) - drawn.frame(100).astype(int)).mean() < 6
