"""The steps of a process on its files and sockets: what a trace is read into, and a disk replays. Frozen."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Opened:
    descriptor: int
    path: Path
    create: bool
    truncate: bool
    append: bool


@dataclass(frozen=True)
class Closed:
    descriptor: int


@dataclass(frozen=True)
class Moved:
    """The place of the next write."""

    descriptor: int
    offset: int


@dataclass(frozen=True)
class Written:
    descriptor: int
    content: bytes
    offset: int | None  # None: where the file stands


@dataclass(frozen=True)
class Sized:
    descriptor: int
    size: int


@dataclass(frozen=True)
class SyncBegun:
    descriptor: int
    thread: int


@dataclass(frozen=True)
class Synced:
    """What had been written when it began is on disk now."""

    descriptor: int
    thread: int


@dataclass(frozen=True)
class FolderMade:
    path: Path


@dataclass(frozen=True)
class Renamed:
    path: Path
    to: Path


@dataclass(frozen=True)
class Removed:
    path: Path


@dataclass(frozen=True)
class Mapped:
    """A file that may be written without a call."""

    descriptor: int


@dataclass(frozen=True)
class Sent:
    descriptor: int
    content: bytes


@dataclass(frozen=True)
class Received:
    descriptor: int
    content: bytes


Step = (
    Opened
    | Closed
    | Moved
    | Written
    | Sized
    | SyncBegun
    | Synced
    | FolderMade
    | Renamed
    | Removed
    | Mapped
    | Sent
    | Received
)
