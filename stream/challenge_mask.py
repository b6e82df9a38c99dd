"""Where the mask beside a stored picture says that its defect lies. Loaded where there is one: it reads pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from detector.errors import PictureError
from detector.pictures import read_picture


def box_of(mask: Path) -> tuple[int, int, int, int] | None:
    """x0, y0, x1, y1 (half open) around all that is white; None where nothing is, or it cannot be read."""
    try:
        white = read_picture(mask)[:, :, 0] > 127
    except (OSError, PictureError):
        return None  # `check` says so; a verdict need not wait for it
    rows, columns = np.flatnonzero(white.any(axis=1)), np.flatnonzero(white.any(axis=0))
    if not rows.size:
        return None
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
