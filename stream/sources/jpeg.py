"""A JPEG that a camera sent → its pixels, or that it is damaged. FFmpeg decodes it, as it says what others hide.

libjpeg (through PIL or OpenCV) fills a hole in the middle with grey and gives the picture for whole.
"""

from __future__ import annotations

import av
import numpy as np
from av.video.reformatter import VideoReformatter

from detector.refusals import why_too_large
from stream.sources.bgr import LARGEST, bgr_view
from stream.sources.source import Picture

DAMAGED = "decode_error"
END = b"\xff\xd9"


class JpegDecoder:
    """Decodes one camera's pictures; each is whole by itself."""

    def __init__(self) -> None:
        self._codec = _codec()
        self._reformatter = VideoReformatter()
        self._size = (1, 1)  # height, width of the last whole picture: a damaged one is black, of that size

    def picture(self, body: bytes, index: int, pts_s: float | None, taken_utc_ns: int | None = None) -> Picture:
        """The picture; one that cannot be decoded wholly has a problem."""
        frame = self._whole(body)
        if frame is None:
            black = np.zeros((*self._size, 3), np.uint8)
            return Picture(black, index, pts_s, DAMAGED, taken_utc_ns=taken_utc_ns)
        self._size = (frame.height, frame.width)
        return Picture(bgr_view(frame, self._reformatter), index, pts_s, taken_utc_ns=taken_utc_ns)

    def _whole(self, body: bytes) -> av.VideoFrame | None:
        end = body.rfind(END)  # behind it cameras put what they like; coded data never holds it
        if end < 0:  # FFmpeg makes nothing of a missing end
            return None
        try:
            frames = self._codec.decode(av.Packet(body[: end + len(END)]))
        except (av.FFmpegError, ValueError):
            self._codec = _codec()
            return None
        if len(frames) != 1 or frames[0].is_corrupt or why_too_large(frames[0].height, frames[0].width):
            return None
        return frames[0]


def _codec() -> av.VideoCodecContext:
    codec: av.VideoCodecContext = av.CodecContext.create("mjpeg", "r")
    codec.thread_count = 1
    codec.options = {**LARGEST, "err_detect": "explode"}
    return codec
