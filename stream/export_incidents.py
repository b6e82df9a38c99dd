"""Incidents of a filter as data, for the page: CSV, row by row, and COCO. Reads what a question to the log gives."""

from __future__ import annotations

import csv
import io
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from stream.export_coco import Coco, CocoExport
from stream.export_rows import safe
from stream.export_scenes import Scenes
from stream.export_truth import BAD, TRUE, marks_of
from stream.log_columns import defects_from
from stream.log_frames import utc
from stream.messages import Box, DefectRecord
from stream.searching import IncidentRow

DEFECTS = "SELECT defects FROM verdicts WHERE camera=? AND run=? AND seq=?"
EXTRA = ("time", "length_mm", "width_mm", "truth")


@dataclass(frozen=True)
class ExportedIncident:
    """An incident, and what a table or a picture of it needs besides."""

    row: IncidentRow
    mm_per_px: float | None
    defects: tuple[DefectRecord, ...] = ()
    boxes: tuple[Box, ...] = ()  # that people marked


def scaled_incidents(db: sqlite3.Connection, rows: Sequence[IncidentRow], *, drawn: bool) -> list[ExportedIncident]:
    """The same with millimetres a pixel; `drawn`: also with defects and marks."""
    scenes, found = Scenes(db), []
    for row in rows:
        mm_per_px = scenes.of(row.camera, row.run, row.recipe).mm_per_px
        key = (row.camera, row.run, row.worst_seq)
        told = db.execute(DEFECTS, key).fetchone() if drawn else None
        boxes = marks_of(db, *key, row.review)[2] if drawn and row.review else ()
        found.append(ExportedIncident(row, mm_per_px, defects_from(told[0]) if told else (), boxes))
    return found


def csv_head() -> str:
    return _csv((*IncidentRow.__struct_fields__, *EXTRA))


def csv_row(one: ExportedIncident) -> str:
    """Millimetres are empty where the camera was not calibrated."""
    row, mm = one.row, one.mm_per_px
    sizes = (round(row.length_px * mm, 4), round(row.width_px * mm, 4)) if mm else ("", "")
    own = (safe(getattr(row, name)) for name in IncidentRow.__struct_fields__)
    return _csv((*own, utc(row.utc_ns), *sizes, TRUE.get(row.review, "")))


def coco_of(incidents: Sequence[ExportedIncident], data_dir: Path) -> CocoExport:
    """The pictures, with what people marked, else with what the line found; a false alarm has no box."""
    coco = Coco(data_dir)
    for one in incidents:
        row, truth = one.row, TRUE.get(one.row.review, "")
        said = {"review": row.review, "truth": truth, "score": row.worst_score}
        if row.evidence is None or not coco.image(row.evidence, utc(row.utc_ns), row.part, one.mm_per_px, **said):
            continue
        if one.boxes:
            coco.marked(one.boxes)
        elif truth in (BAD, ""):
            coco.found(one.defects, one.mm_per_px)
    return coco.export()


def _csv(cells: Sequence[object]) -> str:
    csv.writer(out := io.StringIO()).writerow(cells)
    return out.getvalue()
