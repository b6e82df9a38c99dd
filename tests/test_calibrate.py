"""Calibrating: what was learnt is kept, read and refused in words; a target's scale; the command on real pictures."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import cv2
import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace as replace_field

from stream.__main__ import main
from stream.calibrate import as_it_judges
from stream.chosen_recipe import choice_of, keep_choice
from stream.claim import Claim
from stream.configuration import read_line
from stream.good_pictures import good_pictures
from stream.health_desk import HealthDesk, health_of
from stream.learning import MOMENTS_MOST, Learning, Thinned, standing_in
from stream.learnt import (
    Learnt,
    LearntError,
    Standing,
    control_key,
    learnt_file,
    learnt_for,
    look_at_learnt,
    read_learnt,
    write_learnt,
)
from stream.places import Places, places_for
from stream.ring import Ring
from stream.settings import CameraSettings, ControlSettings, HealthSettings, Window
from stream.sources.source import Picture, SourceError
from stream.target import CHESSBOARD, DOTS, find_target
from stream.watched_file import Said
from tests.line import DEADLINE_S, ROOT, data_dir_of, running, wait_for, write_line

STANDING = Standing(4, 2, bytes(range(8)), bytes([0, 1] * 4), 0.5)
LEARNT = Learnt("belt", "2026-11-23T08:00:00+00:00", 1500, 640, 480, 29.0, 0.4, True, 0.04, 0.02, STANDING, ("x: y",))
BELT = CameraSettings("belt", "synthetic:")
Told = list[tuple[int, str, str]]


def stream(*words: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "stream", *map(str, words)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=3 * DEADLINE_S, check=False)


def grey(level: int, width: int = 96) -> np.ndarray:
    return np.full((64, width, 3), level, np.uint8)


# --- what is kept ----------------------------------------------------------------------------------------------------


def test_what_was_learnt_is_read_as_it_was_written(tmp_path: Path) -> None:
    assert read_learnt(tmp_path, "belt") is None
    write_learnt(tmp_path, LEARNT)
    write_learnt(tmp_path, replace_field(LEARNT, pictures=7))
    found = read_learnt(tmp_path, "belt")
    assert found == replace_field(LEARNT, pictures=7) and found.standing is not None
    picture, places = found.standing.arrays()
    assert picture.tolist() == [[0, 1, 2, 3], [4, 5, 6, 7]] and places.sum() == 4


def changed(**changes: object) -> bytes:
    document = json.loads(msgspec.json.encode(LEARNT))
    return json.dumps(document | changes).encode()


DAMAGED = {
    "empty": b"",
    "half": changed()[:200],
    "another version": changed(version=2),
    "another camera": changed(camera="lid"),
    "a camera that is set otherwise": changed(control="0123456789ab"),
    "no number": changed(level_least="dark"),
    "not finite": changed().replace(b"29.0", b"1e999"),
    "out of range": changed(burnt_most=1.5),
    "a standing picture of another size": changed(standing={**json.loads(changed())["standing"], "width": 5}),
    "too long": changed(not_told=["x" * 399] * 3000),
    "deep": b"[" * 100_000,
}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_file_is_refused_in_words_and_the_camera_is_watched_without(content: bytes, tmp_path: Path) -> None:
    path = learnt_file(tmp_path, "belt")
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(LearntError, match=rf"{re.escape(str(path))}: damaged, .*calibrate the camera again"):
        read_learnt(tmp_path, "belt")
    (finding,) = look_at_learnt(tmp_path, "belt")
    assert (finding.severity, finding.path) == ("warning", "cameras.belt.health") and str(path) in finding.text
    told: Told = []
    desk = health_of(BELT, tmp_path, lambda *words: told.append(words))
    assert desk is not None
    (alarm,) = desk.alarms
    assert alarm.word == "NOT CALIBRATED" and str(path) in alarm.text
    assert [(run, kind) for run, kind, _ in told] == [(0, "health")]
    assert watched(desk, grey(0)) == {"black"} and [a.word for a in desk.alarms] == ["NOT CALIBRATED", "DARK"]


@given(st.binary(max_size=300), st.integers(0, 400))
def test_no_bytes_break_the_reader(tmp_path_factory: pytest.TempPathFactory, junk: bytes, at: int) -> None:
    folder = tmp_path_factory.getbasetemp() / "junk"
    path = learnt_file(folder, "belt")
    path.parent.mkdir(parents=True, exist_ok=True)
    whole = changed()
    path.write_bytes(whole[:at] + junk + whole[at + len(junk) :])
    try:
        found = read_learnt(folder, "belt")
    except LearntError:
        return
    assert found is not None and found.camera == "belt"


def watched(desk: HealthDesk, pixels: np.ndarray, pictures: int = 20) -> set[str | None]:
    """Why these pictures are UNKNOWN, from the onset on."""
    seen = [
        desk.look(Picture(pixels, index, None), run=5, seq=index, now_s=index / 10).problem for index in range(pictures)
    ]
    return set(seen) - {None}


def test_an_alarm_has_its_words_on_the_page_and_its_events_in_the_log() -> None:
    told: Told = []
    desk = HealthDesk(BELT, lambda *words: told.append(words), None)
    assert watched(desk, grey(0)) == {"black"}
    (alarm,) = desk.alarms
    assert alarm.word == "DARK" and "lens cap" in alarm.text
    desk.pause(run=5, now_s=3.0)
    assert desk.alarms == ()
    (began, ended) = told
    assert began[:2] == ended[:2] == (5, "health")
    assert began[2] == f"DARK: {alarm.text} (frame 4)"
    assert re.fullmatch(r"DARK: over, the pictures stopped after 3\.0 s, 16 frames UNKNOWN for it", ended[2])


def test_what_is_on_and_was_not_learnt_is_said() -> None:
    told: Told = []
    camera = replace(BELT, health=HealthSettings(focus="on", moved="on", black="on"))
    (alarm,) = HealthDesk(camera, lambda *words: told.append(words), None).alarms
    assert "focus and moved cannot be told" in alarm.text and len(told) == 1
    assert not HealthDesk(camera, lambda *words: told.append(words), LEARNT).alarms


@pytest.mark.parametrize("source", ["/tmp/film.mp4", "/tmp", "watch:/tmp", "nonsense://x"])
def test_what_is_read_from_files_is_not_watched(source: str, tmp_path: Path) -> None:
    assert health_of(CameraSettings("belt", source), tmp_path, lambda *words: None) is None


DARK = CameraSettings("belt", "basler:0815", control=ControlSettings(exposure_us=900, roi=Window(0, 0, 320, 240)))
PLAIN = replace(DARK, control=ControlSettings())


def test_what_was_learnt_counts_for_cameras_that_are_set_alike_whatever_the_recipe(tmp_path: Path) -> None:
    plain, dark = replace_field(LEARNT, control=""), replace_field(LEARNT, control=control_key(DARK.control))
    write_learnt(tmp_path, plain)
    assert learnt_for(tmp_path, DARK, "dark") is None and learnt_for(tmp_path, DARK, "") is None
    assert learnt_for(tmp_path, PLAIN, "lid") == learnt_for(tmp_path, PLAIN, "") == plain
    write_learnt(tmp_path, dark)
    triggered = replace(DARK, control=replace(DARK.control, trigger="software", exposure_us=900.0))
    assert learnt_for(tmp_path, DARK, "dark") == learnt_for(tmp_path, triggered, "") == dark
    assert learnt_for(tmp_path, PLAIN, "") == plain
    brighter = replace(DARK, control=replace(DARK.control, exposure_us=901))
    assert learnt_for(tmp_path, brighter, "dark") is None


def test_what_an_older_version_learnt_counts_without_a_recipe(tmp_path: Path) -> None:
    write_learnt(tmp_path, LEARNT)
    assert learnt_for(tmp_path, DARK, "") == learnt_for(tmp_path, PLAIN, "lid") == LEARNT
    assert learnt_for(tmp_path, DARK, "dark") is None


def test_a_recipe_that_nobody_calibrated_for_makes_no_frame_unknown_and_is_said(tmp_path: Path) -> None:
    write_learnt(tmp_path, LEARNT)
    told: Told = []
    without = health_of(DARK, tmp_path, lambda *words: told.append(words))
    assert without is not None and watched(without, grey(100)) == {"wrong size"}
    desk = health_of(DARK, tmp_path, lambda *words: told.append(words), "dark")
    assert desk is not None and watched(desk, grey(100)) == set(), "it is not of the size that was learnt"
    (alarm,) = desk.alarms
    assert (
        alarm.word == "NOT CALIBRATED" and "nothing was learnt for recipe dark, which sets it otherwise" in alarm.text
    )
    never = health_of(replace(DARK, name="lid"), tmp_path, lambda *words: told.append(words), "dark")
    assert never is not None and never.alarms == (), "as a camera that was never calibrated"


def test_each_damaged_file_of_a_camera_is_warned_of(tmp_path: Path) -> None:
    write_learnt(tmp_path, LEARNT)
    write_learnt(tmp_path, replace_field(LEARNT, control="0123456789ab")).write_bytes(b"{")
    (finding,) = look_at_learnt(tmp_path, "belt")
    assert "belt@0123456789ab.json" in finding.text


# --- learning --------------------------------------------------------------------------------------------------------


def learning_of(*pictures: np.ndarray) -> Learning:
    learning = Learning("belt")
    for index, pixels in enumerate(pictures):
        learning.add(pixels, index / 25)
    return learning


REFUSED = {
    "too few": ([grey(90)] * 10, "10 pictures are too few, 50 are wanted; take more seconds"),
    "all black": ([grey(0)] * 60, "most pictures are black or burnt out"),
}


@pytest.mark.parametrize(("pictures", "words"), REFUSED.values(), ids=REFUSED)
def test_pictures_that_do_not_do_are_refused(pictures: list[np.ndarray], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        learning_of(*pictures).learnt("now")


def test_pictures_that_change_their_size_are_refused() -> None:
    with pytest.raises(ValueError, match="changed their size from 96x64 to 128x64"):
        learning_of(grey(90), grey(90, width=128))


def test_what_cannot_be_told_is_said() -> None:
    """A backlit, empty, noiseless scene that somebody switches on and off."""
    pictures = [grey(255 if index % 2 else 100) for index in range(100)]
    learnt = learning_of(*pictures).learnt("now")
    assert (learnt.burnt_most, learnt.flicker_most, learnt.sharpness_least, learnt.standing) == (None,) * 4
    assert not learnt.noisy
    said = [word.partition(":")[0] for word in learnt.not_told]
    assert said == ["black", "blinded", "flicker", "focus", "moved"]


def test_a_scene_in_which_nothing_passed_has_nothing_that_stays() -> None:
    found, why = standing_in([np.random.default_rng(1).integers(0, 255, (60, 80)).astype(np.uint8)] * 20)
    assert found is None and "nothing passed" in why


@given(st.integers(1, 40), st.integers(0, 500))
def test_what_is_thinned_is_spread_evenly_and_never_too_much(most: int, given_: int) -> None:
    thinned = Thinned(most)
    for number in range(given_):
        thinned.add(number)
        assert len(thinned.kept) <= most
    steps = {b - a for a, b in zip(thinned.kept, thinned.kept[1:], strict=False)}
    assert len(steps) <= 1 and thinned.kept[:1] == [0][:given_]
    assert len(thinned.kept) == given_ or len(thinned.kept) >= most // 2


def test_an_hour_is_learnt_from_with_the_memory_of_a_minute() -> None:
    learning = Learning("belt")
    for index in range(2 * MOMENTS_MOST):
        learning.add(grey(90), index / 5)
    assert MOMENTS_MOST // 2 <= len(learning._moments.kept) <= MOMENTS_MOST


# --- a target --------------------------------------------------------------------------------------------------------


def board(pitch_px: int = 40, columns: int = 9, rows: int = 6) -> np.ndarray:
    """A chessboard with that many inner corners."""
    fields = np.indices((rows + 1, columns + 1)).sum(axis=0) % 2 * 255
    big = np.kron(fields, np.ones((pitch_px, pitch_px))).astype(np.uint8)
    return cv2.cvtColor(cv2.copyMakeBorder(big, 40, 40, 40, 40, cv2.BORDER_CONSTANT, value=255), cv2.COLOR_GRAY2BGR)


def dots(pitch_px: int = 50, columns: int = 9, rows: int = 6) -> np.ndarray:
    picture = np.full(((rows + 1) * pitch_px, (columns + 1) * pitch_px, 3), 255, np.uint8)
    for row in range(1, rows + 1):
        for column in range(1, columns + 1):
            cv2.circle(picture, (column * pitch_px, row * pitch_px), pitch_px // 4, (0, 0, 0), -1, cv2.LINE_AA)
    return picture


@pytest.mark.parametrize(("kind", "picture", "pitch_px"), [(CHESSBOARD, board(), 40), (DOTS, dots(), 50)])
def test_the_pitch_of_a_target_is_measured(kind: str, picture: np.ndarray, pitch_px: float) -> None:
    seen = find_target(picture, kind, 9, 6)
    assert seen is not None and seen.pitch_px == pytest.approx(pitch_px, rel=0.002) and not seen.crooked
    height, width = picture.shape[:2]
    turned = cv2.getRotationMatrix2D((width / 2, height / 2), 20, 0.8)
    seen = find_target(cv2.warpAffine(picture, turned, (width, height), borderValue=(255, 255, 255)), kind, 9, 6)
    assert seen is not None and seen.pitch_px == pytest.approx(0.8 * pitch_px, rel=0.005) and not seen.crooked


def test_a_target_that_is_seen_aslant_says_so() -> None:
    picture = board()
    height, width = picture.shape[:2]
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    aslant = np.array([[40, 0], [width - 40, 0], [width, height], [0, height]], np.float32)
    view = cv2.getPerspectiveTransform(corners, aslant)
    seen = find_target(
        cv2.warpPerspective(picture, view, (width, height), borderValue=(255, 255, 255)), CHESSBOARD, 9, 6
    )
    assert seen is not None and seen.crooked


def test_without_a_target_there_is_no_scale() -> None:
    assert find_target(grey(128), CHESSBOARD, 9, 6) is None
    assert find_target(dots()[:200], DOTS, 9, 6) is None


# --- where the pictures come from -------------------------------------------------------------------------------------


def put(ring: Ring, slot: int, problem: str | None) -> None:
    at_ns = slot + 1
    pixels = grey(100)
    ring.write(slot, pixels, run=1, seq=slot, captured_mono_ns=at_ns, captured_utc_ns=1, pts_s=None, problem=problem)


def test_a_running_line_teaches_also_what_it_has_to_learn_anew(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    """MOVED, OUT OF FOCUS, WRONG SIZE stand until somebody calibrates; damaged and frozen pictures teach nothing."""
    problems = (None, "moved", "decode_error", "out of focus", "frozen", "wrong size", "no picture")
    claim = Claim(places.lock("capture-belt"), "the test")
    ring = Ring.create(places.ring("belt", 1), slots=len(problems), slot_bytes=grey(0).nbytes)
    try:
        for slot, problem in enumerate(problems):
            put(ring, slot, problem)
        pictures = good_pictures(BELT, places)
        seen = [round(next(pictures).at_s * 1e9) for _ in range(3)]
        monkeypatch.setattr("stream.good_pictures.SILENT_S", 0.2)
        assert [*seen, round(next(pictures).at_s * 1e9)] == [1, 2, 4, 6]
        with pytest.raises(SourceError, match="UNKNOWN: decode_error, frozen, no picture; mend that first"):
            next(pictures)
    finally:
        ring.close()
        claim.close()


# --- for which recipe ------------------------------------------------------------------------------------------------


def test_it_learns_for_the_recipe_in_force(tmp_path: Path) -> None:
    recipes = "recipe: dark\nrecipes: {dark: {cameras: {belt: {control: {exposure_us: 900}}}}, plain: {}}\n"
    line = read_line(write_line(tmp_path, "basler:0815", recipes, "control: {exposure_us: 100}\n"))
    places = places_for(line.data_dir)
    assert as_it_judges(line, places).camera("belt").control.exposure_us == 900
    keep_choice(line.data_dir, choice_of("plain", "dark", line, "ann", Said()))
    assert as_it_judges(line, places).camera("belt").control.exposure_us == 100


# --- the command -----------------------------------------------------------------------------------------------------


def test_a_line_that_runs_lends_its_pictures_and_knows_at_the_next_start_what_was_learnt(tmp_path: Path) -> None:
    file = write_line(tmp_path, "synthetic:?size=320x240&fps=25&rails=1")
    with running(file) as line:
        wait_for(lambda: line.judged() > 0, "judged frames")
        for seconds in ("3", "30", "90"):  # on a slow machine few pictures come in a second
            done = stream("calibrate", file, "--seconds", seconds)
            if "pictures are too few" not in done.stderr:
                break
        assert done.returncode == 0, done.stderr + line.said()
        assert "belt: learnt from" in done.stdout and "320x240 px" in done.stdout
    learnt = read_learnt(data_dir_of(file), "belt")
    assert learnt is not None and learnt.pictures >= 50 and learnt.level_least
    with running(file) as line:
        wait_for(lambda: "watched with what was learnt on" in line.said(), "what was learnt")


def test_a_camera_by_itself_is_calibrated_by_a_target(tmp_path: Path) -> None:
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    cv2.imwrite(str(pictures / "board.png"), board())
    file = write_line(tmp_path, pictures)
    target = ("--target", "chessboard", "--pitch-mm", "5", "--columns", "9", "--rows")
    done = stream("calibrate", file, *target, "6")
    assert done.returncode == 0, done.stderr
    scale = re.search(r"mm_per_px: ([0-9.]+)", done.stdout)
    assert scale and float(scale[1]) == pytest.approx(5 / 40, rel=0.002)
    missing = stream("calibrate", file, *target, "7")
    assert missing.returncode == 1 and "no chessboard of 9 x 7 was seen" in missing.stderr


WRONG_WORDS = {
    "a pitch alone": (("--pitch-mm", "5"), "name its kind with --target"),
    "a target alone": (("--target", "dots"), "needs --pitch-mm, --columns and --rows"),
    "no seconds": (("--seconds", "0"), "--seconds: got 0"),
    "no such camera": (("--camera", "lid"), "--camera: got lid; the cameras of this line are belt"),
}


@pytest.mark.parametrize(("words", "said"), WRONG_WORDS.values(), ids=WRONG_WORDS)
def test_options_that_do_not_go_together_are_refused(
    words: tuple[str, ...], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(("calibrate", str(write_line(tmp_path, "synthetic:")), *words)) == 2
    assert said in capsys.readouterr().err


def test_nothing_is_learnt_of_pictures_that_lie_in_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(("calibrate", str(write_line(tmp_path, "recording.mp4")))) == 2
    assert "belt: pictures that lie in files are not watched" in capsys.readouterr().err
