"""What `check` finds in the world, and how the command says it."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from detector.verdict import Box
from stream import check
from stream.check import problems_of
from stream.problem import Finding
from stream.settings import (
    CameraSettings,
    DisplaySettings,
    InspectorSettings,
    LineSettings,
    MqttSettings,
    PartsSettings,
    RecorderSettings,
)
from tests import recordings

TINY = Path(__file__).parent / "fixtures" / "tiny_bundle"  # 64 network px a side, trained at 0.5


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("video") / "belt.mp4"
    recordings.write_recording(path, recordings.numbered_frames(3))  # 320x240
    return path


@pytest.fixture
def line(tmp_path: Path, video: Path) -> LineSettings:
    """A line of which nothing is wrong."""
    return LineSettings(
        cameras=(CameraSettings("belt", str(video), region=Box(0, 0, 200, 200)),),
        data_dir=tmp_path / "data",
        inspector=InspectorSettings(bundle=TINY),
        display=DisplaySettings(port=0),
    )


def with_camera(line: LineSettings, **settings: object) -> LineSettings:
    return replace(line, cameras=(replace(line.cameras[0], **settings),))  # type: ignore[arg-type]


def only(line: LineSettings) -> Finding:
    (finding,) = problems_of(line)
    return finding


def test_reading_a_line_loads_no_engine() -> None:
    words = "import sys, stream.check; print({'onnxruntime', 'av', 'torch'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", words], capture_output=True, text=True).stdout == "set()\n"


def test_nothing_is_found_where_nothing_is_wrong(line: LineSettings) -> None:
    assert problems_of(line) == ()
    assert not line.data_dir.exists(), "a check makes no folder"


def test_a_folder_of_pictures_a_drawn_line_and_a_camera_are_fine(line: LineSettings, tmp_path: Path) -> None:
    shutil.copy(next((TINY / "golden").iterdir()), tmp_path / "b.png")
    (tmp_path / "a.txt").write_text("no picture")
    whole = with_camera(line, region=None)
    assert problems_of(with_camera(whole, source=str(tmp_path))) == ()
    assert problems_of(with_camera(whole, source="synthetic:?size=256x192")) == ()
    assert problems_of(with_camera(whole, source="rtsp://192.0.2.1/x")) == ()


def test_of_a_drawn_line_the_size_is_known(line: LineSettings) -> None:
    large = with_camera(line, source="synthetic:?size=1280x720", region=None)
    assert only(large).severity == "warning" and "1280x720 px shrink" in only(large).text
    outside = with_camera(line, source="synthetic:?size=160x120")
    assert only(outside).severity == "error" and "outside the picture of 160x120 px" in only(outside).text


@pytest.mark.parametrize(
    ("source", "login", "missing"),
    [
        ("rtsp://192.0.2.1/x", {"username": "ann"}, "password_file"),
        ("rtsp://ann@192.0.2.1/x", {}, "password_file"),
        ("http://192.0.2.1/x", {"password_file": True}, "username"),
        ("rtsp://192.0.2.1/x", {"username": "ann", "password_file": True}, None),
        ("rtsp://ann@192.0.2.1/x", {"password_file": True}, None),
        ("synthetic:?size=256x192", {"username": "ann"}, None),
    ],
    ids=["user", "user in the address", "password", "both", "both, one in the address", "no address"],
)
def test_half_a_login_is_told(
    line: LineSettings, tmp_path: Path, source: str, login: dict[str, object], missing: str | None
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("s3cret\n")
    secret.chmod(0o600)
    settings = {name: secret if name == "password_file" else value for name, value in login.items()}
    found = problems_of(with_camera(line, source=source, region=None, **settings))
    assert [one.path for one in found] == ([f"cameras.belt.{missing}"] if missing else [])


@pytest.mark.parametrize(
    ("told_by", "said"), [("mqtt", ["cameras.belt.parts.mqtt.password_file"]), ("control", [])], ids=str
)
def test_a_brokers_user_without_a_password_is_told_where_a_broker_is_heard(
    line: LineSettings, told_by: str, said: list[str]
) -> None:
    parts = PartsSettings(told_by, MqttSettings(host="192.0.2.1", topic="line7/belt/part", username="ann"))
    found = problems_of(with_camera(line, source="rtsp://192.0.2.1/x", region=None, parts=parts))
    assert [one.path for one in found] == said
    assert all("the broker may refuse" in one.text for one in found)


def test_a_file_is_no_watched_folder(line: LineSettings, video: Path) -> None:
    found = only(with_camera(line, source=f"watch:{video}", region=None))
    assert found.severity == "error" and f"is a file, got {video}" in found.text


def empty_folder(path: Path) -> None:
    path.mkdir()


def sound(path: Path) -> None:
    recordings.audio_only(path)


def damaged_header(path: Path) -> None:
    recordings.write_recording(path, recordings.numbered_frames(3))
    recordings.truncate(path, 0.3)


SOURCES = [
    ("missing", lambda path: None, "no such file"),
    ("empty folder", empty_folder, "no pictures in the folder"),
    ("empty file", recordings.empty, "the file is empty"),
    ("not a video", recordings.garbage, "not a video that can be read"),
    ("sound alone", sound, "has no pictures, only sound or text"),
    ("cut off", damaged_header, "not a video that can be read"),
]


@pytest.mark.parametrize(("make", "words"), [c[1:] for c in SOURCES], ids=[c[0] for c in SOURCES])
def test_a_source_without_a_picture_is_an_error(make, words: str, line: LineSettings, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    source = tmp_path / "source.mp4"
    make(source)
    finding = only(with_camera(line, source=str(source)))
    assert (finding.severity, finding.path) == ("error", "cameras.belt.source")
    assert words in finding.text
    assert source.name in finding.text


def test_a_pipe_as_a_recording_is_an_error_and_not_a_wait(line: LineSettings, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert "not a file, a folder or a camera" in only(with_camera(line, source=str(tmp_path / "pipe"))).text


REGIONS = [
    ("outside", Box(0, 0, 200, 241), "error", "outside the picture of 320x240 px, got [0, 0, 200, 241]"),
    ("too small", Box(0, 0, 200, 4), "error", "too small"),
    ("shrunk too much", Box(0, 0, 300, 200), "warning", "region of at most 256x256 px"),
    ("the whole picture shrunk too much", None, "warning", "320x240 px shrink to 0.20"),
]


@pytest.mark.parametrize(("region", "severity", "words"), [c[1:] for c in REGIONS], ids=[c[0] for c in REGIONS])
def test_a_region_that_cannot_be_judged_well_is_found(
    region: Box | None, severity: str, words: str, line: LineSettings
) -> None:
    finding = only(with_camera(line, region=region))
    assert (finding.severity, finding.path) == (severity, "cameras.belt.region")
    assert words in finding.text


def test_the_size_asked_of_a_camera_is_taken_for_its_size(line: LineSettings) -> None:
    asked = with_camera(line, source="0", width=1920, height=1080)
    assert "outside" in only(with_camera(asked, region=Box(1800, 0, 2000, 200))).text
    assert "shrink" in only(with_camera(asked, region=None)).text


def test_a_changed_bundle_is_an_error(line: LineSettings, tmp_path: Path) -> None:
    copy = tmp_path / "bundle"
    shutil.copytree(TINY, copy)
    model = copy / "classifier.onnx"
    model.write_bytes(model.read_bytes()[:-1] + b"\x00")
    for bundle, words in ((copy, "classifier.onnx: the file was changed"), (tmp_path / "gone", "does not exist")):
        finding = only(replace(line, inspector=InspectorSettings(bundle=bundle)))
        assert (finding.severity, finding.path) == ("error", "inspector.bundle")
        assert words in finding.text


def test_cuda_where_there_is_none_and_missing_checkpoints_are_errors(line: LineSettings, tmp_path: Path) -> None:
    gone = InspectorSettings(classifier=tmp_path / "a.pth", segmenter=tmp_path / "b.pth")
    assert str(tmp_path / "a.pth") in only(replace(line, inspector=gone)).text
    onnxruntime = pytest.importorskip("onnxruntime")
    if "CUDAExecutionProvider" not in onnxruntime.get_available_providers():
        finding = only(replace(line, inspector=InspectorSettings(bundle=TINY, device="cuda")))
        assert (finding.severity, finding.path) == ("error", "inspector")
        assert "device cuda is wanted" in finding.text


def test_a_data_dir_that_cannot_be_written_is_an_error(line: LineSettings, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    for data_dir, words in (
        (file, "is a file"),
        (file / "data", "is a file"),
        (Path("/proc/data"), "cannot be written"),
    ):
        finding = only(replace(line, data_dir=data_dir))
        assert (finding.severity, finding.path) == ("error", "data_dir")
        assert words in finding.text


def test_too_little_disk_or_shared_memory_is_a_warning(line: LineSettings) -> None:
    full = replace(line, recorder=RecorderSettings(evidence_min_free_mb=10**9))
    assert (only(full).severity, only(full).path) == ("warning", "data_dir")
    large = with_camera(line, source="0", width=16384, height=16384, slots=1024)
    assert only(large).severity == "warning"
    assert "/dev/shm" in only(large).text


def test_a_taken_port_and_a_strange_host_are_errors(line: LineSettings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        finding = only(replace(line, display=DisplaySettings(port=taken.getsockname()[1])))
        assert (finding.severity, finding.path) == ("error", "display.port")
        disabled = DisplaySettings(port=taken.getsockname()[1], enabled=False)
        assert problems_of(replace(line, display=disabled)) == ()
    assert only(replace(line, display=DisplaySettings(host="192.0.2.1"))).path == "display.host"


def test_secret_files_are_read_and_their_rights_looked_at(line: LineSettings, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    camera = with_camera(line, source="rtsp://ann@192.0.2.1/x", password_file=secret)
    page = replace(line, display=DisplaySettings(port=0, token_file=secret))
    for settings, path, words in (
        (camera, "cameras.belt.password_file", f"no such file, got {secret}; write the secret into its first line"),
        (page, "display.token_file", f"cannot be read, got {secret}"),
    ):
        assert (only(settings).severity, only(settings).path) == ("error", path)
        assert only(settings).text.startswith(words)
    secret.write_text("short\n")
    secret.chmod(0o600)
    assert "5 characters; it needs" in only(page).text
    secret.write_text("s3cret-and-long-enough\n")
    secret.chmod(0o644)
    for settings in (camera, page):
        assert only(settings).severity == "warning"
        assert "chmod 600" in only(settings).text
    secret.chmod(0o600)
    assert problems_of(camera) == problems_of(page) == ()


def test_a_password_in_an_address_is_a_warning_that_does_not_show_it(line: LineSettings) -> None:
    finding = only(with_camera(line, source="rtsp://ann:s3cret@192.0.2.1/x"))
    assert finding.severity == "warning"
    assert "s3cret" not in finding.text


def run(*words: str) -> int:
    parser = argparse.ArgumentParser()
    check.add_arguments(parser)
    return check.run(parser.parse_args([str(word) for word in words]))


def write(folder: Path, video: Path, more: str = "") -> Path:
    path = folder / "line.yaml"
    path.write_text(
        f"cameras:\n  belt:\n    source: {video}\n    region: [0, 0, 200, 200]\n{more}"
        f"inspector: {{bundle: {TINY}}}\ndisplay: {{port: 0}}\n"
    )
    return path


def test_the_command_says_nothing_wrong_and_gives_0(
    tmp_path: Path, video: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path, video)
    assert run(path) == 0
    assert capsys.readouterr().out == f"{path}: nothing wrong\n"


def test_the_command_gives_0_with_warnings_and_2_with_errors(
    tmp_path: Path, video: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path, video)
    assert run(path, "--set", "camera.region=null") == 0
    assert capsys.readouterr().out.endswith(f"{path}: 1 warning\n")
    assert run(path, "--source", "gone.mp4") == 2
    out = capsys.readouterr().out
    assert out.startswith("error: --source: cameras.belt.source: ")
    assert out.endswith(f"{path}: 1 error\n")


def test_the_command_names_the_line_of_a_mistake(
    tmp_path: Path, video: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path, video, "    fsp: 10\n")
    assert run(path) == 2
    assert f"error: {path}:5: cameras.belt.fsp: unknown setting, got 10; did you mean fps?" in capsys.readouterr().out
    path = write(tmp_path, tmp_path / "gone")
    assert run(path) == 2
    assert f"error: {path}:3: cameras.belt.source: {tmp_path / 'gone'}: no such file" in capsys.readouterr().out


def test_the_command_speaks_json(tmp_path: Path, video: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(write(tmp_path, video), "--json") == 0
    assert json.loads(capsys.readouterr().out) == {"ok": True, "findings": []}
    path = write(tmp_path, video, "    slots: 1\n")
    assert run(path, "--json") == 2
    (finding,) = json.loads(capsys.readouterr().out)["findings"]
    assert finding == {
        "severity": "error",
        "file": str(path),
        "line": 5,
        "path": "cameras.belt.slots",
        "text": "must be 2 to 1024, got 1",
    }
