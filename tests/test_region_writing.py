"""Regions are written into a line's file whole, rightly, or not at all."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from detector.regions import Locate, Point, Region, Tiles
from detector.verdict import Box
from stream.configuration import read_line
from stream.region_writing import WritingError, as_yaml, read_file, save, shown, with_regions

REGIONS = (
    Region("gate", box=Box(1, 2, 30, 40)),
    Region("label", polygon=(Point(0, 0), Point(9, 0), Point(9, 9))),
    Region("web", tiles=Tiles(64)),
    Region("code", locate=Locate(margin=0.25, when_missing="good", box=Box(0, 0, 300, 300))),
)
FILE = "cameras:\n  belt: # one\n    source: 'synthetic:'\n    region: [0, 0, 9, 9]  # small\n"


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "line.yaml"
    path.write_text(text)
    return path


def test_what_is_saved_is_what_the_line_reads(tmp_path: Path) -> None:
    path = written(tmp_path, FILE)
    path.chmod(0o640)
    after = save(read_file(path), "belt", REGIONS)
    assert read_line(path).cameras[0].regions == REGIONS
    assert path.read_text() == after.text
    assert "    region: null  # small\n" in after.text, "one region does not stand beside regions"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert [one.name for one in tmp_path.iterdir()] == ["line.yaml"], "nothing is left beside it"
    again = save(after, "belt", ())
    assert read_line(path).cameras[0].regions == ()
    assert "# one" in again.text


def test_what_somebody_wrote_stays_also_where_it_is_the_default(tmp_path: Path) -> None:
    text = FILE.replace(
        "    region: [0, 0, 9, 9]  # small\n",
        "    regions:\n      code:\n        locate:\n          length: 200  # about\n          light: 128  # grey\n",
    )
    path = written(tmp_path, text)
    after = save(read_file(path), "belt", (Region("code", locate=Locate(light=90)),))
    assert after.text == text.replace("128", "90")


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    path = written(tmp_path, FILE)
    link = tmp_path / "link.yaml"
    link.symlink_to(path)
    save(read_file(link), "belt", REGIONS)
    assert link.is_symlink()
    assert read_line(path).cameras[0].regions == REGIONS


REFUSED = [
    (
        "an anchor that others use",
        "cameras:\n  belt: &a\n    source: 'synthetic:'\n  c:\n    <<: *a\n",
        "an alias, a merge",
    ),
    ("another name", "cameras:\n  bolt: {source: 'synthetic:'}\n", "belt does not stand in the file itself"),
]


@pytest.mark.parametrize(("text", "words"), [c[1:] for c in REFUSED], ids=[c[0] for c in REFUSED])
def test_a_file_that_cannot_be_changed_in_place_is_left_alone(text: str, words: str, tmp_path: Path) -> None:
    path = written(tmp_path, text)
    with pytest.raises(WritingError, match=words):
        save(read_file(path), "belt", REGIONS)
    assert path.read_text() == text
    assert [one.name for one in tmp_path.iterdir()] == ["line.yaml"]


def test_regions_that_the_line_would_refuse_are_not_written(tmp_path: Path) -> None:
    path = written(tmp_path, FILE)
    with pytest.raises(WritingError, match=r"cameras\.belt\.regions\.a\.box: is empty"):
        save(read_file(path), "belt", (Region("a", box=Box(5, 5, 5, 5)),))
    assert path.read_text() == FILE


def test_a_file_that_somebody_else_has_changed_is_left_alone(tmp_path: Path) -> None:
    path = written(tmp_path, FILE)
    before = read_file(path)
    path.write_text(FILE + "# mine\n")
    with pytest.raises(WritingError, match="changed by somebody else"):
        save(before, "belt", REGIONS)
    assert path.read_text() == FILE + "# mine\n"


def test_a_byte_order_mark_and_line_ends_stay(tmp_path: Path) -> None:
    path = tmp_path / "line.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + FILE.replace("\n", "\r\n").encode())
    save(read_file(path), "belt", REGIONS)
    raw = path.read_bytes()
    assert raw.startswith(b"\xef\xbb\xbfcameras:\r\n")
    assert raw.count(b"\n") == raw.count(b"\r\n")
    assert read_line(path).cameras[0].regions == REGIONS


def test_what_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "line.yaml"
    path.write_bytes(b"\xff\xfe")
    for missing in (path, tmp_path / "gone.yaml"):
        with pytest.raises(WritingError, match="cannot be read"):
            read_file(missing)


def test_only_what_is_not_the_default_is_written() -> None:
    assert [as_yaml(region) for region in REGIONS] == [
        {"box": [1, 2, 30, 40]},
        {"polygon": [[0, 0], [9, 0], [9, 9]]},
        {"tiles": {"size": 64}},
        {"locate": {"margin": 0.25, "when_missing": "good", "box": [0, 0, 300, 300]}},
    ]


def test_the_text_to_copy_is_read_when_it_is_pasted(tmp_path: Path) -> None:
    pasted = "".join(f"  {line}\n" for line in shown("belt", REGIONS).splitlines())
    path = written(tmp_path, f"cameras:\n  belt:\n    source: 'synthetic:'\n{pasted}")
    assert read_line(path).cameras[0].regions == REGIONS
    assert with_regions(path.read_text(), "belt", REGIONS) == path.read_text()
