"""What the regions of a camera may be, alone and together. Pure; knows no YAML and no picture."""

from __future__ import annotations

import re
from collections.abc import Iterator

from detector.regions import KINDS, REGIONS_MAX, Point, Region, bounds
from detector.stitching import TILES_MAX, count
from detector.verdict import Box
from stream.settings import CameraSettings, RecipeCameraSettings

REGION_NAME = re.compile(r"[A-Za-z0-9_-]{1,32}")
CORNERS_MAX = 64


def rectangle(box: Box) -> str | None:
    if min(box.x0, box.y0) < 0:
        return "begins outside the picture, whose corner is [0, 0]; it is [x0, y0, x1, y1]"
    if box.width <= 0 or box.height <= 0:
        return "is empty; it is [x0, y0, x1, y1] with x1 above x0 and y1 above y0"
    return None


def polygon(corners: tuple[Point, ...]) -> str | None:
    if not 3 <= len(corners) <= CORNERS_MAX:
        return f"must have 3 to {CORNERS_MAX} corners"
    if min(min(corner.x, corner.y) for corner in corners) < 0:
        return "begins outside the picture, whose corner is [0, 0]; its corners are [x, y]"
    around = bounds(corners)
    if around.width <= 0 or around.height <= 0:
        return "is empty; its corners must not lie on one line"
    return None


def region_name(name: str) -> str | None:
    """What is wrong with the name; it stands in the log and in pictures."""
    return None if REGION_NAME.fullmatch(name) else "not a region's name; use 1 to 32 of A-Z a-z 0-9 _ -"


def region_conflicts(path: str, camera: CameraSettings | RecipeCameraSettings) -> Iterator[tuple[str, str]]:
    """Regions that are each allowed and do not go together: path of one, what to do."""
    if not camera.regions:
        return
    if camera.region is not None:
        yield f"{path}.region", "stands beside regions, which take its place; delete one of the two"
    if len(camera.regions) > REGIONS_MAX:
        yield f"{path}.regions", f"must be at most {REGIONS_MAX}, got {len(camera.regions)}; delete some"
    seen: dict[object, str] = {}
    for region in camera.regions:
        yield from _of_region(f"{path}.regions.{region.name}", region)
        first = seen.setdefault((region.box, region.polygon, region.tiles, region.locate), region.name)
        if first != region.name and region.kinds:
            yield f"{path}.regions.{region.name}", f"judges the same as {first}; delete one of the two"


def _of_region(path: str, region: Region) -> Iterator[tuple[str, str]]:
    kinds = region.kinds
    if len(kinds) != 1:
        got = " and ".join(kinds) or "none"
        told = f"a region needs one of {', '.join(KINDS)}, got {got}; configs/regions.yaml has an example of each"
        yield f"{path}.{kinds[-1] if kinds else KINDS[0]}", told
    tiles = region.tiles
    if tiles is None:
        return
    if tiles.overlap >= tiles.size:
        yield (
            f"{path}.tiles.overlap",
            f"must be less than size, got {tiles.overlap} and {tiles.size}; a scratch's length is enough",
        )
    elif tiles.box is not None and count(tiles.box, tiles.size, tiles.overlap) > TILES_MAX:
        yield f"{path}.tiles.size", f"more than {TILES_MAX} tiles come of it; make size larger or overlap smaller"
