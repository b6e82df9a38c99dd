"""What would judge, before a line starts: whether it opens, and whether what it would be shown is fit for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from detector.bundle import SHIPPED, Bundle, open_bundle
from detector.cascade import Cascade
from detector.errors import OpenError
from detector.refusals import why_size_refused
from detector.verdict import Box
from stream.chosen import chosen
from stream.judge import open_judge
from stream.live_bundle import settled
from stream.probe import PictureSize
from stream.problem import ERROR, NOTE, WARNING, Finding
from stream.region_check import look_at_regions
from stream.settings import CameraSettings, LineSettings


@dataclass(frozen=True)
class SeenDetector:
    """The bundle that would judge; None where it cannot be opened, or checkpoints take its place."""

    bundle: Bundle | None
    findings: tuple[Finding, ...]
    judge: Cascade | None = None  # opened with it; None where it must not judge


def look_at_detector(line: LineSettings) -> SeenDetector:
    """Opens what would judge, on its device: every hash verified, golden samples judged."""
    try:
        found = chosen(settled(line))
        inspector = found.inspector
        bundle = None if inspector.classifier else open_bundle(inspector.bundle or SHIPPED)
    except OpenError as error:
        return SeenDetector(None, (Finding(ERROR, "inspector.bundle", str(error)),))
    told = (Finding(NOTE, "inspector.engine", found.words),) if found.words else ()
    try:
        judge = open_judge(inspector)
    except OpenError as error:
        return SeenDetector(bundle, (*told, Finding(ERROR, "inspector", str(error))))
    return SeenDetector(bundle, told, judge)


def look_at_region(camera: CameraSettings, size: PictureSize | None, bundle: Bundle | None) -> Iterator[Finding]:
    """Whether the region lies in the picture, can be judged, and is not shrunk until scratches vanish."""
    if camera.regions:
        yield from look_at_regions(camera, size, bundle)
        return
    path = f"cameras.{camera.name}.region"
    region = camera.region or (Box(0, 0, size.width, size.height) if size else None)
    if region is None:
        return
    got = f"[{region.x0}, {region.y0}, {region.x1}, {region.y1}]"
    if size is not None and (region.x1 > size.width or region.y1 > size.height):
        text = f"reaches outside the picture of {size.width}x{size.height} px, got {got}; make it smaller"
        yield Finding(ERROR, path, text)
    refusal = why_size_refused(region.height, region.width)
    if refusal is not None:
        yield Finding(ERROR, path, f"{refusal}, got {got}")
    elif bundle is not None and (shrunk := _too_much_shrunk(region, bundle)):
        yield Finding(WARNING, path, shrunk)


def _too_much_shrunk(region: Box, bundle: Bundle) -> str | None:
    wanted = bundle.classifier.input
    scale = min(wanted.width / region.width, wanted.height / region.height)
    least = bundle.trained_scale / 2
    if scale >= least:
        return None
    return (
        f"{region.width}x{region.height} px shrink to {scale:.2f} of their size before they are judged, the bundle was "
        f"trained at {bundle.trained_scale:.2f}, so thin scratches may vanish; set a region of at most "
        f"{int(wanted.width / least)}x{int(wanted.height / least)} px around the part"
    )
