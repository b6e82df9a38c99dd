"""The log for training elsewhere, in the COCO object detection format (cocodataset.org/#format-data)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stream.export_truth import BAD, Truth
from stream.keeping import evidence_folder
from stream.log_frames import LoggedFrame, utc
from stream.messages import Box, DefectRecord

MARKED = "marked"  # the kind of a defect that a person marked


@dataclass(frozen=True)
class CocoExport:
    """The log for training."""

    document: dict[str, object]
    left_out: int  # frames whose pictures were gone when they were to be read


@dataclass
class Coco:
    """A document in the making."""

    data_dir: Path
    images: list[dict[str, object]] = field(default_factory=list)
    annotations: list[dict[str, object]] = field(default_factory=list)
    kinds: dict[str, int] = field(default_factory=dict)
    left_out: int = 0

    def image(self, folder: str, time: str, part: str, mm_per_px: float | None, **said: object) -> bool:
        """Adds the picture of a folder; False where it is gone."""
        try:
            described: dict[str, Any] = json.loads((self.data_dir / folder / "evidence.json").read_text())
        except FileNotFoundError:
            self.left_out += 1
            return False
        size = {"width": described["width"], "height": described["height"]}
        image: dict[str, object] = {"id": len(self.images) + 1, "file_name": f"{folder}/frame.png", **size}
        extra = {"part": part, "mm_per_px": mm_per_px, **said}
        self.images.append({**image, "date_captured": time} | {name: value for name, value in extra.items() if value})
        return True

    def found(self, defects: Iterable[DefectRecord], mm_per_px: float | None) -> None:
        """Annotates the newest picture with what the line found."""
        for defect in defects:
            said: dict[str, object] = {"score": defect.score}
            if mm_per_px:
                said["length_mm"] = round(defect.length_px * mm_per_px, 4)
                said["width_mm"] = round(defect.width_px * mm_per_px, 4)
            self._annotate(defect.kind, defect.box, defect.area_px, said)

    def marked(self, boxes: Iterable[Box]) -> None:
        """Annotates the newest picture with what a person marked."""
        for box in boxes:
            self._annotate(MARKED, box, (box[2] - box[0]) * (box[3] - box[1]), {})

    def export(self) -> CocoExport:
        categories = [{"id": number, "name": kind} for kind, number in self.kinds.items()]
        document: dict[str, object] = {"images": self.images, "annotations": self.annotations, "categories": categories}
        return CocoExport(document, self.left_out)

    def _annotate(self, kind: str, box: Box, area_px: int, extra: dict[str, object]) -> None:
        x0, y0, x1, y1 = box
        where = {"bbox": [x0, y0, x1 - x0, y1 - y0], "area": area_px, "iscrowd": 0}
        category = self.kinds.setdefault(kind, len(self.kinds) + 1)
        number = {"id": len(self.annotations) + 1, "image_id": len(self.images), "category_id": category}
        self.annotations.append({**number, **where, **extra})


def as_coco(frames: Iterator[LoggedFrame], data_dir: Path) -> CocoExport:
    """The frames with evidence: boxes x, y, w, h of what the line found, whatever people said of it.

    On a running line a folder may go while this reads: a worse frame of the incident took its place.
    """
    coco = Coco(data_dir)
    for frame in frames:
        if frame.evidence is None or frame.state != BAD:
            continue
        folder = evidence_folder(frame.camera, frame.run, frame.seq)
        if coco.image(folder, frame.time, frame.part, frame.mm_per_px, review=frame.review):
            coco.found(frame.defects, frame.mm_per_px)
    return coco.export()


def reviewed_coco(truths: Iterable[tuple[Truth, float | None]], data_dir: Path) -> CocoExport:
    """What people said: a true defect has its boxes, marked ones in place of found ones; what is GOOD has none.

    `truths`: each with its millimetres a pixel. What nobody is sure of is not in it.
    """
    coco = Coco(data_dir)
    for truth, mm_per_px in truths:
        if not truth.truth:
            continue
        if truth.folder is None:
            coco.left_out += 1
            continue
        said = {"review": truth.review, "truth": truth.truth, "score": truth.score}
        if not coco.image(truth.folder, utc(truth.utc_ns), truth.part, mm_per_px, **said) or truth.truth != BAD:
            continue
        if truth.boxes:
            coco.marked(truth.boxes)
        else:
            coco.found(truth.defects, mm_per_px)
    return coco.export()
