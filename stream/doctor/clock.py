"""The clock: whether it is right, whether it is kept right, whether it has gone back behind what is on record."""

from __future__ import annotations

import ctypes
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from stream.defect_log import FILE, LogError, reading
from stream.doctor.complaint import Complaint, Diagnosis
from stream.doctor.scene import Scene
from stream.problem import ERROR, NOTE, WARNING

YEARS = (2026, 2100)  # of a clock that may be right: this was not written earlier
UNSYNCHRONISED = 0x0040  # STA_UNSYNC of adjtimex(2)
AHEAD_S = 60  # a log may be so far ahead: the hosts of a line differ by less
SYNCHRONIZED = "run/systemd/timesync/synchronized"  # made by systemd-timesyncd once it is

YEAR = Complaint(
    "clock-wrong",
    ERROR,
    "it is {now} here, which cannot be",
    "every defect is on record under the wrong day; the battery of the clock is often empty",
    "sudo timedatectl set-ntp true, or by hand: sudo date -s '2026-11-23 08:00'",
)
ADRIFT = Complaint(
    "clock-not-synchronised",
    WARNING,
    "nobody keeps the clock right (it is {now})",
    "it drifts by seconds a day: defects are on record at a time at which other machines know of nothing",
    "sudo timedatectl set-ntp true; timedatectl shows what became of it",
)
UNKNOWN = Complaint(
    "clock-unknown",
    NOTE,
    "whether somebody keeps the clock right cannot be seen from here",
    "in some containers the kernel does not say; the computer around it has the clock",
    "on the computer itself: timedatectl",
)
BEHIND = Complaint(
    "clock-behind-log",
    WARNING,
    "the log has a frame of {newest}, and it is {now}",
    "the clock was set back: what is recorded now sorts before what is older",
    "set the clock right; what is on record stays as it is",
)
COMPLAINTS = (YEAR, ADRIFT, UNKNOWN, BEHIND)


@dataclass(frozen=True)
class Clock:
    """How the clock is."""

    now_s: float  # since 1970, UTC
    kept: bool | None  # whether somebody keeps it right; None: cannot be seen
    newest_s: float | None = None  # of what is on record


def look(scene: Scene) -> Iterator[Diagnosis]:
    """Everything about the clock."""
    newest_s = newest_on_record(scene.line.data_dir) if "record" in scene.roles else None
    yield from judge(Clock(time.time(), kept_right(scene.root), newest_s))


def judge(clock: Clock) -> Iterator[Diagnosis]:
    """Pure."""
    now = _utc(clock.now_s)
    if not YEARS[0] <= int(now[:4]) < YEARS[1]:
        yield YEAR.told("", now=now)
    elif clock.kept is None:
        yield UNKNOWN.told("")
    elif not clock.kept:
        yield ADRIFT.told("", now=now)
    if clock.newest_s is not None and clock.newest_s > clock.now_s + AHEAD_S:
        yield BEHIND.told("data_dir", newest=_utc(clock.newest_s), now=now)


def kept_right(root: Path) -> bool | None:
    """Whether the kernel's clock is disciplined by anybody (ntpd, chrony, timesyncd, the host of a virtual machine)."""
    if (root / SYNCHRONIZED).exists():
        return True
    status = kernel_status()
    return None if status is None else not status & UNSYNCHRONISED


def kernel_status() -> int | None:
    """The status word of adjtimex(2), read without a change; None where the kernel does not say."""
    # struct timex: modes, then after padding offset, freq, maxerror, esterror (long), then status.
    answer = (ctypes.c_long * 64)()
    if ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(answer)) < 0:
        return None
    return int(ctypes.c_int.from_buffer(answer, 5 * ctypes.sizeof(ctypes.c_long)).value)


def newest_on_record(data_dir: Path) -> float | None:
    """When the newest frame of the log was captured, seconds since 1970; None where there is none."""
    if not (data_dir / FILE).is_file():
        return None
    try:
        with reading(data_dir) as db:
            (newest_ns,) = db.execute("SELECT max(captured_utc_ns) FROM verdicts").fetchone()
    except LogError:
        return None  # the disk's area says it
    return None if newest_ns is None else newest_ns / 1e9


def _utc(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%d %H:%M:%S UTC")
