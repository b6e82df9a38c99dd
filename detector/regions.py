"""The words for what of a picture is judged: boxes, polygons, tiles, and where codes are found. Knows no pixel."""

from __future__ import annotations

from dataclasses import dataclass

from detector.verdict import Box

REGIONS_MAX = 64  # of one camera
CODES_MAX = 8  # that are judged in one search area; where there are more, nobody knows what is seen
KINDS = ("box", "polygon", "tiles", "locate")


@dataclass(frozen=True)
class Point:
    """A corner of a polygon, in pixels from the picture's upper left corner; it lies between pixels, as a Box's do."""

    x: int
    y: int


@dataclass(frozen=True)
class Tiles:
    """A part of the picture that is cut into overlapping squares, each judged by itself."""

    size: int  # pixels a side
    overlap: int = 32  # pixels that neighbours have in common, at least
    box: Box | None = None  # what is cut; None: the whole picture


@dataclass(frozen=True)
class Locate:
    """A part of the picture in which a printed code is looked for, turned as it may be."""

    length: int = 200  # pixels that the code is long, about: it is found from 0.6 to 1.7 of that
    margin: float = 0.15  # of the found code's length, added on each side of it
    when_missing: str = "unknown"  # unknown | good: what the region is where no code and no light part is seen
    light: int = 128  # grey level 0..255 that the parts are above and the empty belt is below
    box: Box | None = None  # where it is looked for; None: the whole picture
    count: int = 1  # codes that a picture shows there; where fewer are found, one would go unjudged


@dataclass(frozen=True)
class Region:
    """A named part of a camera's picture; one of the four ways says which."""

    name: str
    box: Box | None = None
    polygon: tuple[Point, ...] | None = None
    tiles: Tiles | None = None
    locate: Locate | None = None

    @property
    def kinds(self) -> tuple[str, ...]:
        """Which of the ways are given; one, where it is as it should be."""
        return tuple(kind for kind in KINDS if getattr(self, kind) is not None)


Where = Box | tuple[Region, ...] | None  # what of a picture is judged: a rectangle, named regions, or all of it


def area_of(region: Region, height: int, width: int) -> Box:
    """The rectangle of a picture of that size in which all of the region lies."""
    if region.box is not None:
        return region.box
    if region.polygon is not None:
        return bounds(region.polygon)
    part = region.tiles or region.locate
    return (part and part.box) or Box(0, 0, width, height)


def bounds(polygon: tuple[Point, ...]) -> Box:
    """The smallest rectangle around the polygon."""
    xs, ys = [point.x for point in polygon], [point.y for point in polygon]
    return Box(min(xs), min(ys), max(xs), max(ys))


def crop_side(length: float, margin: float) -> int:
    """The side, in pixels, of the square that is cut around a code of that length."""
    return max(1, round(length * (1.0 + 2.0 * margin)))
