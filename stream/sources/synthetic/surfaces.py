"""What codes are printed on: paper, paint, plastic, brushed metal, cast, woven. Pure; knows no code, no scratch."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .fields import Rng, gaussian, grain, rotated, smooth_field


def paper(rng: Rng, height: int, width: int) -> np.ndarray:
    return 1.2 * smooth_field(rng, height, width, 3) + 3 * smooth_field(rng, height, width, 90)


def painted(rng: Rng, height: int, width: int) -> np.ndarray:
    bumps = gaussian(rng.standard_normal((height, width)).astype(np.float32), 2.0)
    return rng.uniform(6, 18) * bumps + 3 * smooth_field(rng, height, width, 120)


def plastic(rng: Rng, height: int, width: int) -> np.ndarray:
    return 0.6 * smooth_field(rng, height, width, 2) + 2 * smooth_field(rng, height, width, 150)


def brushed(rng: Rng, height: int, width: int) -> np.ndarray:
    lines = grain(rng, height, width, int(rng.integers(15, 70)))
    turned = rotated(lines, rng.uniform(0, 180))
    return rng.uniform(1.5, 4.5) * turned + 5 * smooth_field(rng, height, width, 140)


def cast(rng: Rng, height: int, width: int) -> np.ndarray:
    return rng.uniform(2, 5) * smooth_field(rng, height, width, 4) + 4 * smooth_field(rng, height, width, 30)


def woven(rng: Rng, height: int, width: int) -> np.ndarray:
    period = rng.uniform(5, 12)
    rows = np.sin(np.arange(height, dtype=np.float32) * (2 * np.pi / period))[:, None]
    columns = np.sin(np.arange(width, dtype=np.float32) * (2 * np.pi / period))[None, :]
    return rng.uniform(1, 4) * rotated(rows + columns, rng.uniform(0, 90)) + smooth_field(rng, height, width, 2)


SURFACES: dict[str, Callable[[Rng, int, int], np.ndarray]] = {
    "paper": paper,
    "painted": painted,
    "plastic": plastic,
    "brushed": brushed,
    "cast": cast,
    "woven": woven,
}


def surface(rng: Rng, kind: str, height: int, width: int, level: float) -> np.ndarray:
    """(height, width, 3) float32 BGR around grey value `level` (0..255), a little tinted and unevenly lit."""
    grey = level + SURFACES[kind](rng, height, width)
    towards = rng.uniform(0, 2 * np.pi)
    y = np.linspace(-0.5, 0.5, height, dtype=np.float32)[:, None]
    x = np.linspace(-0.5, 0.5, width, dtype=np.float32)[None, :]
    light = 1 + rng.uniform(0, 0.16) * (np.cos(towards) * x + np.sin(towards) * y)
    tint = rng.normal(1.0, 0.02, 3).astype(np.float32)
    return (grey * light)[:, :, None] * tint
