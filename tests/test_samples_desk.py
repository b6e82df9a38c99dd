"""Samples of GOOD frames: real rings, files and log. They give way, and a killed recorder leaves none behind."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest
from msgspec.structs import replace

from stream.bookkeeping import Bookkeeping
from stream.defect_log import DefectLog
from stream.evidence import remove_leftovers
from stream.keeping import sample_folder
from stream.messages import Judged
from stream.ring import Ring
from stream.ring_views import RingViews
from stream.samples_choice import Before
from stream.samples_desk import WAITING_MAX, SamplesDesk
from stream.samples_log import kept_before
from stream.settings import CameraSettings, LineSettings, SamplesSettings
from tests.frames import RUN, frame, judged, report, verdict
from tests.line import rows, wait_for
from tests.recordings import numbered_frame

ALL = SamplesSettings(random_per_hour=1e9, near_per_hour=1e9)


@dataclass
class Line:
    """A ring, a desk, books and a log, as the recorder has them."""

    data_dir: Path
    ring: Ring
    desk: SamplesDesk
    books: Bookkeeping
    log: DefectLog

    def good(self, seq: int, slot: int = 0) -> Judged:
        """A GOOD frame in its slot, and its verdict."""
        self.ring.write(
            slot,
            numbered_frame(seq),
            run=RUN,
            seq=seq,
            captured_mono_ns=1,
            captured_utc_ns=RUN * 1000 + seq,
            pts_s=None,
            problem=None,
        )
        of = replace(frame(seq, ring=self.ring.name), slot=slot, lock=self.ring.header(slot).lock)
        return Judged("inspect 1", of, replace(verdict("GOOD", 0.4), threshold=0.5), 2)

    def take(self, of: Judged) -> None:
        self.desk.take(of, None)
        self.books.judged(of)

    def commit(self) -> None:
        staged = self.books.take()
        self.log.write(staged.batch)
        self.books.written(staged)

    def written(self) -> bool:
        """One turn; whether nothing is on its way any more."""
        self.desk.step(evidence_waits=False)
        return not self.desk.busy()

    def write_all(self) -> None:
        wait_for(self.written, "the samples are written")
        self.commit()

    def sampled(self) -> list[tuple[object, ...]]:
        return rows(self.data_dir, "SELECT seq, why, chance, threshold, score, folder FROM samples ORDER BY seq")


def line_of(data_dir: Path, samples: SamplesSettings) -> LineSettings:
    return LineSettings((CameraSettings("belt", "synthetic:"),), data_dir, samples=samples)


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    (tmp_path / "rings").mkdir()
    data_dir = tmp_path / "data"
    ring = Ring.create(tmp_path / "rings" / "belt.1.ring", slots=4, slot_bytes=240 * 320 * 3)
    views = RingViews(tmp_path / "rings")
    books = Bookkeeping("s", "r", 10, lambda _camera, _run: None)
    with contextlib.closing(DefectLog(data_dir)) as log:
        desk = SamplesDesk(line_of(data_dir, ALL), views, books, partial(kept_before, data_dir))
        made = Line(data_dir, ring, desk, books, log)
        books.report(report(100))
        made.commit()
        yield made
        desk.close()
    views.close()
    ring.close()


def test_a_sample_is_the_very_picture_with_its_row_and_its_chance(line: Line) -> None:
    line.take(line.good(7))
    line.write_all()
    name = sample_folder("belt", RUN, 7)
    assert line.sampled() == [(7, "random", 1.0, 0.5, 0.4, name)]
    folder = line.data_dir / name
    np.testing.assert_array_equal(cv2.imread(str(folder / "frame.png")), numbered_frame(7))
    assert {path.name for path in folder.iterdir()} == {
        "frame.png",
        "mask.png",
        "overlay.jpg",
        "thumb.jpg",
        "evidence.json",
    }
    said = json.loads((folder / "evidence.json").read_text())
    assert (said["state"], said["score"], said["threshold"]) == ("GOOD", 0.4, 0.5)


def test_no_slot_is_held_and_no_verdict_waits(line: Line) -> None:
    of = line.good(7)
    line.take(of)
    line.good(8)  # the slot is used again before anything is written
    assert [reply.message for reply in line.books.staged.replies]  # acknowledged with the next commit
    line.commit()
    assert line.sampled() == []
    line.write_all()
    picture = cv2.imread(str(line.data_dir / sample_folder("belt", RUN, 7) / "frame.png"))
    np.testing.assert_array_equal(picture, numbered_frame(7))


def test_while_evidence_waits_no_sample_is_begun_and_past_two_none_is_taken(line: Line) -> None:
    for seq in range(4):
        line.take(line.good(seq, slot=seq))
        line.desk.step(evidence_waits=True)
    assert line.desk.not_had == 4 - WAITING_MAX
    assert not (line.data_dir / "samples").exists()
    line.write_all()
    assert [row[0] for row in line.sampled()] == [0, 1]


def test_a_picture_that_is_gone_or_elsewhere_is_simply_not_taken(line: Line) -> None:
    of = line.good(7)
    line.good(8)
    line.take(of)
    line.take(replace(of, frame=replace(of.frame, seq=9, ring="elsewhere.1.ring")))
    assert (line.desk.not_had, line.desk.busy()) == (2, False)


def test_bad_and_unknown_frames_are_never_samples(line: Line) -> None:
    for state in ("BAD", "UNKNOWN"):
        line.desk.take(judged(3, state), None)
    assert (line.desk.not_had, line.desk.busy()) == (0, False)


def test_where_samples_are_off_none_is_taken(line: Line) -> None:
    off = line_of(line.data_dir, SamplesSettings(random_per_hour=0, near_per_hour=0))
    desk = SamplesDesk(off, RingViews(line.ring.path.parent), line.books, lambda _camera, _why: Before())
    desk.take(line.good(1), None)
    desk.close()
    assert not desk.busy()


def test_a_full_disk_costs_the_sample_and_nothing_else(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("stream.samples_desk.write_sample", full)
    line.take(line.good(1))
    line.write_all()
    assert (line.sampled(), line.desk.not_had) == ([], 1)
    assert rows(line.data_dir, "SELECT outcome FROM ledger") == [("GOOD",)]


def test_a_killed_recorder_leaves_no_folder_without_a_row(line: Line) -> None:
    line.take(line.good(1))
    line.write_all()
    line.take(line.good(2))
    wait_for(line.written, "it is written")  # and no commit
    assert remove_leftovers(line.data_dir, line.log.evidence_folders(), line.log.runs()) == 1
    assert [path.name for path in line.data_dir.glob("samples/*/*/*")] == ["00000001"]


def test_the_log_tells_what_the_last_hour_brought_and_at_which_chance(line: Line) -> None:
    assert kept_before(line.data_dir, "belt", "random") == Before()
    line.take(line.good(1))
    line.write_all()
    assert kept_before(line.data_dir, "belt", "random") == Before(0, 1.0)  # its frame is of last year
    assert kept_before(line.data_dir, "belt", "near") == Before()
    assert kept_before(line.data_dir / "none", "belt", "near") == Before()
