"""A recording or a watched folder, from its first missing picture to its end: one run, whatever fails on the way.

For the intake thread. What each picture goes through is taking.py's.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Generator, Iterable
from contextlib import closing
from typing import cast

from stream.connection import BACKOFF_FIRST_S, BACKOFF_MOST_S, Connection, Gap
from stream.desk import Desk
from stream.ledger import Ledger
from stream.ring import RingError
from stream.run_account import RunAccount
from stream.secrets import SecretError
from stream.settings import CameraSettings
from stream.sources.pacing import due_s, read_s
from stream.sources.source import Picture, Remembers, SourceError, Waiting
from stream.taking import Taking, Tell

log = logging.getLogger("linewatch")
END = "end of the recording"


class Playback:
    """Of one camera's files."""

    def __init__(
        self, camera: CameraSettings, desk: Desk, tell: Tell, taking: Taking, connection: Connection, known: Ledger
    ) -> None:
        """`known`: frames of a resumed recording that need not be captured again."""
        self._camera = camera
        self._desk = desk
        self._tell = tell
        self._taking = taking
        self._connection = connection
        self._known = known
        self._reached = known.first_missing()  # every earlier picture is taken or known

    def run(self) -> None:
        """Plays to the end, or until the capture stops."""
        if self._desk.over:
            self._desk.say("ended", END)
            return
        account = self._desk.runs.resumable() or self._desk.begin_run()
        note, pause_s = END, BACKOFF_FIRST_S
        while True:
            before = self._reached
            over, note = self._played(account)
            if over or self._desk.stopping:
                break
            gap = self._connection.gap
            pause_s = BACKOFF_FIRST_S if gap is None or self._reached > before else pause_s
            self._connection.gap = gap or Gap(time.monotonic(), note)
            self._connection.retry(account, note, pause_s)
            pause_s = min(BACKOFF_MOST_S, pause_s * 2)
        if self._desk.stopping:
            note = "stopped"
        self._desk.end_run(account, note, self._known.missing(self._reached, account.captured))
        self._desk.say("ended", note)

    def _played(self, account: RunAccount) -> tuple[bool, str]:
        """Plays until the end, or until the source fails: whether trying again cannot help, and why it ended."""
        try:
            self._play(account)
            return True, END
        except (SourceError, RingError, SecretError) as error:
            over = not self._camera.watched or (isinstance(error, SourceError) and error.final)
            if over and not self._desk.stopping:
                log.error("%s: %s", self._camera.name, error)
                self._tell(account.run, "source", str(error))
            if self._camera.watched and isinstance(error, RingError):
                self._reached += 1  # that number is spent
                self._taking.no_room()
            return over, str(error)
        finally:
            self._connection.close()

    def _play(self, account: RunAccount) -> None:
        """Every picture from the first missing one on, at its pace; those that are known already are let go."""
        source = self._connection.open()
        if self._camera.watched:
            cast(Remembers, source).goes_on(account.run)
        self._connection.run_begins(account)
        with closing(cast(Generator[Picture | Waiting, None, None], source.pictures(self._reached))) as pictures:
            self._play_all(account, pictures)

    def _play_all(self, account: RunAccount, pictures: Iterable[Picture | Waiting]) -> None:
        recorded = self._camera.pace == "recorded"
        start_s = before_s = None
        for picture in pictures:
            if isinstance(picture, Waiting):
                self._connection.waits(account, picture)
                continue
            due = due_s(picture.index, picture.pts_s, self._camera.fps)
            if start_s is None:  # from the first picture on: to find the place in a long recording takes its time
                start_s = time.monotonic() - due
            if recorded:
                self._connection.wait_until(start_s + due)
            wanted = self._known.outcome(picture.index) is None
            if self._desk.stopping or (wanted and not self._taking.take(account, picture)):
                return
            self._reached = picture.index + 1
            self._connection.back(account)
            if recorded:
                self._connection.wait_until(start_s + read_s(before_s, due))
                self._desk.alive(self._camera.silent_after_s + 10.0)  # the next one is read now
                before_s = due
