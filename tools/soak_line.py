"""The user's line as it is soaked: their settings, but pictures whose truth is known and a bundle that reads it.

Everything that is changed is a `--set` laid over their file, and a sentence in the notes. Knows no process. What takes
the place of a camera stands in soak_cameras.py.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from stream.clips_cameras import ROLE as CLIPS
from stream.clips_places import clipped
from stream.configuration import read_line
from stream.retention_plan import KINDS, kept
from stream.settings import LineSettings, RecipeSettings
from stream.sources.numbered import PREFIX

from .soak_cameras import (
    GIGE,
    LIVE,
    NAMES,
    RECORDING,
    WATCHED,
    WEB,
    SoakCamera,
    changes_of,
    kind_of,
    spells_of,
    truth_of,
)
from .soak_has import Had, has
from .soak_schedule import Cast
from .soak_truth import Truth


@dataclass(frozen=True)
class SoakLine:
    """What is run, and what is known of it."""

    file: Path
    overrides: tuple[str, ...]
    line: LineSettings  # as run
    cameras: tuple[SoakCamera, ...]
    seed: int
    minutes: float
    out: Path
    notes: tuple[str, ...]

    def truth(self, bundles: tuple[str, ...], notes: tuple[str, ...]) -> Truth:
        """What whoever checks the soak must know."""
        recorder, cameras = self.line.recorder, tuple(camera.truth for camera in self.cameras)
        filmed = tuple(camera.name for camera in clipped(self.line))
        return Truth(
            seed=self.seed,
            minutes=self.minutes,
            name=self.line.name,
            data_dir=str(self.line.data_dir),
            bundle=bundles,
            cameras=cameras,
            incident_gap_frames=recorder.incident_gap_frames,
            evidence_min_free_mb=recorder.evidence_min_free_mb,
            notes=(*self.notes, *notes),
            filmed=filmed,
            continuous=filmed if self.line.clips.continuous else (),
            has=has(Had(self.line, cameras, cast_of(self.line), filmed)),
        )


def soak_line(file: Path, out: Path, seed: int, minutes: float) -> SoakLine:
    """Their line, as it is soaked in the folder `out`. Raises ConfigurationError."""
    theirs = read_line(file)
    changes = [change for camera in theirs.cameras for change in changes_of(camera, out, seed, minutes)]
    changes += _changes(theirs, out)
    overrides = tuple(f"{path}={json.dumps(value)}" for path, value in changes)
    line = read_line(file, overrides)
    cameras = tuple(
        SoakCamera(truth_of(camera, ours, seed, minutes), ours, camera, out)
        for camera, ours in zip(theirs.cameras, line.cameras, strict=True)
    )
    return SoakLine(file, overrides, line, cameras, seed, minutes, out, _notes(theirs))


def cast_of(line: LineSettings) -> Cast:
    """Who can be hit by a fault."""
    captures = tuple(f"capture {camera.name}" for camera in line.cameras)
    inspectors = tuple(f"inspect {number}" for number in range(1, line.inspector.count + 1))
    page = ("display",) if line.display.enabled else ()
    sockets = ["control", "house-live", "record", "record-live"]
    sockets += [name for c in line.cameras for name in (f"capture-{c.name}", f"capture-{c.name}-live")]
    sockets += [f"inspect-{number}-live" for number in range(1, line.inspector.count + 1)]
    kinds = {camera.name: kind_of(camera) for camera in line.cameras}
    live = tuple(name for name, kind in kinds.items() if kind == LIVE)
    films = (CLIPS,) if clipped(line) else ()
    sockets += [f"{CLIPS}-live"] if films else []
    return Cast(
        roles=(*inspectors, *captures, "record", *page, *films),
        live=live,
        recordings=tuple(name for name, kind in kinds.items() if kind == RECORDING),
        sockets=(*sockets, *(("page",) if page else ())),
        steady=tuple(name for name in live if not spells_of(line.camera(name))),
        web=tuple(name for name, kind in kinds.items() if kind == WEB),
        watched=tuple(name for name, kind in kinds.items() if kind == WATCHED),
        told=tuple(camera.name for camera in line.cameras if camera.parts.told_by == "control"),
        heard=("broker",) if any(camera.parts.told_by == "mqtt" for camera in line.cameras) else (),
        gige=tuple(name for name, kind in kinds.items() if kind == GIGE),
        challenged=tuple(camera.name for camera in line.cameras if page and camera.challenge.pictures),
        recipes=tuple(recipe.name for recipe in line.recipes if _harmless(recipe)),
        budgets=tuple(kind for kind in KINDS if kept(line.retention, kind).gb is not None),
    )


def _changes(theirs: LineSettings, out: Path) -> list[tuple[str, object]]:
    """What is changed beside the cameras."""
    changes: list[tuple[str, object]] = [
        ("data_dir", str(out / "data")),
        ("inspector.bundle", "promoted"),
        ("inspector.classifier", None),
        ("inspector.segmenter", None),
        ("inspector.classifier_threshold", None),
        ("inspector.segmenter_threshold", None),
        ("inspector.min_area_px", None),
        ("display.port", 0),
    ]
    if theirs.recipes:
        changes += [("recipe", None), ("recipe_file", None)]
    return [*changes, ("inspector.engine", "auto")] if theirs.inspector.engine == "torch" else changes


def _harmless(recipe: RecipeSettings) -> bool:
    """Whether it changes no verdict on the soak's pictures: its own bundle, limits or regions might."""
    judges = (recipe.bundle, recipe.classifier_threshold, recipe.segmenter_threshold, recipe.min_area_px)
    return judges == (None,) * len(judges) and not any(c.region or c.regions for c in recipe.cameras)


def _notes(theirs: LineSettings) -> tuple[str, ...]:
    """What is not theirs, in sentences."""
    notes = ["the bundle was replaced by the soak's own (tools/soak_bundle), which reads the mark of a BAD picture"]
    for camera in theirs.cameras:
        if not camera.source.startswith(PREFIX):
            notes.append(f"the source of camera {camera.name} was replaced by {NAMES[kind_of(camera)]}")
        if camera.parts.told_by == "mqtt":
            notes.append(f"camera {camera.name} was told of parts by a broker of the soak's own")
    notes += [
        f"the recipe {r.name} was never chosen: it has limits of its own" for r in theirs.recipes if not _harmless(r)
    ]
    return (*notes, "log and evidence were kept in a folder of the soak's own, the page on any free port")
