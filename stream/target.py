"""Millimetres per pixel from a picture of a target: a chessboard or a grid of dots with a known pitch. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

CHESSBOARD, DOTS = "chessboard", "dots"
TILTED_SHARE = 0.03  # the pitch may differ by this share over the target, or between its two directions


@dataclass(frozen=True)
class TargetSeen:
    """A target as a picture shows it."""

    pitch_px: float  # the mean distance of neighbours
    spread: float  # how much that differs over the target, as a share of it: perspective and the lens
    stretch: float  # the pitch along the rows, divided by that along the columns

    @property
    def crooked(self) -> bool:
        """Whether one number of millimetres per pixel does not do for the whole target."""
        return self.spread > TILTED_SHARE or abs(self.stretch - 1) > TILTED_SHARE


def find_target(picture: np.ndarray, kind: str, columns: int, rows: int) -> TargetSeen | None:
    """The target in picture (H, W, 3) BGR uint8; None where it is not wholly in view.

    `columns` and `rows` count dots, or the inner corners of a chessboard, where four fields meet.
    """
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    if kind == CHESSBOARD:
        found, corners = cv2.findChessboardCornersSB(grey, (columns, rows), flags=cv2.CALIB_CB_ACCURACY)
    else:
        found, corners = cv2.findCirclesGrid(grey, (columns, rows), flags=cv2.CALIB_CB_SYMMETRIC_GRID)
    if not found or corners is None:
        return None
    return measured(corners.reshape(rows, columns, 2).astype(np.float64))


def measured(places: np.ndarray) -> TargetSeen:
    """What the places (rows, columns, 2) of the dots or corners, x and y in pixels, say of the scale."""
    along = np.linalg.norm(np.diff(places, axis=1), axis=2)  # (rows, columns - 1)
    across = np.linalg.norm(np.diff(places, axis=0), axis=2)
    pitch = float(np.concatenate([along.ravel(), across.ravel()]).mean())
    # Means of whole rows and columns: a single place is known to a tenth of a pixel, which is no perspective.
    lines = [along.mean(axis=0), along.mean(axis=1), across.mean(axis=0), across.mean(axis=1)]
    spread = max(float(np.ptp(line)) for line in lines) / pitch
    return TargetSeen(pitch, spread, float(along.mean() / across.mean()))
