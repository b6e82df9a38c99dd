"""Reads pictures from files, exactly as the reference pipeline does: with PIL, so that the same JPEG gives the same
pixels, and without turning them by their EXIF. Knows no folder of results."""

from __future__ import annotations

import io
import warnings
from pathlib import Path

import numpy as np
from PIL import Image

from detector.colour import to_bgr
from detector.errors import PictureError
from detector.files import SUFFIXES, read_file
from detector.refusals import why_too_large

FILE_MAX_BYTES = 512 << 20  # more than the largest picture that is decoded has as raw pixels
DEEP_MODES = {"I;16": np.uint16, "I;16L": np.uint16, "I;16B": np.uint16, "I": np.int32, "F": np.float32}


def pictures_in(folder: Path) -> tuple[Path, ...]:
    """The picture files of a folder, not of the folders in it, by name."""
    return tuple(sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES and path.is_file()))


def read_picture(path: Path) -> np.ndarray:
    """(H, W, 3) BGR uint8. Raises PictureError with the reason."""
    try:
        return decode(read_file(path, FILE_MAX_BYTES))
    except OSError as error:
        raise PictureError(f"cannot be read: {error.strerror}") from error


def decode(raw: bytes) -> np.ndarray:
    """(H, W, 3) BGR uint8 of a picture file's bytes. Raises PictureError with the reason."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PIL warns of size and of odd metadata; what counts raises
        try:
            with Image.open(io.BytesIO(raw)) as image:
                return _pixels(image)
        except PictureError:
            raise
        except Image.DecompressionBombError as error:
            raise PictureError(f"too large: {error}") from error
        except Exception as error:  # decoders raise nearly anything on damaged bytes
            raise PictureError(f"not a picture that can be decoded: {_reason(error)}") from error


def _pixels(image: Image.Image) -> np.ndarray:
    width, height = image.size
    if refused := why_too_large(height, width):  # before the pixels are decoded
        raise PictureError(refused)
    if image.mode in DEEP_MODES:
        return to_bgr(_deep(np.asarray(image)))
    return np.ascontiguousarray(np.asarray(image.convert("RGB"))[:, :, ::-1])


def _deep(pixels: np.ndarray) -> np.ndarray:
    """Grey (H, W) of more than 8 bits; what PIL widened to 32 bits is narrowed again."""
    if pixels.dtype == np.int32:
        if pixels.min() < 0 or pixels.max() > 65535:
            raise PictureError(f"grey levels lie in {pixels.min()}..{pixels.max()}; 0..65535 is wanted")
        return pixels.astype(np.uint16)
    return pixels.astype(pixels.dtype.newbyteorder("="))


def _reason(error: Exception) -> str:
    # "cannot identify image file <_io.BytesIO object at 0x…>" tells nobody anything
    if isinstance(error, Image.UnidentifiedImageError):
        return "its format is not known"
    return (str(error).strip() or type(error).__name__).splitlines()[0][:200]
