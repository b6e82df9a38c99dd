"""`python -m tools.evaluate` over a folder and a log whose figures are known by construction."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

import cv2
import numpy as np
import pytest

from detector.verdict import Box, State
from stream.defect_log import Batch, DefectLog, VerdictRow
from stream.incidents import IncidentBook
from stream.run_book import RunBook
from stream.sources.synthetic.truth import PartTruth, RecordingTruth, write_truth
from tests.browser import browser
from tests.frames import RUN, frame, verdict
from tests.pictures import TINY_BUNDLE, noisy, with_red
from tools.evaluate import run
from tools.outcomes import Outcome, worst_escapes, worst_false_alarms
from tools.report_gallery import MOST, SIDE_PX, embedded

ROOT = Path(__file__).resolve().parent.parent
NASTY = 'x<img src=y onerror="alert(1)">&amp;.png'  # a legal name of a file
FAINT = (90, 90, 170)  # a red of which the tiny bundle is less sure
SHUT = "0.99999999999999"  # a threshold that not even pure red reaches
SCRATCHES = (Box(40, 30, 90, 70), Box(100, 80, 150, 110))


def picture(seed: int) -> np.ndarray:
    """Grey noise, each unlike the others: the tiny bundle finds it GOOD."""
    level = noisy(120, 160, seed)[:, :, :1] // 2 + np.uint8(60)
    return np.repeat(level, 3, axis=2)


def save(path: Path, pixels: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(cv2.imencode(".png", pixels)[1].tobytes())


def add_bad(folder: Path, name: str, pixels: np.ndarray, *boxes: Box) -> None:
    mask = np.zeros(pixels.shape[:2], np.uint8)
    for box in boxes:
        mask[box.y0 : box.y1, box.x0 : box.x1] = 255
    save(folder / "bad" / name, pixels)
    save(folder / "masks" / name, mask)


def make_folder(folder: Path) -> Path:
    """6 GOOD, one of them a false alarm; 4 BAD, one of which escapes; groups of two; kinds."""
    for i in range(5):
        save(folder / "good" / f"{i}.png", picture(i))
    save(folder / "good" / "alarm.png", with_red(picture(5), SCRATCHES[0]))
    for i in range(2):
        add_bad(folder, f"{i}.png", with_red(picture(10 + i), *SCRATCHES), *SCRATCHES)
    half = picture(12)
    half[30:70, 40:90] = FAINT
    add_bad(folder, "half.png", half, *SCRATCHES)
    add_bad(folder, NASTY, picture(13), SCRATCHES[1])
    with (folder / "index.csv").open("w", newline="") as table:
        rows = csv.writer(table)
        rows.writerow(("file", "group", "kind"))
        rows.writerows((f"good/{name}", f"g{i // 2}", "") for i, name in enumerate(sorted(names(folder / "good"))))
        kinds = {"half.png": "chip", NASTY: "<b>faint</b>"}
        rows.writerows(
            (f"bad/{name}", f"b{i // 2}", kinds.get(name, "scuff"))
            for i, name in enumerate(sorted(names(folder / "bad")))
        )
    return folder


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_folder(tmp_path_factory.mktemp("codes"))


@dataclass(frozen=True)
class Evaluated:
    said: dict  # --json
    report: Path


@pytest.fixture(scope="module")
def evaluated(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Evaluated:
    out = tmp_path_factory.mktemp("report") / "report.html"
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        assert evaluate(folder, "--out", out, "--threshold", "0.4", "--wanted-recall", "0.75") == 0
    return Evaluated(json.loads(printed.getvalue()), out)


@pytest.fixture
def said(evaluated: Evaluated) -> dict:
    return evaluated.said


@pytest.fixture
def report(evaluated: Evaluated) -> Path:
    return evaluated.report


def evaluate(data: Path, *words: str | Path) -> int:
    command = ("--data", data, "--bundle", TINY_BUNDLE, "--device", "cpu", "--json", *words)
    return run([str(word) for word in command])


def figures(capsys: pytest.CaptureFixture[str], data: Path, *words: str | Path) -> dict:
    capsys.readouterr()
    assert evaluate(data, *words) == 0
    return json.loads(capsys.readouterr().out, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))


# A folder.


def test_the_reference_table_is_counted_from_verdicts(said: dict) -> None:
    assert said["confusion"]["BAD"] == {"GOOD": 1, "BAD": 3, "UNKNOWN": 0, "none": 0}
    assert said["confusion"]["GOOD"] == {"GOOD": 5, "BAD": 1, "UNKNOWN": 0, "none": 0}
    table = said["verdicts"]
    assert table["accuracy"]["value"] == 0.8
    assert table["precision_of_bad"]["value"] == table["recall_of_bad"]["value"] == 0.75
    assert table["recall_of_bad"]["of"] == "3 of 4 in 2 groups"
    for figure in table.values():
        low, high = figure["interval_95"]
        assert low <= figure["value"] <= high


def test_pixels_are_counted_as_the_line_runs_it_and_of_the_segmenter_alone(capsys, folder: Path, said: dict) -> None:
    """At SHUT the gate lets every picture pass: the line marks nothing, the segmenter still would."""
    shut = figures(capsys, folder, "--threshold", SHUT)
    line, alone = said["pixels_as_the_line_runs_it"], said["pixels_of_the_segmenter_alone"]
    assert line["recall"]["value"] == alone["recall"]["value"] > 0.6  # five of seven scratches are there to be seen
    assert line["precision"]["value"] < alone["precision"]["value"]  # the false alarm counts for the line
    assert shut["confusion"]["BAD"]["GOOD"] == 4
    assert shut["pixels_as_the_line_runs_it"]["recall"]["value"] == 0
    assert shut["pixels_as_the_line_runs_it"]["precision"]["value"] is None
    assert shut["pixels_of_the_segmenter_alone"] == alone


def test_recall_by_defect_counts_the_pieces_of_masks(said: dict) -> None:
    sizes, kinds = said["defects_by_size"], said["defects_by_kind"]
    assert (sizes["1024 px and more"]["hits"], sizes["1024 px and more"]["total"]) == (5, 7)
    assert {kind: (row["hits"], row["total"]) for kind, row in kinds.items()} == {
        "scuff": (4, 4),
        "chip": (1, 2),
        "<b>faint</b>": (0, 1),
    }
    assert {kind: row["hits"] for kind, row in said["pictures_by_kind"].items()} == {
        "scuff": 2,
        "chip": 1,
        "<b>faint</b>": 0,
    }


def test_what_is_unknown_is_in_no_rate(capsys, tmp_path: Path) -> None:
    data = make_folder(tmp_path)
    save(data / "good" / "0.png", np.zeros((120, 160, 3), np.uint8))
    said = figures(capsys, data)
    assert said["confusion"]["GOOD"] == {"GOOD": 4, "BAD": 1, "UNKNOWN": 1, "none": 0}
    assert said["verdicts"]["accuracy"]["of"].startswith("7 of 9")
    assert any("1 picture UNKNOWN (black)" in note for note in said["notes"])


def test_a_wanted_recall_gets_a_threshold_and_its_promise(said: dict) -> None:
    (asked,) = (one for one in said["thresholds"] if one["wanted_recall"] == 0.75)
    assert asked["recall"]["hits"] == 3 and asked["threshold"] > said["operating"]["threshold"]
    assert asked["promised"] is None and "too few BAD groups (2 are here)" in asked["verdict"]
    assert [one["wanted_recall"] for one in said["thresholds"]] == [0.75, 0.9, 0.95, 0.99]


def test_the_facts_let_somebody_do_it_again(said: dict) -> None:
    facts = said["facts"]
    assert facts["bundle"].split("@")[1] == facts["bundle.yaml sha256"][:12]
    assert re.fullmatch("[0-9a-f]{64}", facts["data sha256"])
    assert facts["threshold"].startswith("0.4 of the gate") and "--threshold 0.4" in facts["command"]
    assert facts["data"].endswith("10 pictures in 5 groups")


def test_a_bundle_is_evaluated_without_torch(folder: Path) -> None:
    program = "import sys; sys.modules['torch'] = None; from tools.evaluate import run; sys.exit(run(sys.argv[1:]))"
    words = ["--data", str(folder), "--bundle", str(TINY_BUNDLE), "--device", "cpu"]
    done = subprocess.run(
        [sys.executable, "-c", program, *words], cwd=ROOT, capture_output=True, text=True, timeout=200
    )
    assert done.returncode == 0, done.stderr
    assert re.search(r"recall of BAD +0\.7500", done.stdout)
    assert "10/10" in done.stderr  # the progress bar


# The page.


class Tags(HTMLParser):
    """Every tag with its attributes, and whatever it would load."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.loads: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.loads += [value or "" for name, value in attrs if name in ("src", "href", "srcset", "data")]
        assert not [name for name, _ in attrs if name.startswith("on")]


