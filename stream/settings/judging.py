"""How frames are judged: by what, and what a recipe changes of it for one product."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from detector.regions import Region
from detector.verdict import Box
from stream.settings.cameras import CameraSettings, HealthSettings, Window

PROMOTED = Path("promoted")  # as a bundle: the one that tools.promote put live for the line's data_dir


@dataclass(frozen=True)
class InspectorSettings:
    """How frames are judged."""

    count: int = 1  # inspector processes
    bundle: Path | None = None  # a bundle's folder; None: the shipped one; PROMOTED: the one that is live
    classifier: Path | None = None  # a reference `.pth` checkpoint in place of a bundle (engine torch)
    segmenter: Path | None = None  # the same for the segmenter; both or none
    # auto: what `tools.bench tune` chose for this bundle and computer; else by the kind of file, fp32, 2 threads
    engine: str = "auto"  # auto | onnxruntime | openvino | torch
    device: str = "auto"  # auto | cpu | cuda
    precision: str = "auto"  # auto | fp32 | bf16: what the networks compute in
    threads: int | None = None  # CPU threads of one inspector, part of what makes a replay exact; None is auto
    batch: int = 1  # frames that are judged at once, of all cameras; what is missing is filled up
    batch_wait_ms: float = 2.0  # so long the first of a batch waits for the others that were asked for
    classifier_threshold: float | None = None  # 0..1, over the bundle's
    segmenter_threshold: float | None = None  # 0..1, over the bundle's
    min_area_px: int | None = None  # over the bundle's: smaller pieces are not listed as defects


@dataclass(frozen=True)
class RecipeControlSettings:
    """What a recipe writes into an industrial camera; None leaves what the camera's own `control` says."""

    exposure_us: float | None = None  # microseconds
    gain_db: float | None = None
    white_balance: str | tuple[float, float, float] | None = None  # as in ControlSettings
    roi: Window | None = None


@dataclass(frozen=True)
class RecipeCameraSettings:
    """What a recipe lays over a camera; None leaves what the camera has."""

    name: str
    region: Box | None = None
    regions: tuple[Region, ...] = ()
    deadline_ms: float | None = None
    control: RecipeControlSettings = RecipeControlSettings()


@dataclass(frozen=True)
class RecipeSettings:
    """How one product is judged: what is laid over the line's own settings; None leaves what the line has."""

    name: str
    bundle: Path | None = None
    classifier_threshold: float | None = None
    segmenter_threshold: float | None = None
    min_area_px: int | None = None
    cameras: tuple[RecipeCameraSettings, ...] = ()


def settings_id(inspector: InspectorSettings, camera: CameraSettings, recipe: str | None = None) -> str:
    """Twelve hex digits over every setting that a verdict of this camera depends on, beside bundle and engine.

    A verdict in bf16 is another verdict; engines, threads and batches that compute in fp32 differ in the last bits
    alone, and stand in the log by name.
    """
    region = camera.region and (camera.region.x0, camera.region.y0, camera.region.x1, camera.region.y1)
    parts = (
        inspector.classifier_threshold,
        inspector.segmenter_threshold,
        inspector.min_area_px,
        region,
        camera.deadline_ms if camera.newest else None,
        *(() if inspector.precision in ("auto", "fp32") else (inspector.precision,)),
        *((camera.health,) if camera.live and camera.health != HealthSettings() else ()),
        *((camera.regions,) if camera.regions else ()),
        *((f"recipe {recipe}",) if recipe is not None else ()),
    )
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:12]
