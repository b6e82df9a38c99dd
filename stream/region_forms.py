"""Regions as the page that draws them sends and gets them, and what is wrong with such ones. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import msgspec
import numpy as np

from detector.bundle import Bundle
from detector.errors import PictureError
from detector.regions import REGIONS_MAX, Locate, Point, Region, Tiles
from detector.verdict import Box, Quad
from detector.views import views_of
from stream.limits import LIMITS
from stream.probe import PictureSize
from stream.problem import ERROR
from stream.region_check import look_at_regions
from stream.region_limits import region_conflicts
from stream.region_scale import scale_of
from stream.settings import CameraSettings

Number = Annotated[int, msgspec.Meta(ge=-(1 << 17), le=1 << 17)]
Corners = tuple[Number, Number, Number, Number]


class TilesForm(msgspec.Struct, forbid_unknown_fields=True):
    size: Number
    overlap: Number = 32
    box: Corners | None = None


class LocateForm(msgspec.Struct, forbid_unknown_fields=True):
    length: Number = 200
    margin: Annotated[float, msgspec.Meta(ge=-9, le=9)] = 0.15
    when_missing: Annotated[str, msgspec.Meta(max_length=20)] = "unknown"
    light: Number = 128
    box: Corners | None = None
    count: Number = 1


class RegionForm(msgspec.Struct, forbid_unknown_fields=True):
    """One region; one of its kinds is given."""

    name: Annotated[str, msgspec.Meta(max_length=64)]
    box: Corners | None = None
    polygon: Annotated[list[tuple[Number, Number]], msgspec.Meta(max_length=256)] | None = None
    tiles: TilesForm | None = None
    locate: LocateForm | None = None


class Drawn(msgspec.Struct, forbid_unknown_fields=True):
    """All regions of the camera; to be saved: with the SHA-256 of the file that they were drawn for."""

    regions: Annotated[list[RegionForm], msgspec.Meta(max_length=2 * REGIONS_MAX)]
    picture: Annotated[int, msgspec.Meta(ge=0, le=1 << 53)] = 0  # the number of the one that the page shows
    sha256: Annotated[str, msgspec.Meta(max_length=64)] = ""


class SeenRegion(msgspec.Struct):
    """What is said of a drawn region."""

    name: str
    words: str  # its scale; empty where nothing can be said of it
    enough: bool
    problems: list[str]
    found: list[Quad]  # where codes are in the picture that the page shows
    missing: str  # why none is; empty where none is looked for


def regions_of(forms: list[RegionForm]) -> tuple[Region, ...]:
    return tuple(_region(form) for form in forms)


def form_of(region: Region) -> RegionForm:
    tiles, locate = region.tiles, region.locate
    return RegionForm(
        region.name,
        _corners(region.box),
        None if region.polygon is None else [(corner.x, corner.y) for corner in region.polygon],
        None if tiles is None else TilesForm(tiles.size, tiles.overlap, _corners(tiles.box)),
        None
        if locate is None
        else LocateForm(
            locate.length, locate.margin, locate.when_missing, locate.light, _corners(locate.box), locate.count
        ),
    )


def look_at(
    regions: tuple[Region, ...], size: PictureSize | None, bundle: Bundle | None, picture: np.ndarray | None = None
) -> list[SeenRegion]:
    """What there is to say of each, in their order: the scale it is judged at, and all that is wrong with it.

    `size` is that of the camera's pictures, `picture` (H, W, 3) BGR uint8 the one in which codes are looked for.
    """
    clashes = list(region_conflicts("", CameraSettings("camera", "", regions=regions)))
    names = [region.name for region in regions]
    seen = []
    for region in regions:
        path = f".regions.{region.name}"
        problems = [text for _, text in _refused(region)]
        problems += [text for at, text in clashes if at == path or at.startswith(f"{path}.")]
        problems += ["this name is given twice"] if names.count(region.name) > 1 else []
        problems += [] if problems else _in_the_world(region, size, bundle)
        scale = scale_of(region, size, bundle) if size and bundle and not problems else None
        found, missing = _found(region, picture) if picture is not None and not problems else ([], "")
        words, enough = (scale.words, scale.enough) if scale else ("", True)
        seen.append(SeenRegion(region.name, words, enough, problems, found, missing))
    return seen


def _found(region: Region, picture: np.ndarray) -> tuple[list[Quad], str]:
    """The codes as they would be judged; or why there is none."""
    if region.locate is None:
        return [], ""
    try:
        found = [view.quad for view in views_of(region, picture) if view.quad is not None]
    except PictureError as error:
        return [], str(error)
    return found, "" if found else "an empty belt"


def _in_the_world(region: Region, size: PictureSize | None, bundle: Bundle | None) -> list[str]:
    found = look_at_regions(CameraSettings("camera", "", regions=(region,)), size, bundle)
    return [one.text for one in found if one.severity == ERROR]


def _refused(region: Region) -> Iterator[tuple[str, str]]:
    """What the limits of its settings say."""
    for part in (region, region.tiles, region.locate):
        if part is None:
            continue
        for name, limit in LIMITS[type(part)].items():
            value = getattr(part, name)
            if value is not None and (text := limit(value)) is not None:
                yield name, f"{name}: {text.partition('; ')[0]}"


def _region(form: RegionForm) -> Region:
    tiles, locate = form.tiles, form.locate
    return Region(
        form.name,
        _box(form.box),
        None if form.polygon is None else tuple(Point(x, y) for x, y in form.polygon),
        None if tiles is None else Tiles(tiles.size, tiles.overlap, _box(tiles.box)),
        None
        if locate is None
        else Locate(locate.length, locate.margin, locate.when_missing, locate.light, _box(locate.box), locate.count),
    )


def _box(corners: Corners | None) -> Box | None:
    return None if corners is None else Box(*corners)


def _corners(box: Box | None) -> Corners | None:
    return None if box is None else (box.x0, box.y0, box.x1, box.y1)
