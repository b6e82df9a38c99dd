"""What the page and its server say to each other, and the bytes of it. Pure.

A picture travels as one binary message: four bytes of header length (big endian), the header as JSON, the JPEG. So a
picture and its verdict cannot be mixed up on the way. Everything else is JSON text with a `kind`.
"""

from __future__ import annotations

import msgspec

from stream.messages import IncidentRecord, Judged, RoleStatus


class Picture(msgspec.Struct, frozen=True):
    """A judged frame with its overlay drawn in, ready for any viewer."""

    judged: Judged
    jpeg: bytes

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
    defects: int
    age_ms: float  # since it was captured
    judged_ms: float  # since it was judged
    latency_ms: float  # from capture to verdict
    width: int
    height: int


class CameraView(msgspec.Struct, frozen=True):
    """All that is known of a camera beside its pictures."""

    name: str
    state: str  # starting | running | retrying | ended | stopping | silent
    text: str
    stale_after_ms: float  # a picture older than this is no live picture
    fps: float
    waiting: int
    lost: int
    captured: int
    good: int
    bad: int
    unknown: int
    dropped: dict[str, int]
    ledger_closed: bool
    incidents: int


class PageCounts(msgspec.Struct, frozen=True):
    """What the page itself does."""

    viewers: int
    painted: int
    torn: int  # pictures that were overwritten before they could be copied: skipped
    refused: int  # pictures that could not be drawn: skipped


class PageStatus(msgspec.Struct, frozen=True, tag_field="kind", tag="status"):
    """All of the line but pictures and incidents."""

    line: str
    session: str
    engine: str
    bundle_id: str
    latency_p50_ms: float | None
    latency_p99_ms: float | None
    alarms: tuple[str, ...]
    cameras: tuple[CameraView, ...]
    roles: tuple[RoleStatus, ...]
    page: PageCounts


class Incidents(msgspec.Struct, frozen=True, tag_field="kind", tag="incidents"):
    """The newest incidents, newest first."""

    incidents: tuple[IncidentRecord, ...]


class Got(msgspec.Struct, frozen=True, tag_field="kind", tag="got"):
    """The page has a camera's picture, and is ready for the next."""

    camera: str


class TalkError(ValueError):
    """The page sent something that is not of our language."""


_heard = msgspec.json.Decoder(Got)


def header_of(judged: Judged, now_mono_ns: int) -> PictureHeader:
    """What is said of a picture that is sent now."""
    frame, verdict = judged.frame, judged.verdict
    return PictureHeader(
        camera=frame.camera,
        run=frame.run,
        seq=frame.seq,
        state=verdict.state,
        score=verdict.score,
        reason=verdict.reason,
        defects=len(verdict.defects),
        age_ms=max(0.0, (now_mono_ns - frame.captured_mono_ns) / 1e6),
        judged_ms=max(0.0, (now_mono_ns - judged.judged_mono_ns) / 1e6),
        latency_ms=max(0.0, (judged.judged_mono_ns - frame.captured_mono_ns) / 1e6),
        width=frame.width,
        height=frame.height,
    )


def picture_bytes(picture: Picture, now_mono_ns: int) -> bytes:
    """The binary message of a picture that is sent now."""
    header = msgspec.json.encode(header_of(picture.judged, now_mono_ns))
    return len(header).to_bytes(4, "big") + header + picture.jpeg


def split_picture(message: bytes) -> tuple[PictureHeader, bytes]:
    """Header and JPEG of a binary message, as the page takes it apart. Raises TalkError."""
    length = int.from_bytes(message[:4], "big")
    try:
        return msgspec.json.decode(message[4 : 4 + length], type=PictureHeader), message[4 + length :]
    except msgspec.DecodeError as error:
        raise TalkError(f"not a picture: {error}") from error


def text_of(said: PageStatus | Incidents) -> str:
    return msgspec.json.encode(said).decode()


def hear(text: str) -> Got:
    """What the page said. Raises TalkError."""
    try:
        return _heard.decode(text)
    except msgspec.DecodeError as error:
        raise TalkError(f"not a word of the page: {error}") from error
