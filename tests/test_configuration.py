"""YAML to settings: what is read, and how each mistake is refused."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.verdict import Box
from stream.configuration import ConfigurationError, Problem, dump_line, parse_line, read_line
from stream.settings import CameraSettings, InspectorSettings, LineSettings

ONE = "cameras:\n  belt:\n    source: 'synthetic:'\n"


def write(folder: Path, text: str | bytes) -> Path:
    path = folder / "line.yaml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def refusal(path: Path, overrides: tuple[str, ...] = (), source: str | None = None) -> tuple[Problem, ...]:
    with pytest.raises(ConfigurationError) as refused:
        read_line(path, overrides, source)
    assert str(refused.value) == "\n".join(map(str, refused.value.problems))
    assert len(str(refused.value).splitlines()) == len(refused.value.problems)
    return refused.value.problems


# name, YAML, line, path, words of the message
REFUSALS = [
    ("unknown camera setting", ONE + "    fsp: 10\n", 4, "cameras.belt.fsp", ["unknown setting, got 10", "mean fps?"]),
    (
        "unknown section",
        ONE + "inspektor: {}\n",
        4,
        "inspektor",
        ["unknown", "mean inspector?", "known here: cameras,"],
    ),
    ("setting in the wrong place", ONE + "threads: 2\n", 4, "threads", ["did you mean inspector.threads?"]),
    ("text for a number", ONE + "    fps: fast\n", 4, "cameras.belt.fps", ["needs a number, got fast"]),
    ("quoted number", ONE + "    fps: '10'\n", 4, "cameras.belt.fps", ["without quotes, got '10'"]),
    ("not finite", ONE + "    fps: .nan\n", 4, "cameras.belt.fps", ["needs a number, got .nan"]),
    ("fraction for a whole number", ONE + "    slots: 2.5\n", 4, "cameras.belt.slots", ["whole number, got 2.5"]),
    ("octal", ONE + "display: {port: 010}\n", 4, "display.port", ["whole number, got 010"]),
    ("sexagesimal", ONE + "display: {port: 1:30}\n", 4, "display.port", ["whole number, got 1:30"]),
    ("endless digits", ONE + f"display: {{port: {'9' * 5000}}}\n", 4, "display.port", ["needs a whole number"]),
    ("word for a truth value", ONE + "display: {enabled: 1}\n", 4, "display.enabled", ["true or false, got 1"]),
    ("truth value for a text", ONE + "name: no\n", 4, "name", ["needs a text", "got no", "put it in quotes"]),
    ("nothing for a number", ONE + "display: {port: }\n", 4, "display.port", ["needs a whole number, got nothing"]),
    ("list for a text", ONE + "data_dir: [a]\n", 4, "data_dir", ["needs a text, got [a]"]),
    ("text for a section", ONE + "display: off\n", 4, "display", ["needs settings below it, got off"]),
    ("unprintable text", ONE + 'data_dir: "a\\0b"\n', 4, "data_dir", ["printable"]),
    ("unprintable name", ONE + '"a\\nb": 1\n', 4, "'a\\nb'", ["unknown"]),
    ("not a choice", ONE + "    policy: nevest\n", 4, "cameras.belt.policy", ["auto, newest, every, got nevest"]),
    ("port too high", ONE + "display: {port: 65536}\n", 4, "display.port", ["must be 0 to 65535, got 65536"]),
    (
        "threshold too high",
        ONE + "inspector: {classifier_threshold: 1.1}\n",
        4,
        "inspector.classifier_threshold",
        ["must be 0 to 1, got 1.1"],
    ),
    ("rate of zero", ONE + "    fps: 0\n", 4, "cameras.belt.fps", ["must be more than 0"]),
    ("region of three", ONE + "    region: [0, 0, 9]\n", 4, "cameras.belt.region", ["four whole", "got [0, 0, 9]"]),
    ("region turned round", ONE + "    region: [9, 0, 4, 9]\n", 4, "cameras.belt.region", ["is empty", "x1 above x0"]),
    ("region outside", ONE + "    region: [-1, 0, 4, 9]\n", 4, "cameras.belt.region", ["begins outside"]),
    ("name with a slash", ONE + "  a/b: {source: a}\n", 4, "cameras.a/b", ["may not hold a `/`, got a/b"]),
    ("name with dots", ONE + "  a..: {source: a}\n", 4, "cameras.a..", ["may not hold `..`", "A-Z a-z 0-9 _ -"]),
    ("name with a newline", ONE + '  "a\\n": {source: a}\n', 4, "cameras.'a\\n'", ["not a camera's name"]),
    ("name too long", ONE + f"  {'a' * 33}: {{source: a}}\n", 4, f"cameras.{'a' * 33}", ["not a camera's name"]),
    ("two cameras with one name", ONE + "  belt: {source: a}\n", 4, "cameras.belt", ["given twice, first on line 2"]),
    (
        "two cameras with one name in a list",
        "cameras:\n- {name: belt, source: a}\n- {name: belt, source: b}\n",
        3,
        "cameras.belt",
        ["two cameras with one name, the first on line 2; rename one"],
    ),
    ("setting twice", ONE + "name: a\nname: b\n", 5, "name", ["given twice, first on line 4"]),
    ("list without a name", "cameras:\n- source: a\n", 2, "cameras[0]", ["needs settings with `name`"]),
    ("another name below", ONE + "    name: other\n", 4, "cameras.belt.name", ["differs from the name"]),
    ("no source", "cameras:\n  belt:\n    fps: 1\n", 2, "cameras.belt.source", ["missing"]),
    ("no cameras", "name: a\n", None, "cameras", ["missing"]),
    ("empty cameras", "cameras: {}\n", 1, "cameras", ["empty; add one"]),
    ("cameras by text", "cameras: belt\n", 1, "cameras", ["needs settings below it, got belt"]),
    ("address without a host", "cameras: {a: {source: 'rtsp:///x'}}\n", 1, "cameras.a.source", ["needs a host"]),
    ("ring too small", ONE + "    slots: 8\n", 4, "cameras.belt.slots", ["than unrecorded_bad_max, got 8 and 8"]),
    (
        "classifier alone",
        ONE + "inspector: {classifier: a.pth}\n",
        4,
        "inspector.classifier",
        ["classifier without segmenter"],
    ),
    (
        "segmenter alone",
        ONE + "inspector:\n  segmenter: a.pth\n",
        5,
        "inspector.segmenter",
        ["segmenter without classifier"],
    ),
    ("torch for a bundle", ONE + "inspector: {engine: torch}\n", 4, "inspector.engine", ["needs .pth checkpoints"]),
    (
        "onnxruntime for checkpoints",
        ONE + "inspector: {engine: onnxruntime, classifier: a.pth, segmenter: b.pth}\n",
        4,
        "inspector.engine",
        [".pth checkpoints need the engine torch"],
    ),
    (
        "bundle and checkpoints",
        ONE + "inspector: {bundle: a, classifier: a.pth, segmenter: b.pth}\n",
        4,
        "inspector.bundle",
        ["delete one of the two"],
    ),
    ("open page", ONE + "display: {host: 0.0.0.0}\n", 4, "display.host", ["anybody", "got 0.0.0.0", "token_file"]),
    (
        "password without a user",
        "cameras: {a: {source: 'rtsp://cam', password_file: p}}\n",
        1,
        "cameras.a.password_file",
        ["set username"],
    ),
    (
        "two passwords",
        "cameras: {a: {source: 'rtsp://u:p@cam', password_file: p}}\n",
        1,
        "cameras.a.password_file",
        ["take it out of source"],
    ),
    ("not YAML", ONE + "name: [a\ndata_dir: b\n", 5, "", ["not YAML", "check quotes, colons and indents"]),
    ("unclosed quote", ONE + "name: 'a\n", 5, "", ["not YAML"]),
    ("tab", ONE + "\tfps: 1\n", 4, "", ["tab", "use spaces"]),
    ("two documents", ONE + "---\nname: a\n", 4, "", ["not YAML"]),
    ("control character", ONE + "name: a\x07\n", 4, "", ["U+0007"]),
    ("tag", ONE + "name: !!python/object/apply:os.system [ls]\n", 4, "", ["tags are not allowed", "python/object"]),
    ("merge of a text", ONE + "    <<: a\n", 4, "cameras.belt", ["`<<` needs a mapping"]),
    ("undefined alias", ONE + "name: *a\n", 4, "", ["not YAML"]),
    ("alias in itself", ONE + "name: &a [*a]\n", 4, "name[0]", ["contains itself"]),
    ("too deep", ONE + "name: " + "[" * 50_000, 4, "", ["nested deeper than"]),
    ("too many parts", ONE + "name: [" + "a," * 30_000 + "]", 4, "", ["more than 20000 names and values"]),
    ("a text alone", "cameras\n", 1, "", ["needs settings such as `cameras:`, got cameras"]),
    ("a list", "- a\n", 1, "", ["got [a]"]),
    ("empty", "", None, "", ["is empty"]),
    ("comments alone", "# a\n\n# b\n", None, "", ["is empty"]),
    ("not UTF-8", ONE.encode() + b"name: \xff\n", 4, "", ["not UTF-8", "0xff"]),
    ("UTF-16", ONE.encode("utf-16"), 1, "", ["not UTF-8"]),
    ("too large", "#" * 300_000, None, "", ["larger than 256 KiB"]),
]


@pytest.mark.parametrize(("text", "line", "path", "words"), [c[1:] for c in REFUSALS], ids=[c[0] for c in REFUSALS])
def test_a_mistake_is_refused_by_path_and_line(
    text: str | bytes, line: int | None, path: str, words: list[str], tmp_path: Path
) -> None:
    file = write(tmp_path, text)
    (problem,) = refusal(file)
    assert (problem.file, problem.line, problem.path) == (str(file), line, path)
    for word in words:
        assert word in problem.text


def test_an_alias_bomb_is_refused_before_it_grows(tmp_path: Path) -> None:
    rows = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    rows += [f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]" for old, new in zip("abcdefgh", "bcdefghi", strict=True)]
    (problem,) = refusal(write(tmp_path, "\n".join(rows)))
    assert problem.line == 3
    assert "more than 16 aliases" in problem.text


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    assert "no such file" in refusal(tmp_path / "gone.yaml")[0].text
    assert "is a folder" in refusal(tmp_path)[0].text


def test_all_problems_are_found_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = ONE + "    fsp: 10\n    slots: x\ndisplay:\n  port: -1\n  host: 0.0.0.0\ndisplay: {}\nnaem: a\n"
    problems = refusal(write(tmp_path, text), ("inspector.threads=0",))
    paths = [problem.path for problem in problems]
    assert paths == [
        "inspector.threads",
        "cameras.belt.fsp",
        "cameras.belt.slots",
        "display.port",
        "display",
        "naem",
    ]
    assert [problem.line for problem in problems] == [None, 4, 5, 7, 9, 10]


def test_a_problem_reads_as_file_line_path_and_words() -> None:
    assert str(Problem("a.b", "x.yaml", 3, "wrong")) == "x.yaml:3: a.b: wrong"
    assert str(Problem("", "x.yaml", None, "wrong")) == "x.yaml: wrong"


SECRET_SPOTS = [
    ("wrong setting", "    sorce: rtsp://u:s3cret@cam\n"),
    ("list", "    source: [rtsp://u:s3cret@cam]\n"),
    ("wrong type", "    fps: rtsp://u:s3cret@cam/x?pwd=s3cret\n"),
    ("as a name", "    rtsp://u:s3cret@cam: 1\n"),
    ("password setting", "    password: s3cret\n"),
    ("no host", "    source: rtsp://u:s3cret@\n"),
    ("broken YAML", "    a: rtsp://u:s3cret@cam\n    fps: rtsp://u:s3cret@cam: [\n"),
    ("twice", "    url: rtsp://u:s3cret@cam\n    url: rtsp://u:s3cret@cam\n"),
]


@pytest.mark.parametrize("row", [c[1] for c in SECRET_SPOTS], ids=[c[0] for c in SECRET_SPOTS])
def test_a_password_is_in_no_message(row: str, tmp_path: Path) -> None:
    text = "cameras:\n  belt:\n    slots: 20\n" + row
    assert "s3cret" not in "\n".join(map(str, refusal(write(tmp_path, text))))


def test_every_type_is_read(tmp_path: Path) -> None:
    text = """
