"""The log for people, spreadsheets and training."""

from __future__ import annotations

import argparse
import contextlib
import csv
import io
import json
import re
import shutil
import sqlite3
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from stream import log_view
from stream.defect_log import Batch, DefectLog, VerdictRow, open_for_reading
from stream.evidence import write_evidence
from stream.export_coco import as_coco
from stream.export_rows import COLUMNS, EVENT_COLUMNS, write_csv
from stream.keeping import evidence_folder
from stream.log_frames import read_events, read_frames
from stream.log_tables import write_table
from stream.log_view import add_arguments, run
from stream.messages import Event
from stream.number_words import scored
from tests.frames import RUN, judged, verdict
from tests.recordings import numbered_frame


def kept(data_dir: Path, seq: int, state: str, *, run_id: int = RUN) -> VerdictRow:
    of = judged(seq, state, run=run_id)
    evidence = write_evidence(data_dir, of, numbered_frame(seq), None, None) if state == "BAD" else None
    return VerdictRow("belt", run_id, seq, of.verdict, of.frame, of.judged_mono_ns, of.inspector, evidence)


START_NS = RUN * 1000
EVENTS = (
    Event("lid", RUN, "poison", "frame 1: three inspectors died of it", START_NS + 3_000_000),
    Event("belt", RUN, "gap", "no picture for 2.0 s:\nthe camera is away", START_NS + 1_000_000),
    Event("", 0, "control", "status asked by user 7", START_NS + 2_000_000),
)


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """BAD 3 and 9, UNKNOWN 5, and a poisoned frame of the camera `lid`, which has no picture's time; three events."""
    rows = [kept(tmp_path, 9, "BAD"), kept(tmp_path, 5, "UNKNOWN"), kept(tmp_path, 3, "BAD")]
    rows.append(VerdictRow("lid", RUN, 1, verdict("UNKNOWN")))
    with contextlib.closing(DefectLog(tmp_path)) as log:
        log.write(Batch(verdicts=rows, events=list(EVENTS)))
    return tmp_path


@pytest.fixture
def db(data_dir: Path) -> Iterator[sqlite3.Connection]:
    with contextlib.closing(open_for_reading(data_dir)) as opened:
        yield opened


AT_5 = datetime.fromtimestamp((RUN * 1000 + 5 * 40_000_000) / 1e9, timezone.utc)


@pytest.mark.parametrize(
    ("since", "camera", "state", "seqs"),
    [
        pytest.param(None, None, None, [1, 3, 5, 9], id="all-oldest-first"),
        pytest.param(None, "belt", None, [3, 5, 9], id="of-a-camera"),
        pytest.param(None, None, "BAD", [3, 9], id="bad-alone"),
        pytest.param(None, "lid", "BAD", [], id="none"),
        pytest.param(AT_5, None, None, [5, 9], id="since-a-moment"),
        pytest.param(datetime(2999, 1, 1, tzinfo=timezone.utc), None, None, [], id="since-the-far-future"),
        pytest.param(datetime(1, 1, 1, tzinfo=timezone.utc), None, "BAD", [3, 9], id="since-the-far-past"),
    ],
)
def test_frames_are_found(
    db: sqlite3.Connection, since: datetime | None, camera: str | None, state: str | None, seqs: list[int]
) -> None:
    assert [frame.seq for frame in read_frames(db, since=since, camera=camera, state=state)] == seqs


def test_the_table_says_what_and_where(db: sqlite3.Connection) -> None:
    out = io.StringIO()
    write_table(read_frames(db, since=None, camera=None, state=None), out)
    lines = out.getvalue().splitlines()
    assert lines[-1] == "4 frames BAD or UNKNOWN"
    assert any("BAD" in line and "scratch 28 x 2 px" in line for line in lines)
    assert any("UNKNOWN" in line and "blinded" in line for line in lines)
    assert [scored(frame.score) for frame in read_frames(db, since=None, camera=None, state="BAD")] == [
        word for line in lines for word in line.split() if re.fullmatch(r"[01]\.[0-9]+", word)
    ], "as the page writes scores"
    assert any(line.strip().startswith("evidence/belt/") for line in lines)


def test_a_row_of_the_table_per_frame_under_a_head(db: sqlite3.Connection) -> None:
    out = io.StringIO()
    write_csv(read_frames(db, since=None, camera="belt", state=None), out)
    rows = list(csv.DictReader(io.StringIO(out.getvalue())))
    assert tuple(rows[0]) == COLUMNS
    assert [(row["seq"], row["state"], row["defects"], row["largest_px"]) for row in rows] == [
        ("3", "BAD", "1", "60"),
        ("5", "UNKNOWN", "0", ""),
        ("9", "BAD", "1", "60"),
    ]
    assert rows[0]["time"].endswith("+00:00")


