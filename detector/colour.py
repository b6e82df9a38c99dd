"""Any decoded picture -> (H, W, 3) BGR uint8, or the reason why not. Pure."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from detector.errors import PictureError


def to_bgr(picture: np.ndarray) -> np.ndarray:
    """(H, W, 3) BGR uint8, C order; the very same array where it already is that.

    Takes grey (H, W) or (H, W, 1), BGR (H, W, 3) and BGRA (H, W, 4), of bool, uint8, uint16 (65535 is white) or
    float (0..1). Alpha is dropped, as the reference pipeline does.
    Raises PictureError for anything else.
    """
    if not isinstance(picture, np.ndarray):
        raise PictureError(f"not a picture: got {type(picture).__name__}, an array is wanted")
    deep = picture[:, :, None] if picture.ndim == 2 else picture
    if deep.ndim != 3 or deep.shape[2] not in (1, 3, 4) or 0 in deep.shape:
        shape = "x".join(str(n) for n in picture.shape)
        raise PictureError(f"shape {shape} is no picture: height x width, or with 1, 3 or 4 channels, is wanted")
    convert = DEPTHS.get(picture.dtype.name)
    if convert is None:
        raise PictureError(f"pixels of type {picture.dtype} are not known; known here: {', '.join(DEPTHS)}")
    colours = convert(deep[:, :, :3])
    if colours.shape[2] == 1:
        colours = np.repeat(colours, 3, axis=2)
    return np.ascontiguousarray(colours)


def _from_bool(pixels: np.ndarray) -> np.ndarray:
    return pixels.astype(np.uint8) * np.uint8(255)


def _from_uint16(pixels: np.ndarray) -> np.ndarray:
    # 257 = 65535 / 255. A camera that fills only 10 or 12 of the 16 bits comes out dark, and is refused as black
    # rather than stretched: a stretch that depends on the picture would make verdicts depend on it too.
    return ((pixels.astype(np.uint32) + 128) // 257).astype(np.uint8)


def _from_float(pixels: np.ndarray) -> np.ndarray:
    if not np.isfinite(pixels).all():
        raise PictureError("pixels are not all finite numbers")
    low, high = float(pixels.min()), float(pixels.max())
    if low < 0.0 or high > 1.0:
        raise PictureError(f"float pixels lie in {low:g}..{high:g}; 0..1 is wanted")
    return np.rint(pixels.astype(np.float64) * 255).astype(np.uint8)


DEPTHS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "uint8": lambda pixels: pixels,
    "uint16": _from_uint16,
    "bool": _from_bool,
    "float16": _from_float,
    "float32": _from_float,
    "float64": _from_float,
}
