"""Whether a camera's regions lie in its pictures, can be judged, and are not shrunk until scratches vanish. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from detector.bundle import Bundle
from detector.refusals import why_size_refused
from detector.regions import Region, area_of
from detector.stitching import TILES_MAX, count
from stream.probe import PictureSize
from stream.problem import ERROR, NOTE, WARNING, Finding
from stream.region_scale import judged_size, scale_of
from stream.settings import CameraSettings

UNKNOWN_SIZE = PictureSize(1 << 30, 1 << 30)  # nothing lies outside it


def look_at_regions(camera: CameraSettings, size: PictureSize | None, bundle: Bundle | None) -> Iterator[Finding]:
    """What is wrong with each region; `size` of the pictures, None where it cannot be known before the start."""
    for region in camera.regions:
        part = region.tiles or region.locate
        whole = part is not None and part.box is None
        if whole and region.tiles is not None and size is None:
            continue  # cut of a picture that nobody has seen
        yield from _look_at(f"cameras.{camera.name}.regions.{region.name}", region, size, bundle, whole=whole)


def _look_at(
    path: str, region: Region, size: PictureSize | None, bundle: Bundle | None, *, whole: bool
) -> Iterator[Finding]:
    kind = region.kinds[0]
    at = f"{path}.{kind}" if kind in ("box", "polygon") or whole else f"{path}.{kind}.box"
    seen = size or UNKNOWN_SIZE
    area = area_of(region, seen.height, seen.width)
    got = f"[{area.x0}, {area.y0}, {area.x1}, {area.y1}]"
    if area.x1 > seen.width or area.y1 > seen.height:
        yield Finding(
            ERROR, at, f"reaches outside the picture of {seen.width}x{seen.height} px, got {got}; make it smaller"
        )
    if region.locate is not None and region.locate.length > max(area.width, area.height):
        text = f"is longer than the area that is searched, {got}, got {region.locate.length}; enlarge the area"
        yield Finding(ERROR, f"{path}.locate.length", text)
    width, height = judged_size(region, seen)
    refusal = why_size_refused(height, width)
    if refusal is not None:
        yield Finding(ERROR, at, f"{refusal}, got {got}")
    elif bundle is not None and not (scale := scale_of(region, seen, bundle)).enough:
        yield Finding(
            WARNING, {"tiles": f"{path}.tiles.size", "locate": f"{path}.locate.length"}.get(kind, at), scale.words
        )
    if region.tiles is not None:
        yield from _tiles(f"{path}.tiles.size", count(area, region.tiles.size, region.tiles.overlap))


def _tiles(path: str, tiles: int) -> Iterator[Finding]:
    if tiles > TILES_MAX:
        yield Finding(ERROR, path, f"{tiles} tiles come of it, {TILES_MAX} are the most; make size larger")
    elif tiles > 1:
        yield Finding(NOTE, path, f"{tiles} tiles are judged of each frame, one after the other")
