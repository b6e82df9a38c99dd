"""Challenges at a recorder without sockets: its books, a real log, and what captures are asked."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import msgspec
from msgspec.structs import replace

from stream.bookkeeping import Bookkeeping
from stream.challenge import (
    KIND,
    SECOND_NS,
    Wish,
)
from stream.challenge_desk import ChallengeDesk
from stream.challenge_log import acts_of, told
from stream.defect_log import DefectLog
from stream.log_reading import open_for_reading
from stream.messages import Act, Challenge, Judged
from stream.settings import CameraSettings, ChallengeSettings, LineSettings
from tests.frames import RUN, judged
from tests.line import DEADLINE_S

NOW = RUN * 1000


def wish(n: int = 0, what: str = "picture", part: str = "", utc_ns: int = NOW, who: str = "eve") -> Act:
    new = msgspec.json.encode(Wish(what, part)).decode()
    return Act(f"id {n}", utc_ns + n * SECOND_NS, who, "operator", KIND, "belt", "", new)


class Played:
    """A recorder without sockets: books, a real log, and what captures are asked."""

    def __init__(self, data_dir: Path, challenge: ChallengeSettings) -> None:
        self.data_dir, self.asked = data_dir, list[Challenge]()
        self.line = LineSettings((CameraSettings("belt", "synthetic:", challenge=challenge),), data_dir)
        self.start()

    def start(self) -> None:
        self.log = DefectLog(self.data_dir)
        self.books = Bookkeeping("s", "recorder", 3, lambda c, r: self.log.book(c, r, 3))
        self.desk = ChallengeDesk(self.line, self.books, self.asked.append)
        self.desk.step(log_is_open=True)

    def look(self) -> None:
        """Turns, without waiting for their time, until the pictures have answered."""
        self.turn()
        for thread in (thread for thread in threading.enumerate() if thread.name == "challenge"):
            thread.join(DEADLINE_S)
        self.turn()

    def turn(self) -> None:
        self.desk._look_at_s = 0.0
        self.desk.step(log_is_open=True)

    def commit(self) -> None:
        staged = self.books.take()
        self.log.write(staged.batch)
        self.books.written(staged)

    def die(self) -> None:
        self.log.close()
        self.start()

    def act(self, act: Act) -> None:
        self.books.act(act)
        self.desk.act(act)

    def results(self) -> list[tuple[str, str]]:
        db = open_for_reading(self.data_dir)
        try:
            return [(one.result, one.name) for one in told(acts_of(db))]
        finally:
            db.close()


def red_picture(folder: Path) -> Path:
    """A folder with one stored picture in it."""
    pictures = folder / "pictures"
    pictures.mkdir()
    (pictures / "red.png").touch()
    return pictures


def challenged(run: int, state: str = "BAD") -> Judged:
    seen = judged(0, state, run=run)
    return replace(seen, frame=replace(seen.frame, challenge=True))


def far_ahead(n: int = 0, what: str = "picture") -> Act:
    """Begun in this moment, whatever the test's own clock says."""
    return replace(wish(n, what), utc_ns=time.time_ns())
