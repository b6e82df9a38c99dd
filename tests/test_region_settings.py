"""Regions in a line's YAML: read, refused by path and line, and part of what a verdict depends on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from detector.regions import Locate, Point, Region, Tiles
from detector.verdict import Box
from stream.configuration import ConfigurationError, dump_line, parse_line, read_line
from stream.probe import PictureSize
from stream.region_check import look_at_regions
from stream.region_scale import scale_of
from stream.settings import CameraSettings, InspectorSettings, settings_id
from tests.line import TINY_BUNDLE

SHIPPED_EXAMPLE = Path(__file__).parents[1] / "configs" / "regions.yaml"
ABOVE = "cameras:\n  belt:\n    source: 'synthetic:'\n    regions:\n"
ID_BEFORE_THERE_WERE_REGIONS = "21a0b5659cdc"


def read(tmp_path: Path, text: str) -> tuple[Region, ...]:
    path = tmp_path / "line.yaml"
    path.write_text(ABOVE + text)
    return read_line(path).cameras[0].regions


def test_each_kind_is_read_and_survives_the_pipe_to_a_role() -> None:
    line = read_line(SHIPPED_EXAMPLE)
    assert line.cameras[0].regions == (
        Region("middle", box=Box(440, 160, 840, 560)),
        Region("slanted", polygon=(Point(60, 200), Point(380, 160), Point(420, 500), Point(100, 560))),
        Region("right", tiles=Tiles(256, 56, Box(880, 160, 1280, 560))),
        Region("code", locate=Locate(200, 0.15, "good", 128, Box(320, 100, 960, 620))),
    )
    assert line.cameras[0].where == line.cameras[0].regions
    assert parse_line(dump_line(line)) == line


def test_no_regions_is_the_region_or_the_whole_picture(tmp_path: Path) -> None:
    assert read(tmp_path, "") == ()
    assert CameraSettings("belt", "0").where is None
    assert CameraSettings("belt", "0", region=Box(0, 0, 9, 9)).where == Box(0, 0, 9, 9)


REFUSED = [
    ("no kind", "      a: {}\n", 5, "a.box", "needs one of box, polygon, tiles, locate, got none"),
    ("two kinds", "      a: {box: [0, 0, 9, 9], tiles: {size: 99}}\n", 5, "a.tiles", "got box and tiles"),
    ("empty box", "      a:\n        box: [5, 0, 5, 9]\n", 6, "a.box", "is empty"),
    ("turned round", "      a: {tiles: {size: 64, box: [9, 9, 0, 0]}}\n", 5, "a.tiles.box", "is empty"),
    ("outside", "      a: {locate: {box: [-1, 0, 4, 9]}}\n", 5, "a.locate.box", "begins outside"),
    ("two corners", "      a: {polygon: [[0, 0], [9, 9]]}\n", 5, "a.polygon", "3 to 64 corners, got a list of 2"),
    ("flat", "      a: {polygon: [[0, 0], [9, 0], [5, 0]]}\n", 5, "a.polygon", "is empty"),
    ("no pairs", "      a: {polygon: [0, 0, 9, 9]}\n", 5, "a.polygon", "corners of two whole numbers"),
    ("of three", "      a: {polygon: [[0, 0, 1], [9, 9], [1, 2]]}\n", 5, "a.polygon", "corners of two whole numbers"),
    ("half a pixel", "      a: {polygon: [[0.5, 0], [9, 9], [1, 2]]}\n", 5, "a.polygon", "two whole numbers"),
    ("overlap", "      a: {tiles: {size: 64, overlap: 64}}\n", 5, "a.tiles.overlap", "must be less than size"),
    ("too many tiles", "      a: {tiles: {size: 33, box: [0, 0, 999, 999]}}\n", 5, "a.tiles.size", "more than 4096"),
    ("no size", "      a: {tiles: {overlap: 4}}\n", 5, "a.tiles.size", "missing"),
    ("missing", "      a: {locate: {when_missing: bad}}\n", 5, "a.locate.when_missing", "one of unknown, good"),
    ("a name", "      a b: {box: [0, 0, 9, 9]}\n", 5, "a b", "not a region's name"),
    ("the same twice", "      a: {box: [0, 0, 9, 9]}\n      b: {box: [0, 0, 9, 9]}\n", 6, "b", "the same as a"),
    ("a name twice", "      a: {box: [0, 0, 9, 9]}\n      a: {box: [0, 0, 9, 8]}\n", 6, "a", "given twice"),
    ("misspelt below", "      a: {tiles: {sise: 9}}\n", 5, "a.tiles.sise", "did you mean size?"),
    ("unknown", "      a: {bax: [0, 0, 9, 9]}\n", 5, "a.bax", "did you mean box?"),
]


@pytest.mark.parametrize(("text", "line", "path", "words"), [c[1:] for c in REFUSED], ids=[c[0] for c in REFUSED])
def test_what_cannot_be_is_refused_by_path_and_line(
    text: str, line: int, path: str, words: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigurationError) as refused:
        read(tmp_path, text)
    problem = refused.value.problems[0]
    assert len(refused.value.problems) == 1, "one mistake is said once"
    assert (problem.path, problem.line) == (f"cameras.belt.regions.{path}", line)
    assert words in problem.text


def test_a_region_beside_regions_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"cameras\.belt\.region: stands beside regions"):
        read(tmp_path, "      a: {box: [0, 0, 9, 9]}\n    region: [0, 0, 9, 9]\n")


# --- the settings' id ---


def test_the_id_of_a_camera_without_regions_is_what_it_was() -> None:
    camera = CameraSettings("belt", "/a.mp4", region=Box(1, 2, 30, 40))
    assert settings_id(InspectorSettings(), camera) == ID_BEFORE_THERE_WERE_REGIONS


def test_each_word_of_a_region_changes_the_id() -> None:
    camera = CameraSettings("belt", "/a.mp4")
    locate = Locate()
    changed = [
        (),
        (Region("a", box=Box(0, 0, 9, 9)),),
        (Region("a", polygon=(Point(0, 0), Point(9, 0), Point(9, 9))),),
        (Region("a", tiles=Tiles(64)),),
        (Region("a", tiles=Tiles(64, 8)),),
        *((Region("a", locate=replace(locate, **one)),) for one in ({}, {"length": 90}, {"margin": 0.5})),
        *((Region("a", locate=replace(locate, **one)),) for one in ({"light": 9}, {"count": 2})),
        (Region("a", locate=replace(locate, when_missing="good")),),
    ]
    assert len({settings_id(InspectorSettings(), replace(camera, regions=one)) for one in changed}) == len(changed)


# --- in the world ---

SIZE = PictureSize(320, 240)
BUNDLE_SAYS = "so thin scratches may vanish; at most 256x256 px may be judged at once"
FOUND = [
    ("fine", Region("a", box=Box(0, 0, 200, 200)), []),
    ("outside", Region("a", box=Box(0, 0, 200, 241)), [("error", "box", "outside the picture of 320x240 px")]),
    ("small", Region("a", box=Box(0, 0, 200, 4)), [("error", "box", "too small")]),
    ("shrunk", Region("a", box=Box(0, 0, 300, 200)), [("warning", "box", BUNDLE_SAYS)]),
    (
        "shrunk polygon",
        Region("a", polygon=(Point(0, 0), Point(300, 0), Point(0, 200))),
        [("warning", "polygon", BUNDLE_SAYS)],
    ),
    ("one tile", Region("a", tiles=Tiles(240, 8, Box(0, 0, 240, 240))), []),
    ("tiles", Region("a", tiles=Tiles(128, 8)), [("note", "tiles.size", "6 tiles are judged of each frame")]),
    (
        "large tiles",
        Region("a", tiles=Tiles(300, 8)),
        [("warning", "tiles.size", "300x240 px shrink"), ("note", "tiles.size", "2 tiles")],
    ),
    ("codes", Region("a", locate=Locate(160)), []),
    ("long codes", Region("a", locate=Locate(230)), [("warning", "locate.length", "299x299 px shrink")]),
    ("longer than all", Region("a", locate=Locate(180, box=Box(0, 0, 99, 99))), [("error", "locate.length", "longer")]),
]


@pytest.mark.parametrize(("region", "expected"), [c[1:] for c in FOUND], ids=[c[0] for c in FOUND])
def test_each_region_is_looked_at(region: Region, expected: list[tuple[str, str, str]]) -> None:
    from detector.bundle import open_bundle

    camera = CameraSettings("belt", "0", regions=(region,))
    found = list(look_at_regions(camera, SIZE, open_bundle(TINY_BUNDLE)))
    assert [(one.severity, one.path.removeprefix("cameras.belt.regions.a.")) for one in found] == [
        (severity, path) for severity, path, _ in expected
    ]
    for one, (_, _, words) in zip(found, expected, strict=True):
        assert words in one.text


def test_what_is_not_known_of_a_live_camera_is_not_complained_of() -> None:
    regions = (Region("a", tiles=Tiles(64)), Region("b", box=Box(0, 0, 9999, 900)), Region("c", locate=Locate()))
    assert list(look_at_regions(CameraSettings("belt", "0", regions=regions), None, None)) == []


def test_a_small_region_is_said_to_be_enlarged() -> None:
    from detector.bundle import open_bundle

    scale = scale_of(Region("a", box=Box(0, 0, 32, 32)), SIZE, open_bundle(TINY_BUNDLE))
    assert scale.words.startswith("32x32 px are enlarged to 2.00 of their size")
