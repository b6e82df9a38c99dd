"""`--set` and `--source`: what they change, and how a mistake in them is refused."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.verdict import Box
from stream.configuration import ConfigurationError, Problem, read_line

ONE = "cameras:\n  belt:\n    source: 'synthetic:'\n"


def write(folder: Path, text: str) -> Path:
    path = folder / "line.yaml"
    path.write_text(text)
    return path


def refusal(path: Path, overrides: tuple[str, ...] = (), source: str | None = None) -> tuple[Problem, ...]:
    with pytest.raises(ConfigurationError) as refused:
        read_line(path, overrides, source)
    return refused.value.problems


def test_overrides_win_over_the_file(tmp_path: Path) -> None:
    overrides = (
        "camera.fps=10",
        "cameras.belt.region=[0, 0, 5, 5]",
        "inspector.threads=2",
        "inspector={threads: 3}",
        "data_dir=/data",
    )
    line = read_line(write(tmp_path, ONE + "    fps: 3\n    region: null\n"), overrides)
    assert (line.cameras[0].fps, line.cameras[0].region) == (10.0, Box(0, 0, 5, 5))
    assert (line.inspector.threads, line.data_dir) == (3, Path("/data"))
    assert read_line(write(tmp_path, ONE + "    fps: 3\n"), ("camera.fps=",)).cameras[0].fps is None


TWO = ONE + "  other: {source: a}\n"
OVERRIDES = [
    ("no value", ONE, "camera.fps", "", "", "write --set SETTING=VALUE"),
    ("no setting", ONE, "=3", "", "", "write --set SETTING=VALUE"),
    ("unknown", ONE, "camera.fsp=3", " camera.fsp", "cameras.belt.fsp", "did you mean fps?"),
    ("wrong type", ONE, "camera.fps=x", " camera.fps", "cameras.belt.fps", "needs a number, got x"),
    ("which camera", TWO, "camera.fps=3", " camera.fps", "cameras", "belt, other; use --set cameras.NAME.fps=…"),
    ("no such camera", TWO, "cameras.belf.fps=3", " cameras.belf.fps", "cameras.belf", "mean belt? in the file: belt,"),
    ("below a value", ONE + "name: a\n", "name.x=3", " name.x", "name", "has no settings of its own"),
    ("renamed", ONE, "camera.name=x", " camera.name", "cameras.belt.name", "differs from the name"),
    ("not YAML", ONE, "name=[", " name", "", "not YAML"),
]


@pytest.mark.parametrize(
    ("text", "assignment", "file", "path", "words"), [c[1:] for c in OVERRIDES], ids=[c[0] for c in OVERRIDES]
)
def test_a_mistake_on_the_command_line_is_refused(
    text: str, assignment: str, file: str, path: str, words: str, tmp_path: Path
) -> None:
    (problem,) = refusal(write(tmp_path, text), (assignment,))
    assert (problem.file, problem.line, problem.path) == (f"--set{file}", None, path)
    assert words in problem.text


def test_a_source_for_several_cameras_is_refused(tmp_path: Path) -> None:
    (problem,) = refusal(write(tmp_path, TWO), (), "a.mp4")
    assert str(problem).startswith("--source: cameras: which camera?")
    assert "--set cameras.NAME.source=…" in problem.text


def test_a_password_on_the_command_line_is_in_no_message(tmp_path: Path) -> None:
    path = write(tmp_path, ONE)
    for overrides in (("camera.sauce=rtsp://u:s3cret@cam",), ("rtsp://u:s3cret@cam",), ("rtsp://u:s3cret@cam?a=b",)):
        assert "s3cret" not in "\n".join(map(str, refusal(path, overrides)))
    assert "s3cret" not in str(refusal(write(tmp_path, ONE + "  two: {source: a}\n"), (), "rtsp://u:s3cret@cam"))


@pytest.mark.parametrize("address", ["rtsp://u:s3cret@cam/x", "rtsp://cam/x?user=u&pwd=s3cret"])
def test_a_password_on_the_command_line_is_refused(address: str, tmp_path: Path) -> None:
    """Whoever may run `ps` could read it for as long as the line runs."""
    path = write(tmp_path, ONE)
    for (problem,) in (refusal(path, (f"camera.source={address}",)), refusal(path, (), address)):
        assert "password_file" in problem.text and "s3cret" not in str(problem)


SOURCES = [
    ("index", "0", "0"),
    ("device", "/dev/video1", "/dev/video1"),
    ("synthetic", "synthetic:seed=1", "synthetic:seed=1"),
    ("address", "RTSP://u@Cam/x", "rtsp://u@Cam/x"),
    ("file", "a.mp4", "{cwd}/a.mp4"),
    ("file above", "../a.mp4", "{above}/a.mp4"),
    ("absolute file", "/a.mp4", "/a.mp4"),
]


@pytest.mark.parametrize(("given_source", "read"), [c[1:] for c in SOURCES], ids=[c[0] for c in SOURCES])
def test_a_source_of_the_command_line_is_relative_to_the_working_directory(
    given_source: str, read: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    wanted = read.format(cwd=folder, above=tmp_path)
    path = write(tmp_path, ONE)
    assert read_line(path, (), given_source).cameras[0].source == wanted
    assert read_line(path, (f"camera.source={given_source}",)).cameras[0].source == wanted


@given(text=st.text(max_size=60))
def test_no_override_makes_a_traceback(text: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.getbasetemp() / "one.yaml"
    path.write_text(ONE)
    for assignment in (text, f"camera.source={text}", f"camera.region={text}"):
        with contextlib.suppress(ConfigurationError):
            read_line(path, (assignment,))