def test_coco_names_pictures_that_exist_and_boxes_in_them(db: sqlite3.Connection, data_dir: Path) -> None:
    export = as_coco(read_frames(db, since=None, camera=None, state=None), data_dir)
    coco = json.loads(json.dumps(export.document))
    assert export.left_out == 0
    assert [image["id"] for image in coco["images"]] == [1, 2]
    assert all((data_dir / image["file_name"]).is_file() for image in coco["images"])
    assert [(a["image_id"], a["bbox"], a["category_id"]) for a in coco["annotations"]] == [
        (1, [10, 20, 20, 20], 1),
        (2, [10, 20, 20, 20], 1),
    ]
    assert coco["categories"] == [{"id": 1, "name": "scratch"}]


def test_the_command_exports_and_says_where_no_log_is(
    data_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert called("--data-dir", str(data_dir), "--export", "coco", "--state", "BAD") == 0
    assert len(json.loads(capsys.readouterr().out)["images"]) == 2
    assert called("--data-dir", str(tmp_path / "elsewhere")) == 2
    assert "no log here" in capsys.readouterr().err


def called(*words: str) -> int:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return run(parser.parse_args(words))


def test_coco_leaves_out_and_counts_what_a_worse_frame_has_just_replaced(
    data_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.rmtree(data_dir / evidence_folder("belt", RUN, 3))
    assert called("--data-dir", str(data_dir), "--export", "coco") == 0
    said = capsys.readouterr()
    coco = json.loads(said.out)
    assert [image["id"] for image in coco["images"]] == [annotation["image_id"] for annotation in coco["annotations"]]
    assert [image["file_name"] for image in coco["images"]] == [f"{evidence_folder('belt', RUN, 9)}/frame.png"]
    assert said.err.startswith("1 BAD frames left out")


@pytest.mark.parametrize(
    ("since_ms", "camera", "kinds"),
    [
        pytest.param(None, None, ["gap", "control", "poison"], id="all-oldest-first"),
        pytest.param(1.5, None, ["control", "poison"], id="since-a-moment"),
        pytest.param(None, "belt", ["gap"], id="of-a-camera"),
        pytest.param(1.5, "belt", [], id="none"),
    ],
)
def test_events_are_found(db: sqlite3.Connection, since_ms: float | None, camera: str | None, kinds: list[str]) -> None:
    start = datetime.fromtimestamp(START_NS / 1e9, timezone.utc)
    since = None if since_ms is None else start + timedelta(milliseconds=since_ms)
    assert [event.kind for event in read_events(db, since=since, camera=camera)] == kinds


def test_the_command_lists_events_a_line_each(data_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert called("--data-dir", str(data_dir), "--events") == 0
    gap, control, poison, count = capsys.readouterr().out.splitlines()
    assert gap.split()[1:4] == ["belt", str(RUN), "gap"] and gap.endswith("no picture for 2.0 s: the camera is away")
    assert control.split()[1:4] == ["-", "-", "control"]
    assert "poison" in poison and gap.split()[0].endswith("+00:00")
    assert count == "3 events"


def test_the_command_exports_events(data_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert called("--data-dir", str(data_dir), "--events", "--export", "csv") == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out, newline="")))
    assert tuple(rows[0]) == EVENT_COLUMNS
    assert [(row["camera"], row["run"], row["kind"]) for row in rows] == [
        ("belt", str(RUN), "gap"),
        ("", "", "control"),
        ("lid", str(RUN), "poison"),
    ]


@pytest.mark.parametrize("words", [("--export", "coco"), ("--state", "BAD")], ids=["coco", "state"])
def test_events_have_no_state_and_no_boxes(
    data_dir: Path, words: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert called("--data-dir", str(data_dir), "--events", *words) == 2
    assert "--events: goes with" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "ago"),
    [("30m", timedelta(minutes=30)), ("8h", timedelta(hours=8)), ("7d", timedelta(days=7))],
)
def test_how_long_ago_is_a_moment(text: str, ago: timedelta) -> None:
    assert abs(datetime.now(timezone.utc) - ago - log_view.moment(text)) < timedelta(seconds=10)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-22", datetime(2026, 11, 22, tzinfo=timezone.utc)),
        ("2026-11-22T14:05", datetime(2026, 11, 22, 14, 5, tzinfo=timezone.utc)),
        ("2026-11-22T14:05+02:00", datetime(2026, 11, 22, 12, 5, tzinfo=timezone.utc)),
    ],
)
def test_a_date_is_a_moment_in_utc(text: str, moment: datetime) -> None:
    assert log_view.moment(text) == moment


@pytest.mark.parametrize("text", ["", "yesterday", "-3d", "m", "99999999999d"])
def test_what_is_no_moment_is_refused_in_words(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="give 2026"):
        log_view.moment(text)
