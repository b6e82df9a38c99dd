"""The doctor as a command: its words, its exit code, its page in docs/, and a line that runs, which it only asks."""

from __future__ import annotations

import argparse
import contextlib
import json
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from stream import check
from stream.doctor import command, running_line, speed
from stream.doctor import trial as cameras
from stream.doctor.areas import AREAS
from stream.doctor.complaint import Complaint
from stream.doctor.running_line import look
from stream.doctor.scene import Running, Scene
from stream.hosts import all_roles
from stream.messages import CameraStatus, HouseStatus, LineStatus, RoleStatus
from stream.places import places_for
from stream.problem import ERROR, NOTE, WARNING, Finding
from stream.settings import CameraSettings, LineSettings
from tests.line import ROOT, write_line

PAGE = ROOT / "docs" / "doctor.md"
COMPLAINTS = [complaint for area in AREAS for complaint in area.complaints]


def doctor(*words: str | Path) -> int:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return command.run(parser.parse_args([str(word) for word in words]))


def findings(capsys: pytest.CaptureFixture[str]) -> dict[str, dict[str, str]]:
    return {one["complaint"]: one for one in reversed(json.loads(capsys.readouterr().out)["findings"])}


# --- the table


def test_every_complaint_has_a_name_of_its_own_and_a_test() -> None:
    names = [complaint.name for complaint in COMPLAINTS]
    assert len(set(names)) == len(names)
    tests = "".join(path.read_text() for path in Path(__file__).parent.glob("test_doctor*.py"))
    assert not [name for name in names if f'"{name}"' not in tests]


@pytest.mark.parametrize("complaint", COMPLAINTS, ids=lambda complaint: complaint.name)
def test_the_page_and_the_code_agree(complaint: Complaint) -> None:
    assert complaint.row() in PAGE.read_text().splitlines(), f"docs/doctor.md lacks this row:\n{complaint.row()}"


def test_the_page_lists_nothing_else_and_names_each_area() -> None:
    page = PAGE.read_text()
    rows = [row.split("`")[1] for row in page.partition("## What it can say")[2].splitlines() if row.startswith("| `")]
    assert rows == [complaint.name for complaint in COMPLAINTS]
    assert [row[3:].lower() for row in page.splitlines() if row.startswith("## ")][1:] == [
        area.title.lower() for area in AREAS
    ]


# --- the command


def test_a_line_is_examined_and_nothing_is_left_behind(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cameras, "MEASURE_S", 0.5)
    file = write_line(tmp_path, "synthetic:?size=640x480", camera="region: [0, 0, 700, 480]")
    code = doctor(file, "--json")
    found = findings(capsys)
    assert {"camera-sees"} <= set(found) and {"judging-speed", "judging-tight", "judging-too-slow"} & set(found)
    errors = [name for name, one in found.items() if one["severity"] == ERROR]
    assert (errors, code) == (["configuration"], 2), found
    assert "outside the picture of 640x480 px" in found["configuration"]["text"], "known only since it was opened"
    assert found["camera-sees"]["text"].startswith("640x480 px")
    assert (found["camera-sees"]["file"], found["camera-sees"]["line"]) == (str(file), 10)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["line.yaml"]


def test_an_error_is_said_at_its_line_with_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        file = write_line(tmp_path, tmp_path / "gone.mp4")
        assert doctor(file, "--set", f"display.port={port}") == 2
    out = capsys.readouterr().out
    assert out.startswith("error: ") and " errors, " in out.splitlines()[-1]
    assert "cameras.belt.source: it cannot be opened: " in out and "no such file" in out
    assert out.count("no such file") == 1, "what `check` says of it is not said twice"
    assert f"display.port: port {port} is taken by process " in out and "\n    do: stop that program" in out
    assert out.count("taken by") == 1


