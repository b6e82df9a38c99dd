"""How much of a region's detail the networks see, against what the bundle was trained at; in words. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from detector.bundle import Bundle
from detector.regions import Region, area_of, crop_side
from stream.probe import PictureSize

ENOUGH = 0.5  # of the trained scale: below it a thin scratch is too thin for a network that learnt wider ones


@dataclass(frozen=True)
class Scale:
    """Network pixels per pixel of the picture."""

    width: int  # of what is judged at once, in pixels of the picture
    height: int
    scale: float
    trained: float
    widest: int  # still at half the trained scale
    highest: int

    @property
    def enough(self) -> bool:
        return self.scale >= self.trained * ENOUGH

    @property
    def words(self) -> str:
        shrunk = f"{self.width}x{self.height} px shrink to {self.scale:.2f} of their size before they are judged"
        if self.scale > 1:
            shrunk = f"{self.width}x{self.height} px are enlarged to {self.scale:.2f} of their size"
        trained = f"the bundle was trained at {self.trained:.2f}"
        if self.enough:
            return f"{shrunk}; {trained}, which is near enough"
        most = f"at most {self.widest}x{self.highest} px may be judged at once"
        return f"{shrunk}, {trained}, so thin scratches may vanish; {most}"


def scale_of(region: Region, size: PictureSize, bundle: Bundle) -> Scale:
    """The scale at which each view of the region is judged; `size`: of the camera's pictures."""
    width, height = judged_size(region, size)
    wanted, trained = bundle.classifier.input, bundle.trained_scale
    scale = min(wanted.width / width, wanted.height / height)
    least = trained * ENOUGH
    return Scale(width, height, scale, trained, int(wanted.width / least), int(wanted.height / least))


def judged_size(region: Region, size: PictureSize) -> tuple[int, int]:
    """Width and height of what is judged at once: of a tile, or of the crop around a code of the expected length."""
    if region.locate is not None:
        side = crop_side(region.locate.length, region.locate.margin)
        return side, side
    area = area_of(region, size.height, size.width)
    if region.tiles is not None:
        return min(region.tiles.size, area.width), min(region.tiles.size, area.height)
    return area.width, area.height
