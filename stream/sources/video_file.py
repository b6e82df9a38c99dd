"""A recording: every picture by its index, each time the same. A rotation noted in the file is not applied."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import VideoReformatter

from detector.refusals import why_too_large
from stream.sources.bgr import NO_PICTURE, bgr_view, plain_reason
from stream.sources.damage import Seen
from stream.sources.decoding import Decoding, coded_pictures, video_of
from stream.sources.landing import Landing, landing
from stream.sources.source import Copies, Picture, SourceError

DAMAGED = "decode_error"
# A text that calls itself a recording may name other files and addresses (HLS, DASH, ffconcat, SDP): only containers
# that hold their pictures themselves are opened (those of sound, to say so), and nothing but files.
CONTAINERS = (
    "mov,matroska,avi,mpegts,mpeg,mpegvideo,h264,hevc,m4v,mjpeg,flv,asf,ogg,mxf,nut,ivf,obu,gif,dv,wtv,wav,mp3,flac"
)
ALONE = {"format_whitelist": CONTAINERS, "protocol_whitelist": "file"}
NEAR = 100  # pictures that are decoded and let go sooner than the file is searched for a place to begin


class VideoFile:
    """An opened recording. Raises SourceError (final) where there is nothing to read.

    The file is opened again by each `pictures`, which alone touches it: `close` may come from any thread.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._closed = False
        self._copies: Copies | None = None
        _must_be_a_file(path)
        with self._open() as container:
            self._video(container)
        self._pixels = np.zeros((1, 1, 3), np.uint8)  # the last picture's; a lost one is black, of that size
        self._reformatter = VideoReformatter()

    def pictures(self, first_index: int = 0) -> Iterator[Picture]:
        """Pictures in display order; one that cannot be decoded, or copies from such a one, has a problem.

        A recording that ends early is read as far as it goes; then SourceError (final) says so.
        """
        start = self._landing(first_index)
        index = whole = start.index if start else 0
        with self._open() as container:
            stream = self._video(container)
            reading = Decoding(container, stream, start, self._copies)
            for seen in reading:
                if self._closed:
                    return
                if self._copies is not None:
                    self._copies.picture(seen.pts, index)
                if index >= first_index:
                    yield self._picture(index, seen, stream)
                index, whole = index + 1, whole + (not seen.damaged)
            if whole == 0:
                raise self._final("no picture in it can be decoded; was it copied completely?")
            if (why := reading.cut_short()) is not None:
                raise self._final(f"the recording ends early or has gaps ({why}); {whole} pictures were readable")

    def copies_to(self, copies: Copies) -> None:
        """Told before its pictures are asked for: who is to get the stream as it is coded."""
        self._copies = copies

    def close(self) -> None:
        self._closed = True

    def _picture(self, index: int, seen: Seen[av.VideoFrame], stream: av.VideoStream) -> Picture:
        if seen.frame is not None:
            self._pixels = bgr_view(seen.frame, self._reformatter)
        elif self._pixels.any():
            self._pixels = np.zeros(self._pixels.shape, np.uint8)
        pts_s = None if seen.pts is None else float((seen.pts - (stream.start_time or 0)) * stream.time_base)
        return Picture(self._pixels, index, pts_s, DAMAGED if seen.damaged else None)

    def _landing(self, index: int) -> Landing | None:
        """A place to begin at that was tried: the picture there can be decoded alone."""
        if index < NEAR:
            return None
        with self._open() as container:
            start = landing(coded_pictures(container, self._video(container)), index)
        if start is None:
            return None
        with self._open() as container:
            first = next(iter(Decoding(container, self._video(container), start)), None)
            return start if first is not None and first.pts == start.pts and not first.damaged else None

    def _open(self) -> av.container.InputContainer:
        try:
            return av.open(str(self._path), options=ALONE, metadata_errors="replace")  # a name may be no UTF-8
        except NO_PICTURE:  # also what is in none of the containers
            raise self._final("not a video that can be read; was it copied completely?") from None
        except (av.FFmpegError, OSError) as error:
            raise self._final(f"cannot be opened ({plain_reason(error)}); may it be read?") from None

    def _video(self, container: av.container.InputContainer) -> av.VideoStream:
        stream = video_of(container)
        if stream is None:
            raise self._final("has no pictures, only sound or text; give a video")
        if refused := why_too_large(stream.codec_context.height, stream.codec_context.width):
            raise self._final(refused)
        return stream

    def _final(self, text: str) -> SourceError:
        return SourceError(f"{self._path.name}: {text}", final=True)


def _must_be_a_file(path: Path) -> None:
    if not path.exists():
        raise SourceError(f"{path}: no such file; check the path", final=True)
    if not path.is_file():
        raise SourceError(f"{path}: not a file, a folder or a camera", final=True)
    if path.stat().st_size == 0:
        raise SourceError(f"{path.name}: the file is empty; record or copy it again", final=True)
