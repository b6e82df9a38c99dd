"""A decoded frame as a BGR picture: one conversion, no further copy. The one place that knows PyAV's planes."""

from __future__ import annotations

import av
import numpy as np
from av.video.reformatter import VideoReformatter


def bgr_view(frame: av.VideoFrame, reformatter: VideoReformatter | None = None) -> np.ndarray:
    """(H, W, 3) BGR uint8, read-only, without the padding that a decoder puts at the end of each row.

    A source that keeps one reformatter is spared a set-up (and, on many cores, a pool of threads) for each picture.
    """
    converted = (reformatter or VideoReformatter()).reformat(frame, format="bgr24")
    plane = converted.planes[0]
    shape, strides = (converted.height, converted.width, 3), (plane.line_size, 3, 1)
    return np.ndarray(shape, np.uint8, buffer=memoryview(plane), strides=strides)


def plain_reason(error: Exception) -> str:
    """What FFmpeg said, without the address that it puts behind it: that may carry a password."""
    return str(getattr(error, "strerror", None) or type(error).__name__)
