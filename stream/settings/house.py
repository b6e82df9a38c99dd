"""What is around the line: its page, its processes, its hosts, and how it divides time."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class DisplaySettings:
    """The page."""

    enabled: bool = True
    host: str = "127.0.0.1"
    port: int = 8080  # 0: any free one
    token_file: Path | None = None  # where host is not loopback it is needed, or users_file
    users_file: Path | None = None  # who may log in, and as what; None: no users, everybody is an engineer
    host_names: str | None = None  # further names that the page answers to, separated by spaces
    width_px: int = 960  # live pictures are not sent wider than this
    jpeg_quality: int = 80
    live_fps: float = 25.0  # live pictures per second and viewer, at most
    window: bool = False  # the same in a window of its own, on the desktop of the line's computer


@dataclass(frozen=True)
class SupervisorSettings:
    """When a role counts as hung."""

    silent_after_s: float = 1.5  # a work loop without a beat for so long is killed and started again
    judging_s: float = 1.8  # the same for an inspector: it may be silent for one frame, however slow its networks are
    starting_s: float = 60.0  # time from start to the first beat
    stop_s: float = 10.0  # time for an orderly stop before SIGKILL


@dataclass(frozen=True)
class HostSettings:
    """One computer of a line that has several."""

    name: str
    address: str  # a name or an address at which the other hosts reach it
    runs: tuple[str, ...] = ()  # roles, e.g. inspect, `inspect 2`, `capture belt`; what nobody names runs on the first


@dataclass(frozen=True)
class LinksSettings:
    """How the hosts of a line meet."""

    keys: Path | None = None  # folder of their keys; None: beside data_dir, with `-keys` behind its name
    port: int = 5600  # the first of the tcp ports that the line takes on each host
    frames: str = "raw"  # raw | jpeg: how a frame travels to an inspector on another host
    jpeg_quality: int = 95
    here: str | None = None  # which host this computer is; None: the one whose address it has


@dataclass(frozen=True)
class FiguresSettings:
    """How the figures, the report and challenges divide time."""

    shifts: str | None = None  # when shifts begin, in local time: "06:00 14:00 22:00"; None: a calendar day is one
