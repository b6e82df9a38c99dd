"""A log with incidents and samples that people have looked at, written as the recorder writes it; pictures and all."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

import cv2
import msgspec
import numpy as np
from msgspec.structs import replace as replace_field

from detector.verdict import Box as Rectangle
from stream.bookkeeping import Bookkeeping
from stream.committing import SessionRow
from stream.configuration import dump_line
from stream.defect_log import DefectLog
from stream.evidence import write_evidence, write_sample
from stream.log_batch import SampleRow
from stream.messages import Act, Box, Judged, Review
from stream.settings import CameraSettings, LineSettings
from tests.frames import RUN, frame, report, verdict

SIZE = (120, 150)  # height, width


@dataclass
class ReviewedLog:
    """Filled frame by frame; `write` makes a log of it."""

    data_dir: Path
    camera: CameraSettings = field(default_factory=lambda: CameraSettings("belt", "synthetic:", mm_per_px=0.05))
    books: Bookkeeping = field(default_factory=lambda: Bookkeeping("s", "r", 10, lambda _camera, _run: None))
    pictures: dict[int, np.ndarray] = field(default_factory=dict)

    def bad(self, seq: int, review: str = "", *, part: str = "", marked: bool = True, **said: object) -> None:
        """An incident of one frame with a stroke over it."""
        of = self._judged(seq, "BAD", 0.97, part)
        mask = stroke(seq) if marked else np.zeros(SIZE, np.uint8)
        folder = write_evidence(self.data_dir, of, self._picture(seq, stroke(seq)), mask, None, self.camera.mm_per_px)
        self.books.judged(of, folder)
        self._say(seq, review, said)

    def good(self, seq: int, review: str = "", *, stroked: bool = False, **said: object) -> None:
        """A sample of GOOD; `stroked`: with a defect that the line missed."""
        of = self._judged(seq, "GOOD", 0.3, "")
        picture = self._picture(seq, stroke(seq) if stroked else np.zeros(SIZE, np.uint8))
        folder = write_sample(self.data_dir, of, picture, None)
        self.books.judged(of)
        f = of.frame
        row = SampleRow("belt", f.run, seq, f.captured_utc_ns, 0.3, "random", folder, "codes-1", "a1", "", 0.01, 0.5)
        self.books.staged.batch.samples.append(row)
        self._say(seq, review, said)

    def write(self) -> Path:
        line = LineSettings((self.camera,), self.data_dir)
        self.books.report(report(100_000))
        with contextlib.closing(DefectLog(self.data_dir)) as log:
            row = SessionRow("s", RUN * 1000, "line", dump_line(line))
            log.begin_session(row.session, row.started_utc_ns, row.line, row.settings)
            log.write(self.books.take().batch)
        return self.data_dir

    def _judged(self, seq: int, state: str, score: float, part: str) -> Judged:
        of = replace_field(frame(seq), height=SIZE[0], width=SIZE[1], part=part)
        return Judged("inspect 1", of, verdict(state, score), of.captured_mono_ns + 1_000_000)

    def _picture(self, seq: int, mask: np.ndarray) -> np.ndarray:
        if seq not in self.pictures:
            picture = np.random.default_rng(seq).integers(60, 110, (*SIZE, 3)).astype(np.uint8)
            picture[mask > 0] = 250
            self.pictures[seq] = picture
        return self.pictures[seq]

    def _say(self, seq: int, review: str, said: dict[str, object]) -> None:
        if review:
            self.books.act(reviewed(seq, review, **said))


def reviewed(seq: int, word: str, *, comment: object = "", boxes: object = ()) -> Act:
    """What Ann said of a frame."""
    marks: tuple[Box, ...] = tuple(boxes) if isinstance(boxes, Iterable) else ()
    new = msgspec.json.encode(Review(word, str(comment), marks)).decode()
    return Act(f"review {seq}", RUN * 1000, "Ann", "operator", "review", f"belt/{RUN}/{seq}", "", new)


def stroke(seq: int) -> np.ndarray:
    """(H, W) uint8 0/1: where a defect of that frame is drawn."""
    mask = np.zeros(SIZE, np.uint8)
    cv2.line(mask, (20, 20 + seq % 7), (130, 90 - seq % 5), 1, 7)
    return mask


def judged_in(log: ReviewedLog, box: Rectangle) -> None:
    """Of its camera's pictures one rectangle alone was judged."""
    log.camera = replace(log.camera, region=box)
