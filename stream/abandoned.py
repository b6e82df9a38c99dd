"""Runs that an earlier start of the line left open, and that nobody will go on with: no capture adopts their ring.

A killed line leaves its rings in shared memory, and the captures of the next start adopt them and close their runs. A
computer that lost its power has no such memory: what was captured and not yet on disk is gone, and must be counted. A
camera that is no longer in the settings has no capture either: its rings would hold their memory for ever, and what
was ordered of it would vanish without a word.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from pathlib import Path

from stream.bookkeeping import Bookkeeping
from stream.claim import BusyError, Claim
from stream.defect_log import DefectLog, LogError
from stream.hosts import host_of
from stream.messages import Event
from stream.orders import parts_ordered
from stream.places import Places
from stream.ring import Ring, RingError
from stream.ring_layout import SlotState
from stream.settings import LineSettings
from stream.staged import Staged

log = logging.getLogger("linewatch")
Run = tuple[str, int]  # camera, its run
STRAYS = ("*.ring", "*.*.partial", "*.orders")  # what a capture leaves in memory for the next one
NAMED = 10  # parts, where it is said which ones were ordered


@dataclass(frozen=True)
class Left:
    """What lies in the rings of a line."""

    runs: frozenset[Run]
    doubtful: frozenset[str]  # cameras with a ring that cannot be read: of those nothing is known
    strays: tuple[Path, ...] = ()  # rings, whole or half made, and orders, that no capture here adopts
    lost: frozenset[Run] = frozenset()  # what those know
    challenges: frozenset[Run] = frozenset()  # whose pictures are no product, of all these


def abandoned(open_runs: dict[Run, str], left: Left, away: set[str], session: str) -> tuple[Run, ...]:
    """Of the runs that the log has open, with the session of each: those of earlier sessions that no ring holds.

    `away` are cameras whose rings are on other computers. Where nothing is known of a camera its runs stay open: a
    frame that is called lost too early cannot be judged any more.
    """
    unknown = away | left.doubtful
    earlier = {run for run, of in open_runs.items() if of != session}
    return tuple(sorted(run for run in earlier - left.runs if run[0] not in unknown or run in left.lost))


def cameras_away(line: LineSettings) -> set[str]:
    """The cameras that another computer captures than the one that records."""
    here = host_of(line, "record")
    return {camera.name for camera in line.cameras if host_of(line, f"capture {camera.name}") != here}


def cameras_here(line: LineSettings) -> set[str]:
    """The cameras whose captures see the rings that the recorder sees."""
    return {camera.name for camera in line.cameras} - cameras_away(line)


def left_in_rings(places: Places, here: set[str]) -> Left:
    """What the rings in the line's folder know that a capture of the cameras `here` can adopt; and the other rings."""
    runs: set[Run] = set()
    lost: set[Run] = set()
    doubtful: set[str] = set()
    challenges: set[Run] = set()
    strays = []
    for path in sorted(path for form in STRAYS for path in places.folder.glob(form)):
        camera = path.name.split(".")[0]
        stray = camera not in here and not _captured(places, camera)
        if stray:
            strays.append(path)
        if path.suffix == ".ring":
            found = _runs_in(path, camera)
            (lost if stray else runs).update(found or ())
            challenges |= {run for run, challenge in (found or {}).items() if challenge}
            if found is None and not stray:
                doubtful.add(camera)
    return Left(frozenset(runs), frozenset(doubtful), tuple(strays), frozenset(lost), frozenset(challenges))


def _captured(places: Places, camera: str) -> bool:
    """Whether a capture is at work, though the settings, read anew, have it no more: its ring is in use."""
    try:
        Claim(places.lock(f"capture-{camera}"), f"a capture of camera {camera}").close()
    except BusyError:
        return True
    return False


def _runs_in(path: Path, camera: str) -> dict[Run, bool] | None:
    """The runs that a ring remembers and those of its pictures, each whether it is a challenge; None: unreadable."""
    try:
        ring = Ring.look(path)
    except RingError as error:
        log.warning("%s", error)
        return None
    runs = {(camera, int(row["run"])): False for row in ring.table if row["state"] != SlotState.FREE}
    runs |= {(camera, entry.run): entry.challenge for entry in ring.runs.open()}
    ring.close()
    return runs


def _gone_with(path: Path) -> str:
    if path.suffix != ".orders":
        return "its pictures are gone"
    parts = parts_ordered(path)
    more = f" and {len(parts) - NAMED} more" if len(parts) > NAMED else ""
    return f"parts that were ordered of it, without a picture: {', '.join(parts[:NAMED]) or 'nobody knows which'}{more}"


class Closing:
    """Closes what an earlier start left and nobody goes on with, once there is a log; its rings go when it is on disk.

    `left` is looked at before any capture begins: later a ring may be emptied and gone.
    """

    def __init__(self, line: LineSettings, left: Left, session: str) -> None:
        self._away = cameras_away(line)
        self._session = session
        self._left = left
        self._done = False
        self._said: dict[Event, Path] = {}  # what waits for the disk: until then a ring is all that knows of its runs

    def step(self, books: Bookkeeping, opened: DefectLog | None) -> None:
        """Once there is a log: closes the runs, and says so."""
        if self._done or opened is None:
            return
        self._done = True
        try:
            open_runs = opened.open_runs()
        except LogError as error:
            log.error("%s", error)
            return
        for camera, run in abandoned(open_runs, self._left, self._away, self._session):
            frames = books.abandon(camera, run, challenge=(camera, run) in self._left.challenges)
            said = f"the line died in the middle of run {run}; {frames} frames on their way are gone"
            log.warning("%s: %s", camera, said)
            books.event(Event(camera, run, "line_died", said, time.time_ns()))
        for path in self._left.strays:
            self._give_up(books, path)

    def _give_up(self, books: Bookkeeping, path: Path) -> None:
        camera = path.name.split(".")[0]
        said = f"{path.name} is removed: this line captures no camera {camera} here any more; {_gone_with(path)}"
        log.warning("%s", said)
        event = Event("", 0, "ring", said, time.time_ns())
        self._said[event] = path
        books.event(event)

    def written(self, staged: Staged) -> None:
        """This is on disk now."""
        for event in staged.batch.events if self._said else ():
            if path := self._said.pop(event, None):
                path.unlink(missing_ok=True)