def test_the_page_needs_nothing_else_and_runs_nothing(report: Path) -> None:
    text = report.read_text(encoding="utf-8")
    page = Tags(text)
    assert page.loads and all(value.startswith("data:image/jpeg;base64,") for value in page.loads)
    assert not {"script", "link", "iframe", "object"} & set(page.tags)
    assert "url(" not in text and "@import" not in text


def test_names_of_files_are_text_whatever_they_are(report: Path) -> None:
    text = report.read_text(encoding="utf-8")
    assert NASTY not in text and "<b>faint" not in text
    assert "x&lt;img src=y onerror=" in text and "&lt;b&gt;faint&lt;/b&gt;" in text


def test_the_page_opens_in_a_browser_light_dark_and_narrow(report: Path, tmp_path: Path) -> None:
    with browser(tmp_path) as chromium:
        page = chromium.open(report.as_uri(), width=1200)
        light = page.evaluate("getComputedStyle(document.body).backgroundColor")
        words = str(page.evaluate("document.body.innerText"))
        assert NASTY in words and "Escapes: 1" in words and "False alarms: 1" in words
        assert page.evaluate("document.querySelectorAll('svg.chart').length") == 4
        assert page.evaluate("[...document.images].every(image => image.complete && image.naturalWidth > 0)")
        assert (
            page.evaluate("performance.getEntriesByType('resource').filter(e => !e.name.startsWith('data:')).length")
            == 0
        )
        page.set_dark(True)
        page.until(f"getComputedStyle(document.body).backgroundColor !== '{light}'")
        page.resize(420, 800)
        page.until("document.documentElement.scrollWidth <= 420")


