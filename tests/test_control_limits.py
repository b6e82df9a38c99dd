"""What `check` says of an industrial camera's settings, before any camera is asked."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from stream.configuration import ConfigurationError, dump_line, parse_line, read_line
from stream.probe import PictureSize
from stream.problem import ERROR
from stream.settings import CameraSettings, ControlSettings, Window
from stream.world_sources import look_at_source


def line(folder: Path, camera: str) -> Path:
    file = folder / "line.yaml"
    file.write_text("cameras:\n  belt:\n" + "".join(f"    {row}\n" for row in camera.splitlines()))
    return file


def test_settings_are_read_and_reach_the_roles(tmp_path: Path) -> None:
    text = (
        "source: 'basler:22345678'\ncontrol:\n  exposure_us: 800\n  gain_db: 3.5\n  white_balance: [1.8, 1, 1.4]\n"
        "  roi: [16, 8, 640, 480]\n  pixel_format: BayerRG8\n  packet_size: 8192\n  trigger: hardware\n"
        "  trigger_line: Line1\n  trigger_delay_us: 250"
    )
    settings = read_line(line(tmp_path, text))
    assert settings.cameras[0].control == ControlSettings(
        800, 3.5, (1.8, 1.0, 1.4), Window(16, 8, 640, 480), "BayerRG8", 8192, "hardware", "Line1", 250
    )
    assert parse_line(dump_line(settings)) == settings
    assert settings.cameras[0].live and settings.cameras[0].triggered and not settings.cameras[0].newest


@pytest.mark.parametrize(("word", "value"), [("off", "off"), ("once", "once"), ("auto", "auto")])
def test_a_white_balance_may_be_a_word(tmp_path: Path, word: str, value: str) -> None:
    settings = read_line(line(tmp_path, f"source: 'aravis:'\ncontrol: {{white_balance: {word}}}"))
    assert settings.cameras[0].control.white_balance == value
    assert parse_line(dump_line(settings)) == settings


def test_a_free_camera_lets_the_oldest_go_and_a_triggered_one_nothing(tmp_path: Path) -> None:
    (camera,) = read_line(line(tmp_path, "source: 'aravis:'")).cameras
    assert camera.newest and not camera.triggered
    triggered = dataclasses.replace(camera, control=ControlSettings(trigger="software"))
    assert triggered.triggered and not triggered.newest


def test_a_producers_path_is_relative_to_the_file(tmp_path: Path) -> None:
    (camera,) = read_line(line(tmp_path, "source: 'genicam:maker/producer.cti#12'")).cameras
    assert camera.source == f"genicam:{tmp_path}/maker/producer.cti#12"
    for whole in ("genicam:", "genicam:#12", "genicam:/opt/maker.cti"):
        assert read_line(line(tmp_path, f"source: '{whole}'")).cameras[0].source == whole


HARDWARE = "source: 'basler:'\ncontrol: {trigger: hardware, trigger_line: Line1}\n"
REFUSED = [
    ("a file", "source: belt.mp4\ncontrol: {exposure_us: 5}", "control", "this source has nothing to set"),
    ("rtsp", "source: 'rtsp://cam/1'\ncontrol: {gain_db: 3}", "control", "this source has nothing to set"),
    ("newest", HARDWARE + "policy: newest", "policy", "each picture of a triggered camera is a part"),
    ("no line", "source: 'basler:'\ncontrol: {trigger: hardware}", "control.trigger", "which input?"),
    ("line", "source: 'basler:'\ncontrol: {trigger_line: Line1}", "control.trigger_line", "is for trigger: hardware"),
    ("delay", "source: 'basler:'\ncontrol: {trigger_delay_us: 5}", "control.trigger_delay_us", "nothing triggers"),
    ("width", "source: 'basler:'\nwidth: 640", "width", "control.roi"),
    ("empty roi", "source: 'basler:'\ncontrol: {roi: [0, 0, 0, 9]}", "control.roi", "[x, y, width, height]"),
    ("three of four", "source: 'basler:'\ncontrol: {roi: [0, 0, 9]}", "control.roi", "four whole numbers"),
    ("balance", "source: 'basler:'\ncontrol: {white_balance: warm}", "control.white_balance", "off, once, auto"),
    ("ratio", "source: 'basler:'\ncontrol: {white_balance: [0, 1, 1]}", "control.white_balance", "each ratio"),
    ("name", "source: 'basler:'\ncontrol: {pixel_format: 'Mono 8'}", "control.pixel_format", "camera's manual"),
    ("trigger", "source: 'basler:'\ncontrol: {trigger: line}", "control.trigger", "free, hardware, software"),
]


@pytest.mark.parametrize(("text", "path", "words"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_a_mistake_is_refused_by_its_path(tmp_path: Path, text: str, path: str, words: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        read_line(line(tmp_path, text))
    (problem,) = refused.value.problems
    assert problem.path == f"cameras.belt.{path}" and words in problem.text


def test_check_says_what_the_camera_lacks_here_and_knows_its_size() -> None:
    """The producer's file, or the packages that would open it."""
    control = ControlSettings(roi=Window(0, 0, 320, 240))
    seen = look_at_source(CameraSettings("belt", "genicam:/none.cti", control=control))
    assert seen.size == PictureSize(320, 240)
    (finding,) = seen.findings
    assert (finding.severity, finding.path) == (ERROR, "cameras.belt.source")
    assert "/none.cti: no such producer" in finding.text or "make setup-cameras" in finding.text
