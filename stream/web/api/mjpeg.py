"""A camera as motion JPEG, for other systems: newest only, and STALE where there is nothing new.

Who reads slowly skips pictures. None goes out that is older than the camera may be: in its place comes one that says
so, once a second. What waits in buffers on the way ages unseen, so those are kept small.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from typing import Annotated

import msgspec
from aiohttp import web

from stream.web.api.asked import query_of
from stream.web.api.route import Route
from stream.web.audience import Audience, CrowdedError, Viewer
from stream.web.page import Page
from stream.web.pictures import WIDTHS, Picture, Wish, wish_of
from stream.web.stale import saying
from stream.web.talk import CameraView

BOUNDARY = "linewatch"
BETWEEN = f"\r\n--{BOUNDARY}\r\n".encode()  # sent with the picture before it: readers wait for it to show that one
MEDIA = f"multipart/x-mixed-replace; boundary={BOUNDARY}"
AGAIN_S = 1.0  # between pictures that say STALE
UNREAD_S = 20.0  # a reader that takes nothing for so long is let go
BUFFER_BYTES = 128 * 1024  # on the way to a reader; a picture of 960 px has some 40,000
FIRST_SIZE = (640, 360)  # px, of what says STALE before there was any picture
HEADERS = {"Content-Type": MEDIA, "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
WidthPx = Annotated[int, msgspec.Meta(ge=16, le=7680, description="pixels; the next of a few widths is sent")]
Fps = Annotated[float, msgspec.Meta(gt=0, le=100, description="pictures per second, at most")]


class MjpegQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How wide (without it as live pictures are), and how often."""

    width: WidthPx | None = None
    fps: Fps = 25.0


async def mjpeg(request: web.Request, page: Page) -> web.StreamResponse:
    asked = query_of(request, MjpegQuery)
    camera = request.match_info["camera"]
    if (view := _view(page, camera)) is None:
        known = ", ".join(one.name for one in page.status().cameras)
        raise web.HTTPNotFound(text=f"no camera of that name; there are {known}")
    answer = web.StreamResponse(headers=HEADERS)
    if request.method == "HEAD":
        return answer
    wish = page.audience.usual if asked.width is None else wish_of(asked.width, WIDTHS[-1])
    try:
        viewer = page.audience.join({camera: Wish(wish.width_px, drawn=True)})
    except CrowdedError as error:
        raise web.HTTPServiceUnavailable(text=str(error)) from None
    try:
        await answer.prepare(request)
        _keep_buffers_small(request)
        with contextlib.suppress(ConnectionError):
            await _Stream(answer, viewer, page, view, asked.fps).send()
    except asyncio.TimeoutError:
        if request.transport is not None:
            request.transport.abort()
    finally:
        page.audience.leave(viewer)
    return answer


class _Stream:
    """One reader."""

    def __init__(self, answer: web.StreamResponse, viewer: Viewer, page: Page, camera: CameraView, fps: float) -> None:
        self._answer = answer
        self._viewer = viewer
        self._page = page
        self._audience: Audience = page.audience
        self._camera = camera.name
        self._silent_s = camera.stale_after_ms / 1000  # a setting: asked for once, not with each picture
        self._period_s = 1.0 / fps
        self._size = FIRST_SIZE
        self._since_ns = time.monotonic_ns()  # the newest that is known was judged then

    async def send(self) -> None:
        due_s = 0.0
        await self._answer.write(BETWEEN[2:])
        while True:
            picture = await self._fresh(self._silent_s)
            if picture is not None:
                self._size = _size(picture)
                await self._write(picture.jpeg, picture)
                due_s = max(due_s + self._period_s, time.monotonic())
                await asyncio.sleep(due_s - time.monotonic())
            else:
                view = _view(self._page, self._camera)
                await self._write(saying(self._size, *_words(view, time.monotonic_ns() - self._since_ns)))

    async def _fresh(self, within_s: float) -> Picture | None:
        """The next picture that is still live, or None where none comes in time."""
        deadline_s = time.monotonic() + max(within_s, AGAIN_S)
        while (left_s := deadline_s - time.monotonic()) > 0:
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._viewer.something.wait(), left_s)
            for picture in self._viewer.take()[1]:
                self._audience.got(self._viewer, self._camera)
                self._since_ns = max(self._since_ns, picture.judged.judged_mono_ns)
                if time.monotonic_ns() - picture.judged.judged_mono_ns <= within_s * 1e9:
                    return picture
        return None

    async def _write(self, jpeg: bytes, picture: Picture | None = None) -> None:
        """Raises ConnectionError where nobody reads any more, TimeoutError where somebody takes too long."""
        said = b"" if picture is None else _said(picture)
        head = b"Content-Type: image/jpeg\r\nContent-Length: %d\r\n%b\r\n" % (len(jpeg), said)
        await asyncio.wait_for(self._answer.write(head + jpeg + BETWEEN), UNREAD_S)


def _said(picture: Picture) -> bytes:
    frame, state = picture.judged.frame, picture.judged.verdict.state
    return b"X-Linewatch-Frame: %d/%d\r\nX-Linewatch-State: %b\r\n" % (frame.run, frame.seq, state.encode())


def _size(picture: Picture) -> tuple[int, int]:
    frame = picture.judged.frame
    width = min(picture.wish.width_px, frame.width)
    return width, max(1, round(frame.height * width / frame.width))


WORDS = {"ended": "ENDED", "retrying": "RETRYING", "waiting": "WAITING"}


def _words(view: CameraView | None, silent_ns: int) -> tuple[str, str]:
    """What stands in a picture that is none, large and small."""
    silence = f"no picture for {silent_ns / 1e9:.0f} s"
    if view is None:
        return "STALE", silence
    return WORDS.get(view.state, "STALE"), f"{view.name}: {silence}"


def _view(page: Page, camera: str) -> CameraView | None:
    return next((one for one in page.status().cameras if one.name == camera), None)


def _keep_buffers_small(request: web.Request) -> None:
    transport = request.transport
    if transport is None:
        return
    if isinstance(transport, asyncio.WriteTransport):
        transport.set_write_buffer_limits(high=0)
    if (opened := transport.get_extra_info("socket")) is not None:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER_BYTES)


ROUTES = (
    Route(
        "GET",
        "/mjpeg/{camera}",
        "viewer",
        "A camera as motion JPEG, the overlay drawn in; a picture that says STALE where there is no new one",
        MjpegQuery,
        None,
        MEDIA,
        mjpeg,
    ),
)
