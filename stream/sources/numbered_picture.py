"""Pictures whose truth is known: each carries its number in big blocks, and a red square where a hash says BAD. Pure.

The blocks survive H.264, JPEG and shrinking, so whoever finds such a picture anywhere can say which one it is, and
with the seed also what its verdict must have been. The soak (tools/soak.py) runs whole lines on them.

Layout of a picture W x H: cell = W // 24 px. Bit k (0 is the lowest) of the number, 0 <= k < 20, stands in the columns
(2 + k) * cell to (3 + k) * cell: rows 0 to cell white for 1 and black for 0, rows cell to 2 * cell the opposite, so
that damage is noticed. Everything else is mid grey. The red square lies in the middle of what is judged.
"""

from __future__ import annotations

import hashlib

import numpy as np

from detector.verdict import Box

BITS = 20  # a million pictures: nine hours at 30 per second
COLUMNS = 24
FIRST_COLUMN = 2
LEAST = (96, 64)  # width, height: smaller ones leave no room for number and square
WIDEST = 3  # times as wide as high, for the same reason
GREY, BLACK, WHITE = 128, 0, 255
SHADES = 64  # of red: scores differ, so that one BAD frame is worse than another
CONTRAST_LEAST = 100  # between the two halves of a bit


def is_bad(seed: int, camera: str, number: int, share: float) -> bool:
    """Whether that picture carries the mark: the first 8 bytes of SHA-256 over `SEED|CAMERA|NUMBER`, as a share of
    2**64, are below `share`."""
    digest = hashlib.sha256(f"{seed}|{camera}|{number}".encode()).digest()
    return int.from_bytes(digest[:8], "big") < share * 2**64


def draw(number: int, width: int, height: int, *, bad: bool, region: Box | None = None) -> np.ndarray:
    """The picture, (height, width, 3) BGR uint8; the red square takes a third of the judged region's shorter side."""
    picture = np.full((height, width, 3), GREY, np.uint8)
    cell = width // COLUMNS
    for place in range(BITS):
        upper, lower = (WHITE, BLACK) if number >> place & 1 else (BLACK, WHITE)
        x = (FIRST_COLUMN + place) * cell
        picture[:cell, x : x + cell] = upper
        picture[cell : 2 * cell, x : x + cell] = lower
    if bad:
        judged = region or Box(0, 2 * cell, width, height)
        side = min(judged.width, judged.height) // 3
        x, y = (judged.x0 + judged.x1 - side) // 2, (judged.y0 + judged.y1 - side) // 2
        picture[y : y + side, x : x + side] = (number * 37 % SHADES, number * 37 % SHADES, 255)
    return picture


def read_number(picture: np.ndarray) -> int:
    """The number of a whole picture (H, W, 3). Raises ValueError where a bit cannot be read."""
    cell = picture.shape[1] // COLUMNS
    number = 0
    for place in range(BITS):
        upper, lower = (_brightness(picture, row, FIRST_COLUMN + place, cell) for row in (0, 1))
        if abs(upper - lower) < CONTRAST_LEAST:
            raise ValueError(f"bit {place} of the number cannot be read: {upper:.0f} over {lower:.0f}")
        number |= int(upper > lower) << place
    return number


def _brightness(picture: np.ndarray, row: int, column: int, cell: int) -> float:
    """Of the inner half of a block: its rim is blurred by compression."""
    inner = max(1, cell // 2)
    y, x = row * cell + cell // 4, column * cell + cell // 4
    return float(picture[y : y + inner, x : x + inner].mean())
