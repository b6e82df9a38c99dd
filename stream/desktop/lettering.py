"""Words in a picture: how wide they are, where they break, and written into a part of it. Pure, but for that part."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np

Colour = tuple[int, int, int]  # BGR
FONT = "sans"
WEIGHT = 700
CUT = "..."  # where words were left out


def width_of(text: str, size: int) -> int:
    """In pixels."""
    return int(cv2.getTextSize((1, 1), text, (0, 0), cv2.FontFace(FONT), size, WEIGHT)[2])


def lines_of(text: str, size: int, width: int, most: int) -> tuple[str, ...]:
    """The text in at most so many lines of at most that width; what has no room is left out, and that is seen."""
    lines = list(_broken(text, size, width))
    cut = [*lines[: most - 1], lines[most - 1] + CUT] if len(lines) > most else lines
    return tuple(line if width_of(line, size) <= width else _cut(line, size, width) for line in cut)


def _cut(line: str, size: int, width: int) -> str:
    words = line.removesuffix(CUT)
    least, most = 0, len(words)  # how many signs have room, and how many may have: a word may be thousands of them long
    while least < most:
        middle = (least + most + 1) // 2
        least, most = (middle, most) if width_of(words[:middle] + CUT, size) <= width else (least, middle - 1)
    return words[:least] + CUT


def _broken(text: str, size: int, width: int) -> Iterator[str]:
    """Between words; a word that is wider than a line stands in one of its own."""
    line = ""
    for word in text.split():
        longer = f"{line} {word}" if line else word
        if line and width_of(longer, size) > width:
            yield line
            line = word
        else:
            line = longer
    if line:
        yield line


def write(part: np.ndarray, text: str, size: int, ink: Colour, x: int, *, top: bool = False) -> int:
    """In the middle of its height, or at its top; returns where it ends."""
    height = part.shape[0]
    y = size if top else (height + round(size * 0.72)) // 2
    cv2.putText(part, text, (x, min(y, max(1, height - 1))), ink, cv2.FontFace(FONT), size, WEIGHT)
    return x + width_of(text, size)


def write_right(part: np.ndarray, text: str, size: int, ink: Colour, least_x: int) -> None:
    """At its right edge."""
    write(part, text, size, ink, max(least_x, part.shape[1] - width_of(text, size) - 10))
