"""A judged picture as a viewer gets it, and the bytes of it. Pure.

A picture travels as one binary message: four bytes of header length (big endian), the header as JSON, the JPEG, then
the mask as a PNG where there is one. So a picture and its verdict cannot be mixed up on the way, and the page may still
draw the overlay as strongly as somebody wants to see it.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from detector.regions import Where
from detector.verdict import Box
from stream.messages import DefectRecord, Judged, VerdictRecord
from stream.outlines import found_in, outline_of

WIDTHS = (160, 320, 480, 640, 960, 1280, 1920, 2560, 3840, 7680)  # px; few, so that many viewers share one encoding


@dataclass(frozen=True)
class Wish:
    """How somebody wants a camera's pictures; those who wish alike get the same bytes."""

    width_px: int  # never made larger than the frame
    drawn: bool = False  # the overlay in the picture, for whoever cannot draw it


class Outline(msgspec.Struct, frozen=True):
    """Where the picture was judged, in pixels of the frame."""

    name: str
    state: str  # empty: nothing was judged there
    corners: tuple[tuple[int, int], ...]
    searched: bool = False  # codes are looked for in it; `found` says where they were
    found: tuple[tuple[tuple[int, int], ...], ...] = ()


class Picture(msgspec.Struct, frozen=True):
    """A judged frame ready for any viewer of the same wish."""

    judged: Judged
    wish: Wish
    jpeg: bytes
    mask_png: bytes = b""  # of the mask's box; empty: no mask, or it is drawn in
    outlines: tuple[Outline, ...] = ()

    @property
    def camera(self) -> str:
        return self.judged.frame.camera


class PictureHeader(msgspec.Struct, frozen=True):
    """What is said of a picture; ages as of the moment it was sent."""

    camera: str
    run: int
    seq: int
    state: str
    score: float | None
    reason: str | None
    age_ms: float  # since it was captured
    judged_ms: float  # since it was judged
    latency_ms: float  # from capture to verdict
    sent_ms: float  # when it was sent, by the server's own clock, which an echo tells
    captured_utc_ns: int
    width: int  # of the frame, which all places below are in
    height: int
    jpeg_bytes: int
    part: str = ""  # that it is a picture of; empty: of none that was announced
    recipe: str = ""
    threshold: float | None = None
    defects: tuple[DefectRecord, ...] = ()
    outlines: tuple[Outline, ...] = ()
    mask_box: tuple[int, int, int, int] | None = None  # that the PNG after the JPEG fills; None: there is none


@dataclass(frozen=True)
class Arrived:
    """A picture's message taken apart."""

    header: PictureHeader
    jpeg: bytes
    mask_png: bytes


class PictureError(ValueError):
    """The bytes are no picture of ours."""


def wish_of(width_px: int, most_px: int) -> Wish:
    """The next width that is encoded for somebody who can show so many pixels; `most_px` where that is less."""
    return Wish(min(next((one for one in WIDTHS if one >= width_px), WIDTHS[-1]), most_px))


def outlines_of(verdict: VerdictRecord, where: Where, height: int, width: int) -> tuple[Outline, ...]:
    """Where a picture of that size was judged."""
    if where is None:
        return ()
    if isinstance(where, Box):
        x0, y0, x1, y1 = where.x0, where.y0, where.x1, where.y1
        return (Outline("", verdict.state, ((x0, y0), (x1, y0), (x1, y1), (x0, y1))),)
    judged = {one.name: one for one in verdict.regions}
    made = []
    for region in where:
        one = judged.get(region.name)
        corners = tuple(outline_of(region, height, width))
        found = tuple(tuple(quad) for quad in found_in(one))
        made.append(Outline(region.name, one.state if one else "", corners, region.locate is not None, found))
    return tuple(made)


def header_of(picture: Picture, now_mono_ns: int) -> PictureHeader:
    """What is said of a picture that is sent now."""
    judged = picture.judged
    frame, verdict = judged.frame, judged.verdict
    return PictureHeader(
        camera=frame.camera,
        run=frame.run,
        seq=frame.seq,
        state=verdict.state,
        score=verdict.score,
        reason=verdict.reason,
        age_ms=max(0.0, (now_mono_ns - frame.captured_mono_ns) / 1e6),
        judged_ms=max(0.0, (now_mono_ns - judged.judged_mono_ns) / 1e6),
        latency_ms=max(0.0, (judged.judged_mono_ns - frame.captured_mono_ns) / 1e6),
        sent_ms=now_mono_ns / 1e6,
        captured_utc_ns=frame.captured_utc_ns,
        width=frame.width,
        height=frame.height,
        jpeg_bytes=len(picture.jpeg),
        part=frame.part,
        recipe=verdict.recipe,
        threshold=verdict.threshold,
        defects=verdict.defects,
        outlines=picture.outlines,
        mask_box=verdict.mask.box if verdict.mask and picture.mask_png else None,
    )


def picture_bytes(picture: Picture, now_mono_ns: int) -> bytes:
    """The binary message of a picture that is sent now."""
    header = msgspec.json.encode(header_of(picture, now_mono_ns))
    return b"".join((len(header).to_bytes(4, "big"), header, picture.jpeg, picture.mask_png))


def split_picture(message: bytes) -> Arrived:
    """A binary message, as the page takes it apart. Raises PictureError."""
    start = 4 + int.from_bytes(message[:4], "big")
    try:
        header = msgspec.json.decode(message[4:start], type=PictureHeader)
    except msgspec.DecodeError as error:
        raise PictureError(f"not a picture: {error}") from error
    end = start + header.jpeg_bytes
    return Arrived(header, message[start:end], message[end:])