name: 2024-01-01
data_dir: records
cameras:
  belt: &belt
    source: 0
    fps: 1e1
    region: [1, 2, 30, 40]
    width: null
  second:
    <<: *belt
    source: rec/a.mp4
    password_file: ../cam.password
    policy: newest
inspector:
recorder: {overlay_video: yes}
"""
    line = read_line(write(tmp_path, text))
    belt = CameraSettings("belt", "0", fps=10.0, region=Box(1, 2, 30, 40))
    second = dataclasses.replace(
        belt,
        name="second",
        source=str(tmp_path / "rec/a.mp4"),
        password_file=tmp_path.parent / "cam.password",
        policy="newest",
    )
    assert line.cameras == (belt, second)
    assert (line.name, line.data_dir, line.recorder.overlay_video) == ("2024-01-01", tmp_path / "records", True)
    assert line.inspector == InspectorSettings()
    assert isinstance(line.cameras[0].fps, float)


def test_cameras_may_be_a_list(tmp_path: Path) -> None:
    text = "cameras:\n- name: a\n  source: 'synthetic:'\n- name: b\n  source: 'synthetic:'\n"
    line = read_line(write(tmp_path, text), ("cameras.b.fps=3",))
    assert [(camera.name, camera.fps) for camera in line.cameras] == [("a", None), ("b", 3.0)]


def test_the_default_data_dir_stands_beside_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    assert read_line(write(tmp_path, ONE)).data_dir == tmp_path / "linewatch-data"


texts = st.text(min_size=1, max_size=20)
paths = texts.filter(lambda text: "\0" not in text).map(lambda text: Path("/") / text)
boxes = st.builds(Box, *[st.integers(0, 9999)] * 4)
BY_TYPE = {float: st.floats(allow_nan=False, allow_infinity=False), Path: paths, Box: boxes, str: texts}
for kind, strategy in BY_TYPE.items():
    st.register_type_strategy(kind, strategy)


@given(st.from_type(LineSettings))
def test_a_line_survives_its_dump(line: LineSettings) -> None:
    text = dump_line(line)
    assert "\n" not in text
    assert parse_line(text) == line


@pytest.mark.parametrize("text", ["", "{", "[]", '{"cameras": 3}', '{"cameras": [{"name": "a"}]}'])
def test_what_is_no_dump_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_line(text)


PIECES = [
    "cameras",
    ": ",
    ":",
    "- ",
    "\n",
    "  ",
    "\t",
    "[",
    "]",
    "{",
    "}",
    ",",
    "&a ",
    "*a",
    "<<",
    "!!int ",
    "'",
    '"',
    "#",
    "|",
    "?",
    "a",
]


@given(text=st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=40).map("".join))
def test_no_text_makes_a_traceback(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_text(text, encoding="utf-8", errors="replace", newline="")
    with pytest.raises(ConfigurationError):
        read_line(path)
