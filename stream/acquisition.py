"""A live camera, opened again for as long as the line runs: each opening that gives pictures is a run.

For the intake thread. What each picture goes through is taking.py's.
"""

from __future__ import annotations

import logging
import time

from stream.connection import BACKOFF_FIRST_S, BACKOFF_MOST_S, Connection, Gap
from stream.desk import NO_ROOM, Desk
from stream.ring import RingError
from stream.ring_layout import RUNS
from stream.run_account import RunAccount
from stream.secrets import SecretError
from stream.settings import CameraSettings
from stream.sources.source import LeftOut, SourceError, Waiting
from stream.taking import Taking, Tell

log = logging.getLogger("linewatch")


class Acquisition:
    """Of one live camera."""

    def __init__(self, camera: CameraSettings, desk: Desk, tell: Tell, taking: Taking, connection: Connection) -> None:
        self._camera = camera
        self._desk = desk
        self._tell = tell
        self._taking = taking
        self._connection = connection
        self._account: RunAccount | None = None  # the run; from the first picture on
        self._least_pause_s = 0.0  # what the source's last failure asks for

    def run(self) -> None:
        """A run from each opening to its failure; tried again for ever, unless that cannot help."""
        pause_s = BACKOFF_FIRST_S
        over, reason, account = False, "stopped", None
        while not self._desk.stopping:
            self._await_recorder()
            self._account = None
            over, reason = self._drain_once()
            account = self._account
            for told in self._desk.parts.unanswered(reason) if account is None else ():
                self._tell(0, "part", f"part {told.part or '(no name)'} was ordered by {told.by}: no picture came")
            if account is not None:
                placed = account.captured > account.dropped().get(NO_ROOM, 0)
                pause_s = BACKOFF_FIRST_S if placed else pause_s
                if placed or self._connection.gap is None:
                    self._connection.gap = Gap(self._taking.last_s or time.monotonic(), reason)
                self._desk.end_run(account, "stopped" if self._desk.stopping else reason)
            elif self._connection.waited:
                self._connection.gap, pause_s = Gap(time.monotonic(), reason), BACKOFF_FIRST_S
            if self._desk.stopping or over:
                break
            self._connection.retry(account, reason, max(pause_s, self._least_pause_s))
            pause_s = min(BACKOFF_MOST_S, pause_s * 2)
        if over and account is None and not self._desk.stopping:
            log.error("%s: %s", self._camera.name, reason)
            self._tell(0, "source", reason)
        self._desk.say("ended", "stopped" if self._desk.stopping else reason)

    def _drain_once(self) -> tuple[bool, str]:
        """Takes pictures until the source ends or fails: whether trying again cannot help, and why it ended."""
        try:
            for picture in self._connection.open().pictures():
                if isinstance(picture, Waiting):
                    self._connection.waits(self._account, picture)
                    continue
                if self._account is None:
                    self._account = self._desk.begin_run()
                    self._connection.run_begins(self._account)
                if isinstance(picture, LeftOut):
                    self._taking.leave_out(self._account, picture)
                elif not self._taking.take(self._account, picture):
                    break
                self._connection.back(self._account)
            return self._finite(), "the source ended"
        except (SourceError, RingError, SecretError) as error:
            self._least_pause_s = getattr(error, "pause_s", 0.0)
            # Once its pictures have come its settings were right: a camera that was off may lack them for a while.
            return isinstance(error, SourceError) and error.final and self._taking.size is None, str(error)
        finally:
            self._connection.close()
            self._taking.pause(self._account)

    def _await_recorder(self) -> None:
        """A ring remembers a stated number of runs; no more are begun while the recorder confirms none of them."""
        while len(self._desk.accounts) >= RUNS - 2 and not self._desk.stopping:
            self._desk.say("retrying", "the recorder has not confirmed the earlier runs; waiting for it")
            self._connection.wait_until(time.monotonic() + BACKOFF_MOST_S)

    def _finite(self) -> bool:
        """A drawn line may be asked for a number of frames; a camera never ends by itself."""
        return self._camera.source.startswith("synthetic:")
