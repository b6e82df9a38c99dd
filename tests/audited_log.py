"""A log with a row of every table, written by the recorder's own books, for whoever changes it behind its back."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import msgspec
from msgspec.structs import replace

from stream.bookkeeping import Bookkeeping
from stream.defect_log import DefectLog
from stream.keeping import evidence_folder, sample_folder
from stream.log_batch import SampleRow
from stream.messages import Act, Event, Judged, Outcome, PartBegin
from tests.frames import RUN, judged, report
from tests.test_noting import act, review

GAP = 3
PARTS = (PartBegin(0, 0, "A", "Ada", 5), PartBegin(1, 30, "B", "Ada", 6), PartBegin(2, 60, "C", "Ada", 7))
BAD = {10: 0.8, 11: 0.9, 60: 0.7, 63: 0.95, 70: 0.6}
UNKNOWN = (12, 61)
DROPPED, POISONED, LOST = (13, 16), (16, 17), 2
CAPTURED = 80
ENTRY_AT = (20, 62, 75)  # frames before which a commit comes
CHALLENGE_RUN = RUN + 7


def line_of(fps: float) -> str:
    """The settings of a start, as the log keeps them."""
    return json.dumps({"recorder": {"incident_gap_frames": GAP}, "cameras": [{"name": "belt", "fps": fps}]})


def part_of(seq: int) -> str:
    return [begun.part for begun in PARTS if begun.seq <= seq][-1]


def seen(seq: int) -> Judged:
    """The verdict on a frame of the run."""
    state = "BAD" if seq in BAD else "UNKNOWN" if seq in UNKNOWN else "GOOD"
    one = judged(seq, state, BAD.get(seq))
    recipe = replace(one.verdict, recipe="lid", settings_id="lid-1") if seq >= 60 else one.verdict
    return replace(one, frame=replace(one.frame, part=part_of(seq)), verdict=recipe)


def make_log(data_dir: Path) -> None:
    """Writes it; two starts of the line."""
    with contextlib.closing(DefectLog(data_dir, GAP)) as log:
        log.begin_session("s", 1_000, "line", line_of(25.0), "Ada")
        log.note_engine("s", "onnxruntime cpu", "codes-1")
        books = Bookkeeping("s", "recorder 1", GAP, lambda c, r: log.book(c, r, GAP), frozenset(["belt"]), lambda: 9)
        for seq in range(CAPTURED):
            if seq in ENTRY_AT:
                log.write(books.take().batch)
            if DROPPED[0] <= seq < POISONED[1]:
                continue
            hashed = bytes([seq] * 32) if seq in BAD else None
            kept = evidence_folder("belt", RUN, seq) if seq in BAD else None
            books.judged(seen(seq), kept, hashed)
        fates = (Outcome(*DROPPED, "dropped:newest"), Outcome(*POISONED, "UNKNOWN", "poison"))
        ended = replace(report(CAPTURED, *fates, ended=True), parts=PARTS, lost=LOST, note="the recording ended")
        books.report(ended)
        _samples(books)
        books.event(Event("belt", RUN, "gap", "2 frames were lost", 11))
        log.write(books.take().batch)
    with contextlib.closing(DefectLog(data_dir, GAP)) as log:
        log.begin_session("t", 2_000_000, "line", line_of(30.0), "Ada")
        log.note_engine("t", "onnxruntime cpu", "codes-2")
        books = Bookkeeping("t", "recorder 2", GAP, lambda c, r: log.book(c, r, GAP), frozenset(), lambda: 9)
        _acts(books)
        for seq in range(2):
            stored = judged(seq, "BAD", run=CHALLENGE_RUN)
            books.judged(replace(stored, frame=replace(stored.frame, challenge=True)))
        told = report(2, run=CHALLENGE_RUN, ended=True, session="t", serial=2)
        books.report(replace(told, source="challenge:scratch.png"))
        log.write(books.take().batch)


def _samples(books: Bookkeeping) -> None:
    for seq in (5, 35, 40):
        what = (RUN * 1000, 0.1, "random", sample_folder("belt", RUN, seq), "codes-1", "a1b2c3d4e5f6", part_of(seq))
        books.staged.batch.samples.append(SampleRow("belt", RUN, seq, *what, 0.5, 0.6))


def _acts(books: Bookkeeping) -> None:
    told = {
        "count": 1,
        "bytes": 2,
        "from_utc_ns": RUN * 1000 + 70 * 40_000_000,
        "to_utc_ns": RUN * 1000 + 70 * 40_000_000,
    }
    deleted = Act("retention 1", 3, "retention", "system", "delete", "evidence", "", msgspec.json.encode(told).decode())
    for one in (
        review("a", 11, "defect", "seen under the lamp"),
        act("b", "pin", f"belt/{RUN}/63", "1"),
        act("c", "challenge", f"belt/{RUN}/70", '{"result": "caught"}'),
        review("d", 35, "missed"),
        act("e", "pin", f"belt/{RUN}/40", "1"),
        deleted,
    ):
        assert books.act(one) is None
    books.staged.batch.moved_evidence.append(("belt", RUN, 70))
