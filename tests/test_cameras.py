"""`python -m stream cameras`: what is connected, with YAML that opens it; a library that hangs holds nobody up."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import stream.cameras as cameras
from stream.cameras import Look, look, look_everywhere, yaml_line
from stream.configuration import read_line
from stream.sources.seen import Seen
from stream.sources.source import SourceError
from tests.line import ROOT
from tests.needs import need


def command(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "stream", "cameras", *words],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_line_to_paste_opens_that_camera(tmp_path: Path) -> None:
    need(importlib.util.find_spec("pypylon"), "pypylon is not installed: make setup-cameras")
    said = command("--only", "basler", PYLON_CAMEMU="2")
    assert said.returncode == 0, said.stderr
    first = next(line for line in said.stdout.splitlines() if "source:" in line)
    file = tmp_path / "line.yaml"
    file.write_text(f"cameras:\n{first}\n")
    assert read_line(file).cameras[0].source == "basler:0815-0000"


def test_every_kind_says_what_is_there_or_why_nothing_is() -> None:
    done = command("--json", GENICAM_GENTL64_PATH="")
    looks = {one["kind"]: one for one in json.loads(done.stdout)["looks"]}
    assert set(looks) == set(cameras.KINDS)
    assert all(one["cameras"] or one["said"] for one in looks.values())
    assert done.returncode == (0 if any(one["cameras"] for one in looks.values()) else 1)


@pytest.mark.parametrize("source", ["basler:0815", "genicam:/opt/a b/#'x.cti#1\\2", "/dev/video0", "aravis:Maker-ü"])
def test_any_address_survives_the_way_through_yaml(tmp_path: Path, source: str) -> None:
    file = tmp_path / "line.yaml"
    file.write_text(f"cameras:\n{yaml_line(Seen(source, 'a camera'))}\n")
    assert read_line(file).cameras[0].source == source


def test_a_library_that_hangs_is_ended_and_the_others_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    words = "import time; time.sleep(1000)"
    real = subprocess.Popen

    def popen(command: tuple[str, ...], **rest: object) -> subprocess.Popen[bytes]:
        return real((sys.executable, "-c", words) if command[-1] == "basler" else command, **rest)  # type: ignore[call-overload]

    monkeypatch.setattr(cameras.subprocess, "Popen", popen)
    hung, usb = look_everywhere(("basler", "usb"), within_s=8)
    assert hung.cameras == () and "did not answer in time" in hung.said
    assert usb.kind == "usb" and (usb.cameras or usb.said == "none is connected")


def test_a_library_that_falls_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    real = subprocess.Popen
    fall = (sys.executable, "-c", "import os, sys; print('no driver', file=sys.stderr); sys.stderr.flush(); os.abort()")
    monkeypatch.setattr(cameras.subprocess, "Popen", lambda _, **rest: real(fall, **rest))
    (fallen,) = look_everywhere(("aravis",))
    assert "its library fell (exit code -6)" in fallen.said and fallen.cameras == ()


def test_what_is_missing_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> tuple[Seen, ...]:
        raise SourceError("Basler cameras need pypylon: make setup-cameras", final=True)

    monkeypatch.setitem(cameras.KINDS, "basler", missing)
    assert look("basler") == Look("basler", (), "Basler cameras need pypylon: make setup-cameras")


def test_a_usb_camera_is_listed_once_by_its_first_device(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number, index, name in ((0, 0, "Webcam"), (1, 1, "Webcam"), (10, 0, "Second"), (2, 0, "Third")):
        (tmp_path / f"video{number}").mkdir()
        (tmp_path / f"video{number}" / "index").write_text(f"{index}\n")
        (tmp_path / f"video{number}" / "name").write_text(f"{name}\n")
    monkeypatch.setattr(cameras, "VIDEO", tmp_path)
    assert [seen.source for seen in cameras.usb()] == ["/dev/video0", "/dev/video2", "/dev/video10"]
