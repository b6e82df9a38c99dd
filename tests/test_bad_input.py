"""Bad input to a whole line: said plainly, what is readable is judged, the exit code is right, and no traceback."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.line import DEADLINE_S, ROOT, TINY_BUNDLE, data_dir_of, rows, run_to_end, write_line
from tests.recordings import (
    audio_only,
    damage,
    empty,
    garbage,
    numbered_frame,
    numbered_frames,
    size_changes,
    truncate,
    write_recording,
)

FRAMES = 40
FRAGMENTED = {"movflags": "frag_keyframe+empty_moov+default_base_moof"}


@dataclass(frozen=True)
class Ended:
    """A line that came to its end."""

    summary: dict[str, Any]
    code: int
    said: str
    data_dir: Path

    def note(self, camera: str) -> str:
        return str(rows(self.data_dir, f"SELECT note FROM runs WHERE camera = '{camera}'")[0][0])

    def events(self, camera: str) -> list[str]:
        query = f"SELECT text FROM events WHERE camera = '{camera}' AND kind = 'source'"
        return [text for (text,) in rows(self.data_dir, query)]

    def outcomes(self, camera: str) -> list[str]:
        """What became of each frame, in order."""
        query = f"SELECT start, stop, outcome FROM ledger WHERE camera = '{camera}' ORDER BY start"
        return [outcome for start, stop, outcome in rows(self.data_dir, query) for _ in range(start, stop)]


def run_cameras(folder: Path, sources: dict[str, Path]) -> Ended:
    """A line of these cameras, run to its end."""
    (name, first), *others = sources.items()
    more = "".join(f"  {other}:\n    source: {json.dumps(str(source))}\n" for other, source in others)
    file = write_line(folder, first, more)
    file.write_text(file.read_text().replace("  belt:\n", f"  {name}:\n"))
    return Ended(*run_to_end(file), data_dir_of(file))


# --- nothing can be read ---


def index_is_gone(path: Path) -> Path:
    return truncate(write_recording(path, numbered_frames(FRAMES)), 0.6)


def no_pictures(path: Path) -> Path:
    path.mkdir()
    (path / "notes.txt").write_text("no picture")
    return path


def text(path: Path) -> Path:
    path.write_text("no video\n" * 100)
    return path


UNREADABLE: dict[str, tuple[str, Callable[[Path], Path], str]] = {
    "missing": ("missing.mp4", lambda path: path, "no such file; check the path"),
    "noise": ("noise.mp4", garbage, "not a video that can be read"),
    "text": ("text.mp4", text, "not a video that can be read"),
    "empty": ("empty.mp4", empty, "the file is empty"),
    "truncated": ("truncated.mp4", index_is_gone, "was it copied completely?"),
    "sound": ("sound.m4a", audio_only, "has no pictures, only sound or text"),
    "folder": ("folder", no_pictures, "no pictures in the folder"),
}


@pytest.fixture(scope="module")
def unreadable(tmp_path_factory: pytest.TempPathFactory) -> Ended:
    folder = tmp_path_factory.mktemp("unreadable")
    return run_cameras(folder, {name: make(folder / file) for name, (file, make, _) in UNREADABLE.items()})


def test_a_line_of_which_nothing_could_be_read_ends_with_2(unreadable: Ended) -> None:
    assert unreadable.code == 2, unreadable.said
    assert "Traceback" not in unreadable.said
    assert [camera["captured"] for camera in unreadable.summary["cameras"].values()] == [0] * len(UNREADABLE)
    assert all(camera["ledger_closed"] for camera in unreadable.summary["cameras"].values())


@pytest.mark.parametrize("camera", UNREADABLE)
def test_what_cannot_be_read_is_said_plainly_at_the_terminal_and_in_the_log(unreadable: Ended, camera: str) -> None:
    file, _, wanted = UNREADABLE[camera]
    assert wanted in unreadable.note(camera) and file in unreadable.note(camera)
    assert unreadable.events(camera) == [unreadable.note(camera)]
    assert f"{camera}: {unreadable.note(camera)}" in unreadable.said


# --- a part can be read ---


def breaks_off(path: Path) -> Path:
    """Recorded so that it survives being cut; nobody knows how long it would have been."""
    return truncate(write_recording(path, numbered_frames(FRAMES), container_options=FRAGMENTED), 0.6)


def copied_partly(path: Path) -> Path:
    """Its index in front says how many pictures there should be."""
    return truncate(write_recording(path, numbered_frames(FRAMES), container_options={"movflags": "faststart"}), 0.6)


def damaged(path: Path) -> Path:
    return damage(write_recording(path, numbered_frames(FRAMES)), 0.5)


def odd_pictures(path: Path) -> Path:
    """A red square makes a picture BAD."""
    path.mkdir()
    grey = numbered_frame(0)[:, :, ::-1]
    bad = numbered_frame(0, bad=True)[:, :, ::-1]
    pictures = {
        "1_good.png": Image.fromarray(np.ascontiguousarray(grey)),
        "2_grey.png": Image.fromarray(np.ascontiguousarray(grey[:, :, 0])),
        "3_deep.png": Image.fromarray(grey[:, :, 0].astype(np.uint16) * 257),
        "4_clear.png": Image.fromarray(np.dstack([bad, np.full((240, 320), 90, np.uint8)])),
        "5_one.png": Image.fromarray(np.full((1, 1, 3), 128, np.uint8)),
        "6_long.png": Image.fromarray(np.full((10, 10_000, 3), 128, np.uint8)),
        "10_bad.png": Image.fromarray(np.ascontiguousarray(bad)),
    }
    for name, picture in pictures.items():
        picture.save(path / name)
    garbage(path / "7_noise.png")
    empty(path / "8_empty.png")
    (path / "9_cut.png").write_bytes((path / "1_good.png").read_bytes()[:500])
    return path


PARTLY: dict[str, tuple[str, Callable[[Path], Path]]] = {
    "whole": ("whole.mp4", lambda path: write_recording(path, numbered_frames(FRAMES, bad={7}))),
    "cut": ("cut.mp4", breaks_off),
    "copied": ("copied.mp4", copied_partly),
    "damaged": ("damaged.mp4", damaged),
    "resized": ("resized.ts", size_changes),
    "pictures": ("pictures", odd_pictures),
}


@pytest.fixture(scope="module")
def partly(tmp_path_factory: pytest.TempPathFactory) -> Ended:
    folder = tmp_path_factory.mktemp("partly")
    return run_cameras(folder, {name: make(folder / file) for name, (file, make) in PARTLY.items()})


def test_a_line_of_which_a_part_could_be_read_ends_with_0_and_accounts_for_each_frame(partly: Ended) -> None:
    assert partly.code == 0, partly.said
    assert "Traceback" not in partly.said
    for name, camera in partly.summary["cameras"].items():
        assert camera["ledger_closed"] and camera["dropped"] == {}, name
        assert camera["captured"] == camera["good"] + camera["bad"] + camera["unknown"] > 0, name


def test_a_whole_recording_beside_broken_ones_is_judged_as_ever(partly: Ended) -> None:
    assert partly.outcomes("whole") == ["GOOD"] * 7 + ["BAD"] + ["GOOD"] * (FRAMES - 8)
    assert partly.note("whole") == "end of the recording" and partly.events("whole") == []


@pytest.mark.parametrize("camera", ["cut", "copied"])
def test_a_truncated_recording_is_judged_as_far_as_it_goes(partly: Ended, camera: str) -> None:
    outcomes = partly.outcomes(camera)
    assert 12 <= len(outcomes) <= FRAMES and outcomes[:12] == ["GOOD"] * 12
    assert outcomes.count("GOOD") < FRAMES and "BAD" not in outcomes


def test_a_recording_with_fewer_pictures_than_it_promised_says_so(partly: Ended) -> None:
    assert "the recording ends early" in partly.note("copied")
    assert partly.events("copied") == [partly.note("copied")] and partly.note("copied") in partly.said


def test_damaged_frames_are_unknown_and_none_is_missing(partly: Ended) -> None:
    outcomes = partly.outcomes("damaged")
    assert len(outcomes) == FRAMES
    assert outcomes.count("UNKNOWN") >= 1 and outcomes[:12] == ["GOOD"] * 12
    query = "SELECT DISTINCT reason FROM verdicts WHERE camera = 'damaged' AND state = 'UNKNOWN'"
    assert rows(partly.data_dir, query) == [("decode_error",)]


def test_a_recording_whose_size_changes_is_judged_to_its_end(partly: Ended) -> None:
    assert partly.outcomes("resized") == ["GOOD"] * FRAMES
    assert partly.note("resized") == "end of the recording"


@pytest.mark.parametrize(
    ("seq", "outcome", "reason"),
    [
        pytest.param(0, "GOOD", "", id="colour"),
        pytest.param(1, "GOOD", "", id="grey"),
        pytest.param(2, "GOOD", "", id="16 bit"),
        pytest.param(3, "BAD", "", id="alpha"),
        pytest.param(4, "UNKNOWN", "1x1 px is too small", id="1x1"),
        pytest.param(5, "UNKNOWN", "10000x10 px is too long", id="10000x10"),
        pytest.param(6, "UNKNOWN", "decode_error", id="noise"),
        pytest.param(7, "UNKNOWN", "decode_error", id="empty"),
        pytest.param(8, "UNKNOWN", "decode_error", id="cut"),
        pytest.param(9, "BAD", "", id="last by number"),
    ],
)
def test_an_odd_picture_is_judged_or_refused_with_its_reason(
    partly: Ended, seq: int, outcome: str, reason: str
) -> None:
    assert partly.outcomes("pictures")[seq] == outcome
    query = f"SELECT reason FROM verdicts WHERE camera = 'pictures' AND seq = {seq}"
    for (said,) in rows(partly.data_dir, query):
        assert reason in (said or "")


# --- a bundle that must not judge ---


def missing(bundle: Path) -> None:
    shutil.rmtree(bundle)


def one_byte(bundle: Path) -> None:
    model = bytearray((bundle / "classifier.onnx").read_bytes())
    model[len(model) // 2] ^= 1
    (bundle / "classifier.onnx").write_bytes(model)


def golden_wrong(bundle: Path) -> None:
    settings = (bundle / "bundle.yaml").read_text()
    assert "score: 0.103692" in settings
    (bundle / "bundle.yaml").write_text(settings.replace("score: 0.103692", "score: 0.203692"))


def untouched(bundle: Path) -> None:
    pass


@pytest.mark.parametrize(
    ("change", "device", "wanted"),
    [
        pytest.param(missing, "cpu", ("does not exist", "the folder of a bundle"), id="missing"),
        pytest.param(one_byte, "cpu", ("classifier.onnx: the file was changed", "copy the bundle anew"), id="one byte"),
        pytest.param(golden_wrong, "cpu", ("good_2.png", "0.2037", "is expected; got"), id="golden wrong"),
        pytest.param(untouched, "cuda", ("cuda", "cpu"), id="CUDA wanted and absent"),
    ],
)
def test_a_bundle_that_must_not_judge_is_refused_before_the_first_frame(
    tmp_path: Path, change: Callable[[Path], None], device: str, wanted: tuple[str, ...]
) -> None:
    if device == "cuda" and cuda_works():
        pytest.skip("needs a computer without CUDA")
    bundle = shutil.copytree(TINY_BUNDLE, tmp_path / "bundle")
    change(bundle)
    video = write_recording(tmp_path / "belt.mp4", numbered_frames(3))
    file = write_line(tmp_path, video)
    settings = file.read_text().replace(str(TINY_BUNDLE), str(bundle)).replace("device: cpu", f"device: {device}")
    file.write_text(settings)
    ended = run_words(str(file), "--until-end", "--json")
    assert ended.returncode == 2 and ended.stdout == ""
    for words in wanted:
        assert words in ended.stderr
    assert "Traceback" not in ended.stderr
    assert rows(data_dir_of(file), "SELECT * FROM runs") == []


def cuda_works() -> bool:
    import onnxruntime

    return "CUDAExecutionProvider" in onnxruntime.get_available_providers()


def run_words(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "stream", "run", *words]
    return subprocess.run(
        command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=DEADLINE_S
    )


# --- settings that must not start ---

CAMERA = "cameras:\n  belt:\n    source: 'synthetic:'\n"
BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join(['*' + before] * 9)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        pytest.param(CAMERA + "    fsp: 10\n", ("line.yaml:4", "cameras.belt.fsp", "fps"), id="unknown setting"),
        pytest.param(CAMERA + "    fps: fast\n", ("line.yaml:4", "cameras.belt.fps", "fast"), id="wrong type"),
        pytest.param(CAMERA + "  belt:\n    source: '0'\n", ("line.yaml:4", "belt"), id="two of one name"),
        pytest.param(CAMERA.replace("belt", "a/b"), ("line.yaml:2", "a/b"), id="name with a slash"),
        pytest.param(CAMERA.replace("belt", ".."), ("line.yaml:2", ".."), id="name that leads out"),
        pytest.param(BOMB + CAMERA, ("line.yaml",), id="alias bomb"),
        pytest.param("cameras: [belt: {", ("line.yaml",), id="not YAML"),
        pytest.param("", ("line.yaml",), id="empty"),
    ],
)
def test_settings_that_are_wrong_start_nothing(tmp_path: Path, text: str, wanted: tuple[str, ...]) -> None:
    file = tmp_path / "line.yaml"
    file.write_text(f"{text}data_dir: {tmp_path / 'data'}\n" if text.endswith("\n") else text)
    ended = run_words(str(file))
    assert ended.returncode == 2 and ended.stdout == ""
    for words in wanted:
        assert words in ended.stderr
    assert "Traceback" not in ended.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["line.yaml"]
