"""The log of an older version, brought up before the line starts: no role's heart has to beat meanwhile.

A year's log takes minutes. A recorder that did it itself would be killed for its silence, and begin anew: it does not.
Meanwhile the recorder's place is held: one of an older version would write on by its own rules into a log that goes by
new ones, and the audit would accuse what it wrote for good.
"""

from __future__ import annotations

import contextlib
import logging
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from stream.claim import Claim
from stream.defect_log import DefectLog
from stream.log_error import LogError
from stream.log_reading import reading
from stream.log_schema import FILE, KEEPS_INCIDENTS, VERSION, version_of
from stream.log_vouched import rows_to_seal
from stream.places import places_for

log = logging.getLogger("linewatch")
TOLD_EVERY_S = 10.0
# Free disk, in sizes of the log: what is new is at most as large as what was there, and lies for a while both in the
# write-ahead log and in the file.
ROOM = 2
ROOM_SEALED = 300  # and bytes for each row that the chain takes in, where nothing else is new


def bring_log_up(data_dir: Path, gap: int, tell: Callable[[str], None] = lambda text: None) -> None:
    """Where there is a log of an older version, it is one of this version afterwards.

    What cannot be read at all the recorder meets again, and raises the alarm. `gap`: of the incidents, which it gets
    now. `tell`: is told now and then, while it goes on, that it does. Raises LogError where it cannot be done,
    PlaceError, and BusyError where a recorder of this line runs.
    """
    version = _version(data_dir, log.warning)
    if version is None or not 0 < version < VERSION:
        return
    with contextlib.closing(Claim(places_for(data_dir).lock("record"), "a recorder of this line")):
        _ask_for_room(data_dir / FILE, version)
        log.info("the log %s is of format %d and becomes one of %d; a large one takes a while", FILE, version, VERSION)
        lasting = _Lasting(tell)
        lasting.say()
        with contextlib.closing(DefectLog(data_dir, gap, lasting.turn)):
            pass
        log.info("the log %s is of format %d", FILE, VERSION)


def refuse_older(data_dir: Path) -> None:
    """Raises LogError where the log is of an older version; at the cost of a look."""
    version = _version(data_dir)
    if version is not None and 0 < version < VERSION:
        raise LogError(
            f"{data_dir / FILE}: a log of format {version}, this version keeps format {VERSION}; "
            "stop the line and start it again: the start brings the log up"
        )


def _version(data_dir: Path, complain: Callable[[str, object], None] = lambda words, error: None) -> int | None:
    """None where there is no log, or none that can be read."""
    if not (data_dir / FILE).is_file():
        return None
    try:
        with reading(data_dir) as db:
            return version_of(db)
    except LogError as error:
        complain("%s", error)
        return None


def _ask_for_room(path: Path, version: int) -> None:
    try:
        needed, free = ROOM * path.stat().st_size, shutil.disk_usage(path.parent).free
    except OSError as error:
        raise LogError(f"{path}: the log cannot be looked at: {error.strerror}; see to its disk") from error
    if version >= KEEPS_INCIDENTS:
        with reading(path.parent) as db:
            needed = ROOM_SEALED * rows_to_seal(db)
    if free < needed:
        raise LogError(
            f"{path}: a log of an older format; to bring it up takes {needed / 1e6:.0f} MB of free disk, "
            f"{free / 1e6:.0f} MB are free: make room, or set data_dir to another folder"
        )


class _Lasting:
    """Asked each few thousand rows, it says every few seconds how long it has been: a disk that hangs asks nothing."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._since_s = self._said_s = time.monotonic()

    def turn(self) -> None:
        now_s = time.monotonic()
        if now_s - self._said_s >= TOLD_EVERY_S:
            self._said_s = now_s
            log.info("the log is being brought up: %.0f s so far", now_s - self._since_s)
            self.say()

    def say(self) -> None:
        self._tell(f"bringing the log up, {time.monotonic() - self._since_s:.0f} s so far")
