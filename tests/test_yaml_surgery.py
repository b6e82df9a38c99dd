"""Settings are changed in a file's text, and nothing else in it is."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from stream.yaml_surgery import GONE, SurgeryError, changed

FILE = """# the line
name: "hall 2"   # two spaces before
cameras:
  belt:  # the first
    source: 'a.mp4'

    regions:
      # left of the gate
      left:
        box: [0, 0, 9, 9]   # narrow
      # right of it
      right: {box: [5, 5, 9, 9]}  # wide
      both:
        tiles:
          size: 64  # px
          overlap: 8
    slots: 16   # many
  # the second
  other: {source: b.mp4, fps: 5}
# the end
"""
AT = ("cameras", "belt")
LEFT, RIGHT = {"box": [0, 0, 9, 9]}, {"box": [5, 5, 9, 9]}
BOTH = {"tiles": {"size": 64, "overlap": 8}}


def lines_changed(before: str, after: str) -> tuple[list[str], list[str]]:
    """Lines that are gone and lines that are new."""
    old, new = before.splitlines(), after.splitlines()
    return [line for line in old if line not in new], [line for line in new if line not in old]


CASES: list[tuple[str, dict[str, Any], list[str], list[str]]] = [
    ("nothing", {"left": LEFT, "right": RIGHT, "both": BOTH}, [], []),
    (
        "one moved",
        {"left": {"box": [1, 2, 3, 4]}, "right": RIGHT, "both": BOTH},
        ["        box: [0, 0, 9, 9]   # narrow"],
        ["        box: [1, 2, 3, 4]   # narrow"],
    ),
    (
        "one on one line",
        {"left": LEFT, "right": {"box": [1, 1, 2, 2]}, "both": BOTH},
        ["      right: {box: [5, 5, 9, 9]}  # wide"],
        ["      right: {box: [1, 1, 2, 2]}  # wide"],
    ),
    (
        "deep",
        {"left": LEFT, "right": RIGHT, "both": {"tiles": {"size": 80, "box": [0, 0, 99, 99]}}},
        ["          size: 64  # px", "          overlap: 8"],
        ["          size: 80  # px", "          box: [0, 0, 99, 99]"],
    ),
    ("one gone", {"left": LEFT, "both": BOTH}, ["      right: {box: [5, 5, 9, 9]}  # wide"], []),
    (
        "one new",
        {"left": LEFT, "right": RIGHT, "both": BOTH, "new": {"polygon": [[0, 0], [9, 0], [0, 9]]}},
        [],
        ["      new:", "        polygon: [[0, 0], [9, 0], [0, 9]]"],
    ),
    (
        "of another kind",
        {"left": {"locate": {"length": 90}}, "right": RIGHT, "both": BOTH},
        ["        box: [0, 0, 9, 9]   # narrow"],
        ["        locate: {length: 90}"],
    ),
]


@pytest.mark.parametrize(("wanted", "gone", "new"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_only_what_differs_is_touched(wanted: dict[str, Any], gone: list[str], new: list[str]) -> None:
    after = changed(FILE, AT, {"regions": wanted})
    assert yaml.safe_load(after)["cameras"]["belt"]["regions"] == wanted
    assert lines_changed(FILE, after) == (gone, new)


def test_all_of_it_can_go() -> None:
    after = changed(FILE, AT, {"regions": GONE})
    assert "regions" not in yaml.safe_load(after)["cameras"]["belt"]
    assert "    slots: 16   # many\n  # the second\n" in after


@pytest.mark.parametrize(
    "above",
    [
        "cameras:\n  belt:\n    source: a  # the end of the file",
        "cameras:\r\n  belt:\r\n    source: a\r\n  # more\r\n  other:\r\n    source: b\r\n",
        "cameras:\n  belt:\n    regions: null   # none yet\n    source: a\n",
        "cameras:\n  belt:\n    regions:   # none yet\n    source: a\n",
        "cameras:\n  belt:\n    regions: {}   # none yet\n    source: a\n",
        "cameras:\n  belt: {source: a}  # short\nname: x\n",
        "cameras:\n  belt: {source: a, regions: null,}\n",
        "cameras: {belt: {source: a}}\n",
        "cameras:\n  - name: other\n    source: b\n  - name: belt   # this\n    source: a\n",
        "cameras:\n- source: a\n  name: belt\nname: x\n",
    ],
)
def test_they_are_put_wherever_the_camera_is_written(above: str) -> None:
    wanted = {"left": LEFT, "both": BOTH}
    after = changed(above, AT, {"regions": wanted})
    cameras = yaml.safe_load(after)["cameras"]
    belt = cameras["belt"] if isinstance(cameras, dict) else next(one for one in cameras if one["name"] == "belt")
    assert belt["regions"] == wanted
    comments = [line[line.index("#") :] for line in above.splitlines() if "#" in line]
    assert all(comment in after for comment in comments)
    assert after.count("\r\n") == (after.count("\n") if "\r\n" in above else 0)
    assert changed(after, AT, {"regions": wanted}) == after, "what is right already is left alone"


@pytest.mark.parametrize("text", ["cameras: {}\n", "cameras:\n  other: {source: a}\n", "cameras: 5\n", "", "a: [\n"])
def test_where_there_is_no_such_camera_it_is_refused(text: str) -> None:
    with pytest.raises(SurgeryError):
        changed(text, AT, {"regions": {"left": LEFT}})


NAMES = st.sampled_from(["left", "right", "both", "new", "newer"])
VALUES = st.one_of(
    st.builds(lambda numbers: {"box": numbers}, st.lists(st.integers(0, 99), min_size=4, max_size=4)),
    st.builds(
        lambda size, overlap: {"tiles": {"size": size, "overlap": overlap}}, st.integers(9, 99), st.integers(0, 8)
    ),
    st.builds(lambda length: {"locate": {"length": length, "margin": 0.25}}, st.integers(9, 99)),
)


@settings(max_examples=30)
@given(steps=st.lists(st.dictionaries(NAMES, VALUES, min_size=1, max_size=5), min_size=1, max_size=4))
def test_however_often_it_is_changed_the_rest_stays(steps: list[dict[str, Any]]) -> None:
    text = FILE
    for wanted in steps:
        text = changed(text, AT, {"regions": wanted})
        read = yaml.safe_load(text)
        assert read["cameras"]["belt"]["regions"] == wanted
    rest = {**yaml.safe_load(FILE)["cameras"]["belt"], "regions": steps[-1]}
    assert yaml.safe_load(text) == {**yaml.safe_load(FILE), "cameras": {**read["cameras"], "belt": rest}}
    for comment in ("# the line", "# the first", "# many", "# the second", "# the end"):
        assert comment in text
