"""A camera over http:// or https://: a stream of JPEGs (multipart/x-mixed-replace), or one that is asked for each time.

A thread of its own drains it (drain.py); a stream is read by one (reading.py) and decoded by another.
"""

from __future__ import annotations

import re
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.client import HTTPException

from stream.secrets import redact
from stream.settings import CameraSettings
from stream.sources.drain import Drain
from stream.sources.http_address import http_address
from stream.sources.http_get import LOGIN, Answer, HttpGet, plain_http_error
from stream.sources.jpeg import JpegDecoder
from stream.sources.multipart import PART_MAX, MultipartError, Part, Parts
from stream.sources.reading import reading
from stream.sources.room import Room, bounds_for
from stream.sources.source import LOGIN_PAUSE_S, LeftOut, Picture, SourceError, Waiting

SNAPSHOT_FPS = 5.0  # how often a single picture is asked for, where `fps` does not say
WAITS_MOST_S = 0.5  # of a wait for the next one
BOUNDARY = re.compile(r'boundary *= *"?([^";,\s]{1,200})', re.IGNORECASE)
Given = Generator[Picture | LeftOut | Waiting, None, None]


class MjpegCamera:
    """A camera's web server; connects when its pictures are asked for."""

    def __init__(self, camera: CameraSettings, address: str) -> None:
        self._shown = redact(address)
        where = http_address(address)
        if where is None:
            raise SourceError(f"{self._shown}: not an address; write http://HOST:PORT/PATH", final=True)
        self._get = HttpGet(where, camera.certificate)
        self._period_s = 1 / (camera.fps or SNAPSHOT_FPS)
        self._began_ns: int | None = None
        self._index = 0
        self._decoder = JpegDecoder()
        self._room: Room[Part] = Room(bounds_for(camera))
        silent = f"{self._shown}: no picture; does it still work?"
        self._drain: Drain[Picture | LeftOut | Waiting] = Drain(
            "mjpeg", self._read, camera.silent_after_s, silent, self._interrupt, self._room.waits_s
        )

    def pictures(self, first_index: int = 0) -> Iterator[Picture | LeftOut | Waiting]:
        """Pictures as they come. Raises SourceError when none comes in time, and when the stream ends."""
        return self._drain.pictures()

    def close(self) -> None:
        self._drain.close()

    def _interrupt(self) -> None:
        self._room.close()
        self._get.close()

    def _read(self) -> Given:
        with self._in_plain_words():
            answer = self._get.open()
            kind = answer.response.headers.get_content_type()
            if kind.startswith("multipart/"):
                yield from self._streamed(answer)
                return
            with answer:
                if not kind.startswith("image/"):
                    raise SourceError(f"{self._shown}: it sends no pictures; check what follows the host")
                first = _body(answer)
            yield from self._asked_for(first)

    @contextmanager
    def _in_plain_words(self) -> Iterator[None]:
        try:
            yield
        except MultipartError as error:
            raise SourceError(f"{self._shown}: not a stream of pictures: {error}; is that its address?") from None
        except UnicodeError:
            raise SourceError(f"{self._shown}: no computer can have that name; check the host") from None
        except (OSError, HTTPException) as error:
            pause_s = LOGIN_PAUSE_S if (said := plain_http_error(error)) == LOGIN else 0.0
            raise SourceError(f"{self._shown}: {said}", pause_s=pause_s) from None

    def _streamed(self, answer: Answer) -> Given:
        """Read by a thread of its own, which closes the answer, too; decoded here."""
        with reading("mjpeg", lambda: self._fill_room(answer), self._room, self._get.close):
            for given in self._room.given():
                if isinstance(given, LeftOut):
                    self._index += given.pictures
                    yield given
                else:
                    yield self._picture(given.coded.body, given.coded.taken_utc_ns, given.mono_ns)

    def _fill_room(self, answer: Answer) -> None:
        announced = BOUNDARY.search(answer.response.headers.get("Content-Type", ""))
        parts = Parts(announced[1] if announced else "")
        with self._in_plain_words(), answer:
            while arrived := answer.read():
                for part in parts.feed(arrived):
                    self._room.put(part, size=len(part.body))
                if self._room.closed:
                    return
        raise SourceError(f"{self._shown}: the camera ended the stream")

    def _asked_for(self, body: bytes) -> Given:
        """One picture after the other, each a request of its own, `fps` a second at most: so none waits anywhere."""
        due_s = time.monotonic()
        while True:
            yield self._picture(body, None, time.monotonic_ns())
            due_s = max(due_s + self._period_s, time.monotonic())
            while (left_s := due_s - time.monotonic()) > 0:
                time.sleep(min(left_s, WAITS_MOST_S))
                if due_s - time.monotonic() > 0:
                    yield Waiting("the next picture is not due yet")
            with self._get.open() as answer:
                body = _body(answer)

    def _picture(self, body: bytes, taken_utc_ns: int | None, mono_ns: int) -> Picture:
        self._began_ns = self._began_ns or mono_ns
        pts_s = (mono_ns - self._began_ns) / 1e9
        picture = self._decoder.picture(body, self._index, pts_s, taken_utc_ns)
        self._index += 1
        return replace(picture, arrived_mono_ns=mono_ns)


def _body(answer: Answer) -> bytes:
    """A single picture as it was sent; what was cut short is damaged, not lost."""
    body = bytearray()
    while piece := answer.read():
        body += piece
        if len(body) > PART_MAX:
            raise MultipartError(f"a picture longer than {PART_MAX >> 20} MB")
    return bytes(body)
