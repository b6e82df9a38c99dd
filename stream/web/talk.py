"""What the page and its server say to each other beside pictures (pictures.py): JSON texts with a `kind`. Pure."""

from __future__ import annotations

from typing import Annotated

import msgspec

from stream.messages import CameraAlarm, ClockStatus, IncidentRecord, RoleStatus


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
    alarms: tuple[CameraAlarm, ...] = ()  # what is wrong with its pictures
    part: str = ""  # the last one that is decided
    part_state: str = ""
    clock: ClockStatus | None = None  # the camera's own


class PageCounts(msgspec.Struct, frozen=True):
    """What the page itself does."""

    viewers: int
    painted: int
    torn: int  # pictures that were overwritten before they could be copied: skipped
    refused: int  # pictures that could not be drawn: skipped
    turned_away: dict[str, int] = {}  # requests that were refused, by kind


class AlarmState(msgspec.Struct, frozen=True):
    """An alarm that stands; one that is not acknowledged sounds."""

    text: str
    camera: str  # empty: of the line
    since_utc_ns: int
    acknowledged_by: str = ""  # empty: nobody has
    acknowledged_utc_ns: int = 0
    words: str = ""  # the text without its counts: the same for as long as it is the same alarm


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
    recipe: str = ""  # in force; empty: none
    records: bool = False  # whether the recorder is heard, and its disk takes what it writes
    alarm_states: tuple[AlarmState, ...] = ()  # those of the line and of its cameras, the longest standing first


class Incidents(msgspec.Struct, frozen=True, tag_field="kind", tag="incidents"):
    """The newest incidents, newest first."""

    incidents: tuple[IncidentRecord, ...]


class Got(msgspec.Struct, frozen=True, tag_field="kind", tag="got"):
    """The page has a camera's picture, and is ready for the next."""

    camera: str


CamerasMost = msgspec.Meta(max_length=64)
WidthPx = Annotated[int, msgspec.Meta(ge=1, le=1 << 16)]


class Look(msgspec.Struct, frozen=True, tag_field="kind", tag="look"):
    """Which cameras the page shows, and how many pixels wide; the others' pictures are not sent. Before it, all are."""

    cameras: Annotated[dict[str, WidthPx], CamerasMost]
    full: bool = False  # wider than `display.width_px`, too: somebody looks closely


class Echo(msgspec.Struct, frozen=True, tag_field="kind", tag="echo"):
    """The page asks what time it is here, to know how long pictures are on their way."""

    page_ms: float  # by the page's own clock


class Echoed(msgspec.Struct, frozen=True, tag_field="kind", tag="echoed"):
    """The answer."""

    page_ms: float  # as it was sent
    here_ms: float  # by the clock of PictureHeader.sent_ms


class TalkError(ValueError):
    """The page sent something that is not of our language."""


_heard = msgspec.json.Decoder(Got | Look | Echo)


def text_of(said: PageStatus | Incidents | Echoed) -> str:
    return msgspec.json.encode(said).decode()


def hear(text: str) -> Got | Look | Echo:
    """What the page said. Raises TalkError."""
    try:
        return _heard.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        raise TalkError(f"not a word of the page: {error}") from error
