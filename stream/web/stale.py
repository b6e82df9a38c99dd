"""A picture that says that there is none, for whoever can show pictures only. Pure."""

from __future__ import annotations

import cv2
import numpy as np

from stream.overlay import encode_jpeg

GROUND, STRIPE, INK = (75, 68, 59), (57, 52, 44), (255, 255, 255)  # BGR, as the page has them
STRIPE_SHARE = 0.06  # of the picture's width
WORD_SHARE, TEXT_SHARE = 0.16, 0.05  # letter sizes, of its height
SIDE_MIN_PX = 32
QUALITY = 70


def saying(size: tuple[int, int], word: str, text: str) -> bytes:
    """The JPEG of a striped picture (width, height) with a large word and a small text in the middle."""
    width, height = (max(SIDE_MIN_PX, side) for side in size)
    picture = np.full((height, width, 3), GROUND, np.uint8)
    step = max(4, round(width * STRIPE_SHARE))
    for x in range(0, width + height, 2 * step):
        cv2.line(picture, (x, 0), (x - height, height), STRIPE, step)
    _middle(picture, word, WORD_SHARE, 0.48)
    _middle(picture, text, TEXT_SHARE, 0.66)
    return encode_jpeg(picture, QUALITY)


def _middle(picture: np.ndarray, text: str, share: float, down: float) -> None:
    """Writes a line in the middle; smaller where it would not fit."""
    height, width = picture.shape[:2]
    font, size = cv2.FontFace("sans"), max(8, round(height * share))
    wide = cv2.getTextSize((width, height), text, (0, 0), font, size, 700)[2]
    size = max(6, min(size, int(size * 0.92 * width / max(1, wide))))
    wide = cv2.getTextSize((width, height), text, (0, 0), font, size, 700)[2]
    cv2.putText(picture, text, (max(0, (width - wide) // 2), round(height * down)), INK, font, size, 700)
