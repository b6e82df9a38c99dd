"""How a run's pictures are to be read: millimetres a pixel, and which part of them was judged. From its session."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from detector.verdict import Box


@dataclass(frozen=True)
class Scene:
    """A camera, as it was set up in the session that judged."""

    mm_per_px: float | None = None  # None: not calibrated
    box: Box | None = None  # the one rectangle that was judged; None: the whole picture, or several regions
    regions: bool = False  # several regions, each judged by itself


class Scenes:
    """The scenes of a log's runs; each is read once."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._sessions: dict[tuple[str, int], Mapping[str, Any]] = {}

    def of(self, camera: str, run: int, recipe: str = "") -> Scene:
        """Under that recipe; empty: none."""
        if (camera, run) not in self._sessions:
            asked = "SELECT settings FROM sessions JOIN runs USING (session) WHERE camera = ? AND run = ?"
            text = (self._db.execute(asked, (camera, run)).fetchone() or ("",))[0]
            self._sessions[camera, run] = json.loads(text or "{}")
        return scene_of(self._sessions[camera, run], camera, recipe)


def scene_of(settings: Mapping[str, Any], camera: str, recipe: str) -> Scene:
    """Pure; what the settings do not say is as if it had not been set."""
    own = _named(settings.get("cameras") or (), camera)
    over = _named(_named(settings.get("recipes") or (), recipe).get("cameras") or (), camera) if recipe else {}
    judged = over if over.get("region") or over.get("regions") else own
    box = judged.get("region")
    where = Box(**box) if isinstance(box, dict) and not judged.get("regions") else None
    return Scene(own.get("mm_per_px"), where, bool(judged.get("regions")))


def _named(entries: Iterable[Mapping[str, Any]], name: str) -> Mapping[str, Any]:
    return next((entry for entry in entries if entry.get("name") == name), {})
