"""`python -m detector`, as a person uses it: files written, lines printed, exit codes, and never a traceback."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from detector import render
from detector.__main__ import main
from detector.errors import PictureError
from detector.pictures import decode, read_picture
from tests.pictures import TINY_BUNDLE, grey, noisy, with_red
from tests.test_cascade import RED_BOX

ROOT = Path(__file__).parent.parent
BAD = with_red(np.repeat(noisy(120, 160)[:, :, 1:2], 3, axis=2), RED_BOX)


def save(path: Path, bgr: np.ndarray) -> Path:
    Image.fromarray(bgr[:, :, ::-1].copy()).save(path)
    return path


def read(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path))


class Run:
    """One call of the command in this process, its output and its exit code."""

    def __init__(self, out: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self._capsys = out, capsys

    def __call__(self, *words: object, bundle: Path | None = TINY_BUNDLE) -> int:
        argv = [str(word) for word in words] + ["--out", str(self.folder)]
        code = main(argv + (["--bundle", str(bundle)] if bundle else []))
        self.out, self.err = self._capsys.readouterr()
        assert "Traceback" not in self.err
        return code

    def names(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir())


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    return Run(tmp_path / "out", capsys)


def test_a_bad_picture_gets_its_mask_and_overlay_in_its_own_size(run: Run, tmp_path: Path) -> None:
    picture = save(tmp_path / "part.png", BAD)
    assert run(picture) == 0
    assert run.names() == ["part_mask.png", "part_overlay.png"]
    mask, overlay = read(run.folder / "part_mask.png"), read(run.folder / "part_overlay.png")
    assert mask.shape == (120, 160)
    assert set(np.unique(mask)) == {0, 255}
    assert mask[50, 65] == 255
    assert mask[5, 5] == 0
    original = BAD[:, :, ::-1]
    assert np.array_equal(overlay[mask == 0], original[mask == 0])
    marked = np.rint(original[mask > 0] * 0.6 + np.array([255, 0, 0]) * 0.4)
    assert np.abs(overlay[mask > 0] - marked).max() <= 1
    first, last = run.out.splitlines()
    assert first.startswith(f"{picture}: BAD, score ")
    assert "1 defect -> " in first
    assert last.startswith("judged by tiny@")
    assert last.endswith("onnxruntime cpu, 1 thread")


def test_nothing_is_written_about_a_good_picture(run: Run, tmp_path: Path) -> None:
    assert run(save(tmp_path / "part.png", grey())) == 0
    assert run.names() == []
    assert "part.png: GOOD, score 0.0000\n" in run.out


def test_a_folder_is_judged_with_a_bar_and_a_table(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    save(folder / "a.png", grey())
    save(folder / "b.png", BAD)
    save(folder / "c.png", grey(level=0))
    (folder / "notes.txt").write_text("no picture")
    assert run(folder) == 1
    with (run.folder / "verdicts.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [(Path(row["picture"]).name, row["state"]) for row in rows] == [
        ("a.png", "GOOD"),
        ("b.png", "BAD"),
        ("c.png", "UNKNOWN"),
    ]
    assert rows[1]["mask"] == str(run.folder / "b_mask.png")
    assert int(rows[1]["area_px"]) > 1000
    assert "black" in rows[2]["reason"]
    assert "3 pictures: 1 GOOD, 1 BAD, 1 UNKNOWN; table in " in run.out
    assert "3/3" in run.err


def test_pictures_of_one_name_do_not_overwrite_each_other(run: Run, tmp_path: Path) -> None:
    for name in ("one", "two", "two_2"):
        (tmp_path / name).mkdir()
    files = [save(tmp_path / "one" / "x.png", BAD), save(tmp_path / "two" / "x.png", BAD)]
    files.append(save(tmp_path / "two_2" / "x_2.png", BAD))
    assert run(*files) == 0
    assert len([name for name in run.names() if name.endswith("_mask.png")]) == 3


def test_json_is_one_object_on_stdout(run: Run, tmp_path: Path) -> None:
    assert run(save(tmp_path / "b.png", BAD), save(tmp_path / "g.png", grey()), "--json") == 0
    told = json.loads(run.out)
    assert told["bundle"].startswith("tiny@")
    assert told["engine"] == "onnxruntime cpu, 1 thread"
    bad, good = told["pictures"]
    assert (bad["state"], good["state"]) == ("BAD", "GOOD")
    assert bad["defects"][0]["kind"] == "red"
    assert bad["overlay"] == str(run.folder / "b_overlay.png")
    assert (good["mask"], good["defects"], good["reason"]) == (None, [], None)


def test_a_panel_is_the_three_side_by_side(run: Run, tmp_path: Path) -> None:
    assert run(save(tmp_path / "b.png", BAD), save(tmp_path / "g.png", grey()), "--panel") == 0
    shown = read(run.folder / "b_panel.png")
    assert shown.shape == (120, 3 * 160 + 2 * render.GAP_PX, 3)
    assert np.array_equal(shown[:, :160], BAD[:, :, ::-1])
    assert np.array_equal(shown[:, -160:], read(run.folder / "b_overlay.png"))
    assert not read(run.folder / "g_panel.png")[:, 164:324].any()  # GOOD: an empty mask


def test_show_without_a_display_says_so_and_where_the_panel_is(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert run(save(tmp_path / "b.png", BAD), "--show") == 0
    assert f"there is no display here; the panel is {run.folder / 'b_panel.png'}" in run.err


def test_show_opens_the_panel_where_there_is_a_display(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[tuple[int, int]] = []
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr(
        "detector.terminal.ImageShow.show", lambda image, title: bool(opened.append(image.size)) or True
    )
    assert run(save(tmp_path / "g.png", grey()), "--show") == 0
    assert opened == [(3 * 160 + 2 * render.GAP_PX, 120)]
    assert "opened" in run.err


def test_only_the_region_is_judged(run: Run, tmp_path: Path) -> None:
    picture = save(tmp_path / "b.png", BAD)
    assert run(picture, "--region", "100,0,160,120") == 0
    assert ": GOOD" in run.out
    assert run(picture, "--region", "0,0,100,100") == 0
    assert ": BAD" in run.out
    assert run(picture, "--region", "0,0,999,100") == 1
    assert "UNKNOWN: region 0,0,999,100 lies outside the picture of 160x120 px" in run.out


def test_thresholds_go_over_the_bundles(run: Run, tmp_path: Path) -> None:
    assert run(save(tmp_path / "g.png", grey()), "--threshold", "0") == 0
    assert ": BAD, score 0.0000, 0 defects" in run.out
    assert run(save(tmp_path / "b.png", BAD), "--mask-threshold", "1") == 0
    assert ": BAD, score 1.0000, 0 defects" in run.out


def unusual(folder: Path) -> dict[str, Path]:
    """A file for each row of the table of bad pictures, and what is no picture at all."""
    rgb = BAD[:, :, ::-1]
    pictures = {
        "grey": Image.fromarray(grey()[:, :, 0]),
        "deep": Image.fromarray(grey()[:, :, 0].astype(np.uint16) * 257),
        "alpha": Image.fromarray(np.dstack([rgb, np.full((120, 160), 9, np.uint8)])),
        "palette": Image.fromarray(rgb.copy()).quantize(16),
        "bits": Image.fromarray(np.random.default_rng(0).random((60, 60)) > 0.5),
        "pixel": Image.new("RGB", (1, 1)),
        "strip": Image.new("RGB", (10_000, 10), (90, 90, 90)),
        "huge": Image.new("1", (33_000, 9)),
    }
    paths = {}
    for name, picture in pictures.items():
        paths[name] = folder / f"{name}.png"
        picture.save(paths[name])
    Image.fromarray(np.full((60, 60), 0.5, np.float32)).save(folder / "float.tif")
    whole = paths["alpha"].read_bytes()
    paths |= {name: folder / f"{name}.png" for name in ("cut", "text", "empty", "folder", "absent")}
    paths["float"] = folder / "float.tif"
    paths["cut"].write_bytes(whole[: len(whole) // 2])
    paths["text"].write_text("hello")
    paths["empty"].write_bytes(b"")
    paths["folder"].mkdir()
    (paths["folder"] / "not.txt").write_text("x")
    return paths


@pytest.mark.parametrize(
    ("name", "code", "says"),
    [
        ("grey", 0, ": GOOD, score"),
        ("deep", 0, ": GOOD, score"),
        ("float", 0, ": GOOD, score"),
        ("alpha", 0, ": BAD, score"),
        ("palette", 0, ": BAD, score"),
        ("bits", 0, ": GOOD, score"),
        ("pixel", 1, "UNKNOWN: 1x1 px is too small: at least 8x8 px"),
        ("strip", 1, "UNKNOWN: 10000x10 px is too long"),
        ("huge", 2, "UNKNOWN: 33000x9 px is too large"),
        ("cut", 2, "UNKNOWN: not a picture that can be decoded: image file is truncated"),
        ("text", 2, "UNKNOWN: not a picture that can be decoded: its format is not known"),
        ("empty", 2, "UNKNOWN: not a picture that can be decoded: its format is not known"),
        ("absent", 2, "UNKNOWN: cannot be read: No such file or directory"),
        ("folder", 2, "no pictures in this folder; looked for .png"),
    ],
)
def test_an_unusual_picture_is_judged_or_refused_with_its_reason(
    run: Run, tmp_path: Path, name: str, code: int, says: str
) -> None:
    assert run(unusual(tmp_path)[name]) == code
    assert says in run.out + run.err


def test_one_unreadable_picture_does_not_stop_the_others(run: Run, tmp_path: Path) -> None:
    paths = unusual(tmp_path)
    assert run(paths["text"], paths["absent"], paths["grey"]) == 1
    assert "1 GOOD, 0 BAD, 2 UNKNOWN" in run.out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--classifier", "models/c.pth", "--segmenter", "models/s.pth"], "models/c.pth: cannot be read (No such"),
        (["--classifier", "models/c.pth"], "name both checkpoints, or none"),
        (["--bundle", "nowhere"], "nowhere: does not exist; the folder of a bundle"),
    ],
)
def test_what_cannot_be_opened_is_said_in_one_line(run: Run, tmp_path: Path, words: list[str], says: str) -> None:
    assert run(save(tmp_path / "g.png", grey()), *words, bundle=None) == 2
    assert says in run.err
    assert len(run.err.splitlines()) == 1
    assert run.out == ""


def test_a_folder_that_cannot_be_written_is_said(run: Run, tmp_path: Path) -> None:
    run.folder = tmp_path / "file"
    run.folder.write_text("x")
    assert run(save(tmp_path / "b.png", BAD)) == 2
    assert "file: File exists; choose another --out" in run.err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--threshold", "2"], "a number 0..1 is wanted; got '2'"),
        (["--threshold", "nan"], "a number 0..1 is wanted; got 'nan'"),
        (["--region", "1,2,3"], "x0,y0,x1,y1 in whole pixels is wanted; got '1,2,3'"),
        (["--bogus"], "unrecognized arguments: --bogus"),
    ],
)
def test_wrong_use_exits_with_2(tmp_path: Path, words: list[str], says: str, capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit) as caught:
        main([str(tmp_path / "x.png"), *words])
    assert caught.value.code == 2
    assert says in capsys.readouterr().err


def test_show_takes_one_picture(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit):
        main(["a.png", "b.png", "--show", "--out", str(tmp_path)])
    assert "--show opens one picture; 2 were named" in capsys.readouterr().err


def test_it_runs_as_a_command_and_explains_itself(tmp_path: Path) -> None:
    picture = save(tmp_path / "b.png", BAD)
    words = [str(picture), "--bundle", str(TINY_BUNDLE), "--out", str(tmp_path / "out")]
    done = subprocess.run(
        [sys.executable, "-m", "detector", *words], cwd=ROOT, capture_output=True, text=True, timeout=200
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "BAD" in done.stdout
    asked = subprocess.run(
        [sys.executable, "-m", "detector", "--help"], cwd=ROOT, capture_output=True, text=True, timeout=200
    )
    assert asked.returncode == 0
    for part in ("examples:", "exit code:", "python -m detector part.png", "verdicts.csv"):
        assert part in asked.stdout


# --- reading ---


def test_a_picture_is_read_as_the_reference_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "x.jpg"
    turned = Image.Exif()
    turned[0x0112] = 6  # a camera held upright: the reference does not turn it
    Image.fromarray(BAD[:, :, ::-1].copy()).save(path, quality=80, exif=turned)
    assert np.array_equal(read_picture(path)[:, :, ::-1], np.asarray(Image.open(path).convert("RGB")))


def test_a_16_bit_picture_keeps_its_levels(tmp_path: Path) -> None:
    path = tmp_path / "deep.png"
    levels = np.linspace(0, 65535, 100 * 100).astype(np.uint16).reshape(100, 100)
    Image.fromarray(levels).save(path)
    assert np.abs(read_picture(path)[:, :, 0] - levels / 257).max() <= 0.5


def test_bytes_that_are_no_picture_are_refused() -> None:
    with pytest.raises(PictureError, match="its format is not known"):
        decode(b"\x89PNG\r\n\x1a\n")
