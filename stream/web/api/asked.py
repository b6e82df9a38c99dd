"""What a request asks, checked: the words of its address, its JSON body. What does not fit is 400, 408, 413 or 415."""

from __future__ import annotations

import asyncio
from typing import Any, TypeVar

import msgspec
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.web import RequestPayloadError

from stream.acts import Subject, frame_of
from stream.searching_times import MomentError, moment_ns
from stream.web.api.route import JSON
from stream.web.api.unfit import in_words

BODY_S = 3.0
BODY_MAX = 4096  # bytes, where a call says no other
Asked = TypeVar("Asked")


def query_of(request: web.Request, kind: type[Asked]) -> Asked:
    """The words behind the `?`. Raises HTTPBadRequest."""
    words: dict[str, str] = {}
    for name, value in request.query.items():
        if name in words:
            raise wrong(f"{name[:40]}: given twice; give it once")
        words[name] = _utf8(name, value)
    try:
        return msgspec.convert(words, kind, strict=False)
    except msgspec.ValidationError as error:
        raise wrong(f"{in_words(error, kind, words)}; /api says what may be asked") from None


async def body_of(request: web.Request, kind: type[Asked], most: int = BODY_MAX) -> Asked:
    """The JSON in the body. Raises HTTPBadRequest and its like."""
    if request.content_type != JSON:
        raise web.HTTPUnsupportedMediaType(text=f"a body of Content-Type {JSON} is needed")
    content = await content_of(request, most)
    try:
        return msgspec.json.decode(content, type=kind)
    except msgspec.ValidationError as error:
        said = in_words(error, kind, _given(content))
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        said = f"no JSON: {error}"
    raise wrong(f"{said}; /api says what may be sent")


async def content_of(request: web.Request, most: int) -> bytes:
    """The bytes of the body, `most` of them, within a time."""
    try:
        return await asyncio.wait_for(_read(request, most), BODY_S)
    except asyncio.TimeoutError:
        raise web.HTTPRequestTimeout(text=f"no body within {BODY_S:.0f} s") from None
    except (HttpProcessingError, RequestPayloadError):
        raise wrong("a body that cannot be read") from None


def frame_in(request: web.Request) -> Subject:
    """The frame that the path names. Raises HTTPNotFound: there can be none of another name."""
    words = request.match_info
    frame = frame_of(f"{words['camera']}/{words['run']}/{words['seq']}")
    if frame is None:
        raise web.HTTPNotFound(text="no such frame: a frame is CAMERA/RUN/SEQ, such as belt/1700000000000000/42")
    return frame


def moment_in(word: str, name: str) -> int | None:
    """A point in time, in nanoseconds since 1970; None: none was given. Raises HTTPBadRequest."""
    try:
        return moment_ns(word, name) if word else None
    except MomentError as error:
        raise wrong(str(error)) from None


def wrong(text: str) -> web.HTTPBadRequest:
    """400, in words."""
    return web.HTTPBadRequest(text=text)


def _given(content: bytes) -> Any:
    """What came, for people; None where it is of no use to them, such as 30,000 lists in each other."""
    try:
        return msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None


def _utf8(name: str, value: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError:
        raise wrong(f"{name[:40]!a}: not UTF-8") from None
    return value


async def _read(request: web.Request, most: int) -> bytes:
    if (request.content_length or 0) > most:
        raise web.HTTPRequestEntityTooLarge(most, request.content_length or 0, text=_too_large(most))
    content = b""
    async for piece in request.content.iter_any():
        content += piece
        if len(content) > most:
            raise web.HTTPRequestEntityTooLarge(most, len(content), text=_too_large(most))
    return content


def _too_large(most: int) -> str:
    return f"a body of more than {most} bytes; send less"
