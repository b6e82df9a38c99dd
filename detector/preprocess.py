"""Picture -> network input, and maps of the network back to the picture's own pixels. Pure; PIL does the resizing.

Every resize is PIL's antialiased one, bit for bit what the reference pipeline does. Padding 1080p to a square before
resizing is what costs there: PIL resizes the rows first and the columns after, and black rows stay black, so the rows
are resized unpadded here and only the narrow result is padded. The pixels are the same; tests/test_preprocess.py
compares them.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image

from detector.stages import InputSpec

FILTERS = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}
RESIZES = ("stretch", "pad")
STRIP_ROWS = 256  # rows padded sideways at a time: bounds the memory a tall picture takes


@dataclass(frozen=True)
class Content:
    """Where the picture lies in the network's input, in network pixels, half open, not rounded."""

    x0: float
    y0: float
    x1: float
    y1: float


@dataclass(frozen=True)
class Padding:
    """The black added to make a square, in pixels of the picture. An odd pixel goes right or below."""

    side: int
    left: int
    top: int


def padding(height: int, width: int, resize: str) -> Padding | None:
    """The black around a picture of that size; None where the resize adds none."""
    if resize == "stretch":
        return None
    side = max(height, width)
    return Padding(side, (side - width) // 2, (side - height) // 2)


def content(height: int, width: int, spec: InputSpec) -> Content:
    """Where a picture of that size lies in the input that `spec` describes."""
    pad = padding(height, width, spec.resize)
    if pad is None:
        return Content(0.0, 0.0, float(spec.width), float(spec.height))
    across, down = spec.width / pad.side, spec.height / pad.side
    return Content(pad.left * across, pad.top * down, (pad.left + width) * across, (pad.top + height) * down)


def network_scale(height: int, width: int, spec: InputSpec) -> float:
    """Network pixels per picture pixel, along the side that shrinks more; a bundle's `trained_scale` is one."""
    inside = content(height, width, spec)
    return min((inside.x1 - inside.x0) / width, (inside.y1 - inside.y0) / height)


def network_picture(picture: np.ndarray, spec: InputSpec) -> np.ndarray:
    """(h, w, 3) BGR uint8, resized as `spec` says; picture: (H, W, 3) BGR uint8."""
    height, width = picture.shape[:2]
    pad = padding(height, width, spec.resize)
    kind = FILTERS[spec.filter]
    if pad is None:
        image = Image.fromarray(np.ascontiguousarray(picture))
        return np.asarray(image.resize((spec.width, spec.height), kind))
    rows = _resize_rows(picture, pad, spec.width, kind)
    square = np.zeros((pad.side, spec.width, 3), np.uint8)
    square[pad.top : pad.top + height] = rows
    return np.asarray(Image.fromarray(square).resize((spec.width, spec.height), kind))


def _resize_rows(picture: np.ndarray, pad: Padding, width: int, kind: Image.Resampling) -> np.ndarray:
    """(H, width, 3): each row, padded to `pad.side` pixels, resized to `width`; H is left alone."""
    strips = []
    for top in range(0, picture.shape[0], STRIP_ROWS):
        strip = picture[top : top + STRIP_ROWS]
        if pad.side != strip.shape[1]:
            right = pad.side - strip.shape[1] - pad.left
            strip = np.pad(strip, ((0, 0), (pad.left, right), (0, 0)))
        image = Image.fromarray(np.ascontiguousarray(strip))
        strips.append(np.asarray(image.resize((width, strip.shape[0]), kind)))
    return np.concatenate(strips)


def network_input(picture: np.ndarray, spec: InputSpec) -> np.ndarray:
    """(1, 3, h, w) float32 RGB, normalised; picture: (H, W, 3) BGR uint8."""
    return normalised(network_picture(picture, spec), spec)


def normalised(small: np.ndarray, spec: InputSpec) -> np.ndarray:
    """(1, 3, h, w) float32 RGB; small: (h, w, 3) BGR uint8, of the network's size."""
    planes = np.empty((1, 3, *small.shape[:2]), np.float32)
    for place, table in enumerate(_tables(spec.scale, spec.mean, spec.std)):
        cv2.LUT(cv2.extractChannel(small, 2 - place), table, planes[0, place])
    return planes


@functools.cache
def _tables(scale: float, mean: tuple[float, ...], std: tuple[float, ...]) -> np.ndarray:
    """(3, 256) float32: what each value of R, G and B becomes. Looked up, it is a tenth of the work of reckoning it."""
    # Divided by 255, not multiplied by 1/255: the reference's very float32. One unit in the last place more or less
    # came out as 6e-4 in the logits of a deep network.
    values = np.arange(256, dtype=np.float32) / np.float32(1.0 / scale)
    return (values - np.array(mean, np.float32)[:, None]) / np.array(std, np.float32)[:, None]


def to_picture(network_map: np.ndarray, height: int, width: int, spec: InputSpec) -> np.ndarray:
    """(H, W) float32: the network's map (h, w) float32 as it lies over a picture of that size.

    Bilinear, and averaged where the picture is smaller than the network; padding is cut away.
    """
    inside = content(height, width, spec)
    image = Image.fromarray(np.ascontiguousarray(network_map, np.float32))
    box = (inside.x0, inside.y0, inside.x1, inside.y1)
    return np.asarray(image.resize((width, height), Image.Resampling.BILINEAR, box=box))
