"""A decoded frame as a BGR picture: one conversion, no further copy. The one place that knows PyAV's planes."""

from __future__ import annotations

import av
import numpy as np
from av.video.reformatter import VideoReformatter

from detector.refusals import MAX_AREA_PX

# A decoder is told how large a picture may be before it takes memory for one: a packet of a few bytes can claim 16k x
# 16k px. It answers to a larger one that the argument is invalid.
LARGEST = {"max_pixels": str(MAX_AREA_PX)}
# PyAV 18 would share each conversion among as many threads as there are cores: to wake them costs more processor time
# than they save, and the other cameras have use for it. PyAV 15 knows no such thing.
ALONE = {"threads": 1} if int(av.__version__.partition(".")[0]) >= 18 else {}
INVALID: type[Exception] = getattr(av.error, "ArgumentError" if ALONE else "ValueError")  # as PyAV 15 calls it
NO_PICTURE = (av.error.InvalidDataError, INVALID)


def bgr_view(frame: av.VideoFrame, reformatter: VideoReformatter | None = None) -> np.ndarray:
    """(H, W, 3) BGR uint8, read-only, without the padding that a decoder puts at the end of each row.

    A source that keeps one reformatter is spared a set-up for each picture.
    """
    converted = (reformatter or VideoReformatter()).reformat(frame, format="bgr24", **ALONE)
    plane = converted.planes[0]
    shape, strides = (converted.height, converted.width, 3), (plane.line_size, 3, 1)
    return np.ndarray(shape, np.uint8, buffer=memoryview(plane), strides=strides)


def plain_reason(error: Exception) -> str:
    """What FFmpeg said, without the address that it puts behind it: that may carry a password."""
    return str(getattr(error, "strerror", None) or type(error).__name__)
