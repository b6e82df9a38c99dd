"""What every source gives: a Protocol and its words. Knows no kind of source (see table.py)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np


class SourceError(Exception):
    """The source cannot be opened or went away; the text says in plain words what was wrong and what to do.

    Never carries a password. `final` means that trying again cannot help (no such file, not a video); `pause_s` that it
    must not be tried again sooner, as cameras lock out who comes with a wrong password too often.
    """

    def __init__(self, text: str, *, final: bool = False, pause_s: float = 0.0) -> None:
        super().__init__(text)
        self.final = final
        self.pause_s = pause_s


LOGIN_PAUSE_S = 15.0  # between two tries of a login that was refused: four a minute


@dataclass(frozen=True)
class Picture:
    """One picture as a source hands it over. `pixels` may be reused by the source after the next step."""

    pixels: np.ndarray  # (H, W, 3) BGR uint8
    index: int  # files and folders: index of the decoded picture; live: counts from 0 since opening
    pts_s: float | None  # the source's own time of the picture, seconds since its start; None where it has none
    problem: str | None = None  # the picture must not be judged (it is then UNKNOWN, with this as its reason)
    lost: int = 0  # pictures that the camera counted between the one before and this one, and that never arrived
    taken_utc_ns: int | None = None  # when the camera (or RTCP) says that it was taken, by its own clock; None: no word
    arrived_mono_ns: int | None = None  # when its last byte was read, before it was decoded; None: as it is handed over


@dataclass(frozen=True)
class LeftOut:
    """Pictures that came and were not decoded, as decoding was behind. Each has its number, none has pixels."""

    pictures: int
    mono_ns: int  # when the last of them came
    waited_s: float  # how long the oldest of them had waited by then
    lost: int = 0  # pictures that the camera counted among them, and that never arrived


@dataclass(frozen=True)
class Waiting:
    """No picture, and none is missing: the source is well and waits for what the text names. Given every second."""

    text: str
    mono_ns: int = field(default_factory=time.monotonic_ns, compare=False)  # all that had come before was given


class Triggered(Protocol):
    """A source that takes a picture when it is told to; asked for with `isinstance` of no class, but `hasattr`."""

    def trigger(self) -> None:
        """Orders one picture; from any thread, returns at once. The n-th order since the opening is the n-th picture.

        Orders wait for the picture of the one before. Raises SourceError where the camera is not ready for one, or has
        too many orders waiting: then none is taken for this one.
        """
        ...


class Remembers(Protocol):
    """A source that remembers which pictures it gave in which run: `watch:`."""

    def goes_on(self, run: int) -> None:
        """Told before its pictures are asked for: the run that they belong to. Without, somebody only looks."""
        ...


class Copies(Protocol):
    """Who gets a stream as it is coded, beside its pictures. Nothing here waits; from the thread that reads it."""

    def stream(self, stream: Any) -> None:
        """The stream (of PyAV) that is read, before its first packet."""
        ...

    def packet(self, packet: Any) -> None:
        """Each packet (of PyAV), in the order of coding."""
        ...

    def picture(self, pts: int | None, index: int) -> None:
        """A picture came out of them: its time in units of the stream, and its number."""
        ...


class Copied(Protocol):
    """A source whose stream can be kept as it is coded: `rtsp://` and files; asked for with `hasattr`."""

    def copies_to(self, copies: Copies) -> None:
        """Told before its pictures are asked for."""
        ...


class Source(Protocol):
    """An opened source: iterate over its pictures, then close it. `close` may be called twice, from any thread."""

    def pictures(self, first_index: int = 0) -> Iterator[Picture | LeftOut | Waiting]:
        """Pictures in order. Files and folders start at `first_index`, live sources ignore it.

        Ends when a file is over. Raises SourceError when the source goes away, is silent too long, or breaks in
        the middle; every picture handed over before that stands.
        """
        ...

    def close(self) -> None: ...
