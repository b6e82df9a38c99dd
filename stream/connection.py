"""The connection to a camera's source: opened, lost, tried again; what is said of the time without pictures.

For the intake thread. Knows sources and the desk; takes no picture, and begins no run.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stream.desk import Desk
from stream.run_account import RunAccount
from stream.secrets import with_credentials
from stream.settings import CameraSettings
from stream.sources.source import Source, SourceError, Waiting
from stream.sources.table import open_source
from stream.taking import Tell

if TYPE_CHECKING:
    from stream.segments_copying import Copier

log = logging.getLogger("linewatch")
BACKOFF_FIRST_S, BACKOFF_MOST_S = 0.1, 1.0
SKIP_S = 600.0  # a recording that goes on is decoded from its beginning, silently, to the first missing picture


@dataclass(frozen=True)
class Gap:
    """A time without pictures."""

    since_s: float  # monotonic
    reason: str


class Connection:
    """To one camera; also of one that a dead capture had."""

    def __init__(self, camera: CameraSettings, desk: Desk, tell: Tell, copier: Copier | None) -> None:
        self._camera = camera
        self._desk = desk
        self._tell = tell
        self._copier = copier
        self._source: Source | None = None
        died_s = desk.last_picture_mono_ns / 1e9 if camera.live else 0.0
        self.gap: Gap | None = Gap(died_s, "the capture died") if died_s else None
        self.waited = False  # since its opening the source was well, and waited

    def open(self) -> Source:
        """The source, anew. Raises SourceError and SecretError."""
        self.waited = False
        self._desk.alive(self._camera.silent_after_s + 10.0 if self._camera.live else SKIP_S)
        source = self._source = open_source(self._camera, with_credentials(self._camera))
        if self._copier is not None:
            self._copier.follow(source)
        if self._desk.stopping:
            source.close()
        return source

    def run_begins(self, account: RunAccount) -> None:
        """What is copied as it comes is of that run."""
        if self._copier is not None:
            self._copier.begins(account.run)

    def close(self) -> None:
        if self._source is not None:
            self._source.close()
            self._source = None
        if self._copier is not None:
            self._copier.ends()

    def interrupt(self) -> None:
        """The source gives no further picture. From any thread; who opened it closes it."""
        source = self._source
        if source is not None:
            source.close()

    def order(self) -> str:
        """Orders a picture of a camera that takes them on order; why it cannot, in words. From any thread."""
        trigger = getattr(self._source, "trigger", None)
        if trigger is None:
            return "the camera is not open; no picture is ordered"
        try:
            trigger()
        except SourceError as error:
            return str(error)
        return ""

    def waits(self, account: RunAccount | None, waiting: Waiting) -> None:
        """The source is well, and nothing is missing."""
        self.waited = True
        self._desk.alive(self._camera.silent_after_s + 10.0)
        self.back(account)
        if account is not None:
            self._desk.parts.lull(account, waiting.mono_ns)
        if self._desk.state.text != waiting.text:
            self._desk.say("waiting", waiting.text)

    def back(self, account: RunAccount | None) -> None:
        """There is a picture again, and it has a place; or the camera is there again, and waits for its trigger."""
        if self.gap is not None:
            lasted_s = time.monotonic() - self.gap.since_s
            self._tell(account.run if account else 0, "gap", f"{self.gap.reason}; no pictures for {lasted_s:.1f} s")
            self.gap = None

    def retry(self, account: RunAccount | None, reason: str, pause_s: float) -> None:
        """Says, once, why there are no pictures, and waits for as long before the source is opened again."""
        said = f"{reason}; trying again"
        if self._desk.state.text != said:
            log.warning("%s: %s", self._camera.name, said)
            self._tell(account.run if account else 0, "source", reason)
        self._desk.say("retrying", said)
        self.wait_until(time.monotonic() + pause_s)

    def wait_until(self, mono_s: float) -> None:
        """Until then, or until the capture stops."""
        while not self._desk.stopping and (left_s := mono_s - time.monotonic()) > 0:
            self._desk.alive(5.0)
            time.sleep(min(left_s, 0.1))