def test_commands_to_paste_name_the_file_that_was_given(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever says it: the doctor itself, or `check`."""
    checked = Finding(WARNING, "inspector", "run `python -m tools.bench tune FILE.yaml`")
    slow = speed.TIGHT.told("inspector", can=3.0, brought=2.9)
    monkeypatch.setattr(command, "examine", lambda _: ((checked,), (slow,)))
    monkeypatch.setattr(check, "problems_of", lambda _: (checked,))
    folder = tmp_path / "a line"
    folder.mkdir()
    file = write_line(folder, "synthetic:")
    assert doctor(file) == 1
    parser = argparse.ArgumentParser()
    check.add_arguments(parser)
    assert check.run(parser.parse_args([str(file)])) == 0
    out = capsys.readouterr().out
    assert "FILE.yaml" not in out and out.count(f"tune '{file}'") == 3


def test_a_mistake_in_the_file_is_an_error_before_anything_is_tried(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert doctor(write_line(tmp_path, "synthetic:", camera="fsp: 3"), "--json") == 2
    assert "did you mean fps?" in findings(capsys)["configuration"]["text"]


def test_the_exit_code_is_that_of_the_worst() -> None:
    assert [command.exit_code(s) for s in ([], [NOTE], [NOTE, WARNING], [WARNING, ERROR, NOTE])] == [0, 0, 1, 2]


def test_the_doctor_speaks_in_the_place_of_check_where_it_knows_more() -> None:
    port = Finding(ERROR, "display.port", "taken")
    low = Finding(WARNING, "data_dir", "little room")
    told = [c.told("display.port", port=1, who="", setting="") for c in COMPLAINTS if c.name == "port-taken"]
    assert command.without_what_is_told([port, low], told) == [low]
    assert command.without_what_is_told([port, low], []) == [port, low]


# --- a line that runs

FINE = CameraStatus("belt", 1, "running", "", 100, 25.0, 0, 0.0, {}, 0, live=True)
HOUSE = HouseStatus((RoleStatus("record", "running", 0, ""),), ())
RECORDED = LineStatus("s", "e", "b", (), (), None, None, ())


def line(folder: Path) -> LineSettings:
    return LineSettings((CameraSettings("belt", "0", fps=25),), data_dir=folder)


def said(folder: Path, running: Running) -> dict[str, str]:
    settings = line(folder)
    return {one.complaint: one.found for one in look(Scene(settings, all_roles(settings), running))}


def test_what_a_running_line_says_is_told_in_plain_words(tmp_path: Path) -> None:
    assert set(said(tmp_path, Running(HOUSE, RECORDED, {"belt": FINE}))) == {"line-runs"}
    roles = (RoleStatus("inspect 1", "backing off", 4, "died 5 times"), RoleStatus("record", "running", 1, ""))
    camera = CameraStatus("belt", 1, "running", "", 100, 9.5, 0, 0.0, {"newest": 7, "ring_full": 1}, 3, live=True)
    found = said(
        tmp_path,
        Running(HouseStatus(roles, ("spare",)), replace_alarms(RECORDED, "the disk is full"), {"belt": camera}),
    )
    assert found["role-down"] == "inspect 1 is not up (backing off): died 5 times"
    assert found["role-restarts"] == "inspect 1 was started again 4 times"
    assert found["line-alarm"] == "the line raises an alarm: the disk is full"
    assert found["camera-drops"] == "8 of 100 pictures were dropped (newest 7, ring_full 1)"
    assert found["camera-loses"].startswith("3 pictures were lost")
    assert found["camera-lags"] == "9.5 pictures a second come, 25 were asked for"
    away = CameraStatus("belt", 1, "retrying", "no answer", 100, 0.0, 0, 0.0, {}, 0, live=True)
    gone = said(tmp_path, Running(HOUSE, RECORDED, {"belt": away}))
    assert gone["camera-away"] == "the camera sends nothing: no answer"


def replace_alarms(status: LineStatus, alarm: str) -> LineStatus:
    return LineStatus(**{**{name: getattr(status, name) for name in status.__struct_fields__}, "alarms": (alarm,)})


@contextlib.contextmanager
def mute(address: str) -> Iterator[None]:
    """Something listens on that socket and never says a word."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listening:
        listening.bind(address.removeprefix("ipc://"))
        listening.listen(8)
        yield


def test_a_line_that_does_not_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running_line, "ANSWER_S", 0.2)
    places = places_for(tmp_path)
    assert running_line.running_line(line(tmp_path), places) is None
    with mute(places.socket("control")):
        silent = running_line.running_line(line(tmp_path), places)
    assert silent == Running(None, None, {})
    assert "does not answer within 0.2 s" in said(tmp_path, silent)["line-silent"]


def test_a_running_line_gives_the_rate_of_its_cameras(tmp_path: Path) -> None:
    settings = line(tmp_path)
    scene = Scene(settings, all_roles(settings), Running(HOUSE, RECORDED, {"belt": replace_fps(12.0)}))
    assert scene.rate(settings.cameras[0]) == 12.0
    assert replace(scene, running=None).rate(settings.cameras[0]) == 25.0, "as asked, where nothing is measured"


def replace_fps(fps: float) -> CameraStatus:
    return CameraStatus("belt", 1, "running", "", 100, fps, 0, 0.0, {}, 0, live=True)
