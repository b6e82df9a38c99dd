"""What a camera does to a picture of a part: lens, light, sensor, compression. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from .fields import Rng, gaussian, smooth_field


@dataclass(frozen=True)
class Lens:
    """Blur and light: what the picture loses before any noise."""

    defocus_px: float  # sigma
    motion_px: float
    motion_angle: float  # radians
    gain: float  # times the grey value
    lift: float  # grey values added
    glare: tuple[float, float, float, float]  # x, y, radius (px), grey values added in its middle; 0: none


@dataclass(frozen=True)
class Sensor:
    """Noise and compression."""

    noise_grey: float  # deviation, grey values
    jpeg_quality: int  # 0: not compressed
    grey: bool  # a monochrome camera


def random_lens(rng: Rng, side_px: int) -> Lens:
    """Any usual lens and light; now and then badly out of focus, smeared by movement, or with a glare."""
    glare = rng.uniform(20, 80) if rng.random() < 0.15 else 0.0
    return Lens(
        defocus_px=rng.uniform(0.9, 2.2) if rng.random() < 0.15 else rng.uniform(0.0, 0.9),
        motion_px=rng.uniform(2, 6) if rng.random() < 0.15 else 0.0,
        motion_angle=rng.uniform(0, np.pi),
        gain=rng.uniform(0.7, 1.15),
        lift=rng.uniform(-8, 20),
        glare=(rng.uniform(0, side_px), rng.uniform(0, side_px), rng.uniform(0.2, 0.7) * side_px, glare),
    )


def random_sensor(rng: Rng) -> Sensor:
    """Any usual sensor; half of the pictures went through JPEG."""
    return Sensor(
        noise_grey=rng.uniform(3, 9) if rng.random() < 0.15 else rng.uniform(0, 3),
        jpeg_quality=int(rng.integers(40, 96)) if rng.random() < 0.5 else 0,
        grey=bool(rng.random() < 0.5),
    )


def tilted(rng: Rng, height: int, width: int) -> np.ndarray:
    """(3, 3) float32: the perspective of a camera that looks a little from one side."""
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    inwards = rng.uniform(0.0, 0.16, (4, 2)) * (width, height) * np.where(corners > 0, -1, 1)
    return cv2.getPerspectiveTransform((corners + inwards).astype(np.float32), corners)


def seen_aslant(picture: np.ndarray, view: np.ndarray) -> np.ndarray:
    """The picture in that perspective, the same size, filled to its edges; (H, W, 3) float32."""
    return cv2.warpPerspective(picture, view, picture.shape[1::-1], borderMode=cv2.BORDER_REFLECT)


def through_lens(picture: np.ndarray, lens: Lens) -> np.ndarray:
    """The picture blurred and lit: (H, W, 3) float32, clipped to 0..255."""
    seen = gaussian(picture, lens.defocus_px)
    if lens.motion_px >= 1:
        seen = cv2.filter2D(seen, -1, _line(lens.motion_px, lens.motion_angle), borderType=cv2.BORDER_REFLECT)
    seen = seen * np.float32(lens.gain) + np.float32(lens.lift)
    x0, y0, radius, grey = lens.glare
    if grey > 0:
        y, x = np.mgrid[0 : picture.shape[0], 0 : picture.shape[1]].astype(np.float32)
        seen = seen + (grey * np.exp(-((x - x0) ** 2 + (y - y0) ** 2) / radius**2))[:, :, None]
    return np.clip(seen, 0, 255)


def through_sensor(rng: Rng, picture: np.ndarray, sensor: Sensor) -> np.ndarray:
    """(H, W, 3) uint8 BGR: the picture with noise, as the camera hands it over."""
    height, width = picture.shape[:2]
    noise = rng.standard_normal((height, width, 1 if sensor.grey else 3)).astype(np.float32) * sensor.noise_grey
    grainy = np.clip(picture + noise + 0.5, 0, 255).astype(np.uint8)
    if sensor.grey:
        grainy = cv2.cvtColor(cv2.cvtColor(grainy, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
    return through_jpeg(grainy, sensor.jpeg_quality) if sensor.jpeg_quality else grainy


def through_jpeg(picture: np.ndarray, quality: int) -> np.ndarray:
    """(H, W, 3) uint8 BGR: the picture compressed with that quality (1..100) and read again."""
    _, packed = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    decoded = cv2.imdecode(packed, cv2.IMREAD_COLOR)
    assert decoded is not None  # it was packed just now
    return decoded


def vignette(rng: Rng, height: int, width: int) -> np.ndarray:
    """(height, width, 1) float32 around 1: light that is not the same everywhere."""
    return (1 + 0.05 * smooth_field(rng, height, width, max(height, width)))[:, :, None]


def _line(length_px: float, angle: float) -> np.ndarray:
    taps = int(np.ceil(length_px)) // 2 * 2 + 3
    kernel = np.zeros((taps, taps), np.float32)
    reach = (length_px - 1) / 2 * np.array([np.cos(angle), np.sin(angle)])
    ends = [tuple(map(int, np.round((taps // 2 + s * reach) * 16))) for s in (-1, 1)]
    cv2.line(kernel, ends[0], ends[1], 1.0, 1, cv2.LINE_AA, 4)
    return kernel / kernel.sum()
