"""The belt itself and the sensor's noise, drawn once; what the camera's lens does to both belt and parts. Pure."""

from __future__ import annotations

import cv2
import numpy as np

from .fields import Rng, gaussian
from .looks import BeltLook
from .surfaces import surface

TILE_PX = 960  # the background repeats after so many pixels
NOISE_MARGIN = 64


def background(rng: Rng, look: BeltLook, height: int, width: int) -> np.ndarray:
    """(height, TILE_PX + width, 3) uint8: the belt, repeating every TILE_PX columns without a seam."""
    overlap = 64
    wide = surface(rng, look.surface, height, TILE_PX + overlap, look.level)
    fade = np.linspace(0, 1, overlap, dtype=np.float32)[None, :, None]
    tile = wide[:, :TILE_PX].copy()
    tile[:, :overlap] = wide[:, TILE_PX:] * (1 - fade) + tile[:, :overlap] * fade
    seen = through_lens(np.hstack([tile] * 3), look)[:, TILE_PX : 2 * TILE_PX]
    tiles = [to_uint8(seen)] * (2 + width // TILE_PX)
    return np.ascontiguousarray(np.hstack(tiles)[:, : TILE_PX + width])


def noise(rng: Rng, grey: int, height: int, width: int) -> np.ndarray:
    """(height + margin, width + margin, 3) uint8 between 0 and `grey`, mean grey / 2."""
    shape = (height + NOISE_MARGIN, width + NOISE_MARGIN, 3)
    return rng.binomial(max(0, grey), 0.5, shape).astype(np.uint8)


def through_lens(layers: np.ndarray, look: BeltLook) -> np.ndarray:
    """The layers as the camera sees them: out of focus, and smeared along the belt's movement."""
    blurred = gaussian(layers, look.defocus_px)
    length = look.exposure_px
    if length < 0.5:
        return blurred
    taps = int(np.ceil(length)) // 2 * 2 + 3
    kernel = np.clip((length + 1) / 2 - np.abs(np.arange(taps) - taps // 2), 0, 1).astype(np.float32)
    return cv2.filter2D(blurred, -1, (kernel / kernel.sum())[None, :], borderType=cv2.BORDER_REFLECT)


def to_uint8(picture: np.ndarray) -> np.ndarray:
    return np.clip(picture + 0.5, 0, 255).astype(np.uint8)