def test_an_embedded_picture_is_bounded() -> None:
    small, large = embedded(noisy(60, 80)), embedded(noisy(900, 1600))
    assert len(small) < 10_000 and len(large) < 120_000
    assert SIDE_PX == 360 and MOST == 12


def outcome(name: str, truth: State, state: State, score: float | None, group: str = "g") -> Outcome:
    return Outcome(name, group, truth, state, score)


def test_the_worst_mistakes_come_first() -> None:
    good, bad = State.GOOD, State.BAD
    every = [
        outcome("a", bad, good, 0.4),
        outcome("b", bad, good, 0.1),
        outcome("c", good, bad, 0.7),
        outcome("d", good, bad, 0.9),
        outcome("e", bad, bad, 0.9),
        outcome("f", good, good, 0.1),
    ]
    assert [o.name for o in worst_escapes(every)] == ["b", "a"]
    assert [o.name for o in worst_false_alarms(every)] == ["d", "c"]
    unscored = [outcome(str(i), bad, good, None, group) for i, group in enumerate("xxyx")]
    assert [o.name for o in worst_escapes(unscored)] == ["0", "2", "1", "3"]


# A log.

PARTS = (
    PartTruth(0, "A", False, 2, 6),
    PartTruth(1, "B", True, 10, 19, "scuff", 12, 17),
    PartTruth(2, "C", False, 24, 26),
    PartTruth(3, "D", True, 30, 35, "chip", 31, 34),
)
BAD_SEQS = {13, 14, 15, 16, 25}  # of part 1: not 12 and 17; of part 2: a false alarm; of part 3: none


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log of 40 frames: frame 0 dropped, frame 33 UNKNOWN, the others judged; and the truth of its recording."""
    folder = tmp_path_factory.mktemp("line")
    book = RunBook("belt", RUN, IncidentBook(3), session="s", source=str(folder / "belt.mp4"), captured=40, ended=True)
    book.account(0, 1, "dropped:newest")
    batch = Batch()
    for seq in range(1, 40):
        state = "UNKNOWN" if seq == 33 else "BAD" if seq in BAD_SEQS else "GOOD"
        score = {"BAD": 0.9 + seq / 1000, "GOOD": 0.1}.get(state)
        book.judge(seq, state, score, "")
        if state != "GOOD":
            batch.verdicts.append(VerdictRow("belt", RUN, seq, verdict(state, score), frame(seq), 5, "inspect 1"))
    batch.note(book)
    with contextlib.closing(DefectLog(folder)) as log:
        settings = {"inspector": {"classifier_threshold": 0.9}, "recorder": {"incident_gap_frames": 3}}
        log.begin_session("s", 1, "demo", json.dumps(settings))
        log.note_engine("s", "onnxruntime cpu", "codes-1")
        log.write(batch)
    write_truth(folder / "belt.truth.json", RecordingTruth(25.0, 40, Box(0, 0, 320, 240), 1, PARTS))
    return folder


def of_log(capsys: pytest.CaptureFixture[str], data_dir: Path, truth: Path, *words: str | Path) -> dict:
    capsys.readouterr()
    assert run([*map(str, ("--log", data_dir, "--truth", truth, "--json", *words))]) == 0
    return json.loads(capsys.readouterr().out)


def test_a_log_is_counted_against_the_truth_of_its_recording(capsys, line: Path) -> None:
    """BAD in truth are 12 to 17 and 31 to 34; 10, 11, 18, 19, 30 and 35 are doubtful, and count for nobody."""
    said = of_log(capsys, line, line / "belt.truth.json")
    assert said["confusion"]["BAD"] == {"GOOD": 5, "BAD": 4, "UNKNOWN": 1, "none": 0}
    assert said["confusion"]["GOOD"] == {"GOOD": 22, "BAD": 1, "UNKNOWN": 0, "none": 1}
    assert said["verdicts"]["recall_of_bad"]["of"] == "4 of 9 in 2 groups"
    assert said["facts"]["threshold"] == "0.9 of the gate" and said["facts"]["bundle"] == "codes-1"
    assert (said["parts"]["all"]["hits"], said["parts"]["all"]["total"]) == (1, 2)
    assert said["parts"]["scuff"]["hits"] == 1 and said["parts"]["chip"]["hits"] == 0
    assert (said["frames_by_kind"]["scuff"]["hits"], said["frames_by_kind"]["scuff"]["total"]) == (4, 6)


def test_what_a_log_cannot_tell_is_not_made_up(capsys, line: Path) -> None:
    said = of_log(capsys, line, line / "belt.truth.json")
    assert set(said["verdicts"]) == {"accuracy", "precision_of_bad", "recall_of_bad"}
    assert said["thresholds"] == []
    assert any("keeps no score of frames judged GOOD" in note for note in said["notes"])
    assert any("A recall of 0.99 is not reached" in note for note in said["notes"])


def test_a_higher_threshold_can_be_tried_on_a_log(capsys, line: Path) -> None:
    said = of_log(capsys, line, line / "belt.truth.json", "--wanted-recall", "0.3")
    (proposal,) = said["thresholds"]
    assert proposal["threshold"] == 0.914 and proposal["recall"]["hits"] == 3


def test_a_log_is_counted_against_a_table_that_people_made(capsys, line: Path, tmp_path: Path) -> None:
    rows = [(13, "BAD"), (14, "bad"), (17, "BAD"), (25, "GOOD"), (3, "GOOD"), (31, "BAD")]
    truth = tmp_path / "looked-at.csv"
    truth.write_text("camera,run,seq,state\n" + "".join(f"belt,{RUN},{seq},{state}\n" for seq, state in rows))
    said = of_log(capsys, line, truth, "--out", tmp_path / "report.html")
    assert said["confusion"]["BAD"] == {"GOOD": 2, "BAD": 2, "UNKNOWN": 0, "none": 0}
    assert said["verdicts"]["recall_of_bad"]["of"] == "2 of 4 in 2 groups"  # 13, 14 and 17 are neighbours
    page = (tmp_path / "report.html").read_text()
    assert "no picture is kept" in page and "score not kept" in page


# What cannot be used.


def no_folder(data: Path) -> None:
    (data / "good").rename(data / "goods")


def empty_class(data: Path) -> None:
    for path in (data / "bad").iterdir():
        path.unlink()


def unreadable_picture(data: Path) -> None:
    (data / "good" / "1.png").write_bytes(b"no picture")


def mask_of_another_size(data: Path) -> None:
    save(data / "masks" / "1.png", np.zeros((10, 10), np.uint8))


def nothing_to_judge(data: Path) -> None:
    for i, path in enumerate(sorted((data / "good").iterdir())):
        save(path, np.full((120, 160, 3), i, np.uint8))


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        pytest.param(no_folder, r"/good: no such folder", id="missing folder"),
        pytest.param(empty_class, r"/bad: holds no picture", id="empty class"),
        pytest.param(unreadable_picture, r"/good/1\.png: ", id="unreadable picture"),
        pytest.param(mask_of_another_size, r"/masks/1\.png: is 10x10, its picture 160x120", id="mask of another size"),
        pytest.param(nothing_to_judge, r"/good: no picture here could be judged; the first: black", id="all black"),
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_a_folder_that_cannot_be_used_is_exit_code_2_and_names_the_file(
    capsys, tmp_path: Path, damage: Callable[[Path], None], says: str
) -> None:
    data = make_folder(tmp_path)
    (data / "index.csv").unlink()
    damage(data)
    assert evaluate(data) == 2
    assert re.search(re.escape(str(data)) + says, capsys.readouterr().err)


HEAD = "camera,run,seq,state\n"


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        pytest.param("t.csv", "camera,seq\nbelt,1\n", "columns ['camera', 'seq']", id="columns"),
        pytest.param("t.csv", HEAD, "has no row", id="empty"),
        pytest.param("t.csv", HEAD + "belt,1,2,GOOD\n", f"belt/1 is not in the log; runs there: belt/{RUN}", id="run"),
        pytest.param("t.csv", HEAD + f"belt,{RUN},40,GOOD\n", "which has 40 frames", id="frame"),
        pytest.param("t.csv", HEAD + f"belt,{RUN},4,FINE\n", "state 'FINE'; GOOD or BAD", id="state"),
        pytest.param("t.csv", HEAD + f"belt,{RUN},x,BAD\n", "seq 'x'; two whole numbers", id="number"),
        pytest.param("t.csv", HEAD + f"belt,{RUN},4,BAD\n" * 2, "line 3: names the frame of line 2 again", id="twice"),
        pytest.param("other.truth.json", None, "no run of its recording is in the log", id="another recording"),
        pytest.param("belt.truth.json", "{}", "not a truth file of format 1", id="not a truth file"),
        pytest.param("belt.truth.json", "{", "not a truth file", id="not JSON"),
        pytest.param("belt.truth.json", '{"format": 1}', "not a truth file", id="keys missing"),
        pytest.param("belt.truth.json", 12, "tells of 12 frames", id="too short"),
        pytest.param("gone.csv", None, "cannot be read", id="no such file"),
    ],
)
def test_a_truth_that_does_not_match_is_exit_code_2_and_names_the_file(
    capsys, line: Path, tmp_path: Path, name: str, text: str | int | None, says: str
) -> None:
    truth = tmp_path / name
    if isinstance(text, str):
        truth.write_text(text)
    elif name.endswith(".json"):
        write_truth(truth, RecordingTruth(25.0, text or 40, Box(0, 0, 320, 240), 1, PARTS))
    assert run(["--log", str(line), "--truth", str(truth)]) == 2
    said = capsys.readouterr().err
    assert said.startswith(str(truth)) and says in said


@pytest.mark.parametrize(
    ("words", "says"),
    [
        pytest.param(["--log", "LINE"], "--log: --truth is wanted", id="no truth"),
        pytest.param(["--log", "nowhere", "--truth", "t.csv"], "nowhere/log.sqlite: no log here", id="no log"),
        pytest.param(["--data", "d", "--truth", "t.csv"], "go with --log", id="truth of a folder"),
        pytest.param(["--log", "LINE", "--truth", "t", "--threshold", "0.5"], "go with --data", id="threshold"),
        pytest.param(["--data", "nowhere"], "nowhere", id="no data"),
        pytest.param(["--data", "DATA", "--bundle", "nowhere"], "nowhere: does not exist", id="no bundle"),
        pytest.param(["--data", "DATA", "--classifier", "c.pth"], "name both checkpoints", id="one checkpoint"),
        pytest.param(["--data", "DATA", "--out", "nowhere/r.html"], "there is no folder", id="nowhere to write"),
        pytest.param(["--log", "LINE", "--truth", "TRUTH", "--run", "7"], "--run 7: no such run", id="no such run"),
    ],
)
def test_options_that_cannot_be_met_are_exit_code_2(
    capsys, folder: Path, line: Path, words: list[str], says: str
) -> None:
    places = {"LINE": str(line), "DATA": str(folder), "TRUTH": str(line / "belt.truth.json")}
    assert run([places.get(word, word) for word in words]) == 2
    assert says in capsys.readouterr().err


def test_a_reader_that_has_had_enough_is_no_error(line: Path) -> None:
    words = ["--log", str(line), "--truth", str(line / "belt.truth.json")]
    with subprocess.Popen(
        [sys.executable, "-m", "tools.evaluate", *words], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        assert (process.stderr.read(), process.wait(60)) == (b"", 0)


def test_help_shows_an_example(capsys) -> None:
    with pytest.raises(SystemExit) as ended:
        run(["--help"])
    assert ended.value.code == 0
    assert "python -m tools.evaluate --data out/codes" in capsys.readouterr().out
