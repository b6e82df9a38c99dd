"""The thread that drains a camera: opens the source, numbers and stamps each picture, opens it again when it fails.

Knows sources and the desk; no socket.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from stream.desk import Desk
from stream.ledger import Ledger
from stream.ring import RUNS, RingError
from stream.run_account import RunAccount
from stream.secrets import SecretError, with_credentials
from stream.settings import CameraSettings
from stream.sources.pacing import due_s
from stream.sources.source import Picture, Source, SourceError
from stream.sources.table import open_source

log = logging.getLogger("linewatch")
BACKOFF_FIRST_S, BACKOFF_MOST_S = 0.1, 1.0
END = "end of the recording"
SKIP_S = 600.0  # a recording that goes on is decoded from its beginning, silently, to the first missing picture
Tell = Callable[[int, str, str], None]  # run, kind of event, text


@dataclass(frozen=True)
class Gap:
    """A time without pictures."""

    since_s: float  # monotonic
    reason: str


class Intake:
    """Drains one camera until it ends or is stopped."""

    def __init__(self, camera: CameraSettings, desk: Desk, tell: Tell) -> None:
        self._camera = camera
        self._desk = desk
        self._tell = tell
        self._source: Source | None = None
        self._account: RunAccount | None = None  # of a live source: its run, from the first picture on
        self._gap: Gap | None = None
        self._size: tuple[int, int] | None = None  # width, height of the pictures
        self._reached = 0  # of a recording: every earlier picture is taken or known
        self.done = False
        self.failure: BaseException | None = None

    def run(self, known: Ledger) -> None:
        """The thread's work. `known`: frames of a resumed recording that need not be captured again."""
        try:
            if self._camera.live:
                self._drain_live()
            else:
                self._read_through(known)
        except BaseException as error:
            self.failure = error
            raise
        finally:
            self.done = True
            self._desk.wake()

    def stop(self) -> None:
        """Makes `run` return soon; called from another thread."""
        with self._desk.lock:
            self._desk.stopping = True
            self._desk.lock.notify_all()
        source = self._source
        if source is not None:
            source.close()

    # --- files and folders ---

    def _read_through(self, known: Ledger) -> None:
        if self._desk.over:
            self._desk.say("ended", END)
            return
        account = self._desk.resumable() or self._desk.begin_run()
        self._reached = known.first_missing()
        note = END
        try:
            self._play(account, known)
        except (SourceError, RingError, SecretError) as error:
            note = str(error)
            if not self._desk.stopping:
                log.error("%s: %s", self._camera.name, note)
                self._tell(account.run, "source", note)
        finally:
            self._close()
        if self._desk.stopping:
            note = "stopped"
        self._desk.end_run(account, note, known.missing(self._reached, account.captured))
        self._desk.say("ended", note)

    def _play(self, account: RunAccount, known: Ledger) -> None:
        """Every picture from the first missing one on, at its pace; those that are known already are let go."""
        self._open()
        assert self._source is not None
        began_s = time.monotonic()
        first_due_s: float | None = None
        for picture in self._source.pictures(self._reached):
            if self._camera.pace == "recorded":
                due = due_s(picture.index, picture.pts_s, self._camera.fps)
                first_due_s = due if first_due_s is None else first_due_s
                self._wait_until(began_s + due - first_due_s)
            wanted = known.outcome(picture.index) is None
            if self._desk.stopping or (wanted and not self._take(account, picture)):
                return
            self._reached = picture.index + 1

    def _wait_until(self, mono_s: float) -> None:
        while not self._desk.stopping and (left_s := mono_s - time.monotonic()) > 0:
            self._desk.alive(5.0)
            time.sleep(min(left_s, 0.1))

    # --- live sources ---

    def _drain_live(self) -> None:
        """A run from each opening to its failure; tried again for ever, unless that cannot help."""
        pause_s = BACKOFF_FIRST_S
        over, reason, account = False, "stopped", None
        while not self._desk.stopping:
            self._await_recorder()
            self._account = None
            over, reason = self._drain_once()
            account = self._account
            if account is not None:
                pause_s = BACKOFF_FIRST_S
                self._gap = Gap(time.monotonic(), reason)
                self._desk.end_run(account, "stopped" if self._desk.stopping else reason)
            if self._desk.stopping or over:
                break
            self._retry(account, reason, pause_s)
            pause_s = min(BACKOFF_MOST_S, pause_s * 2)
        if over and account is None and not self._desk.stopping:
            log.error("%s: %s", self._camera.name, reason)
            self._tell(0, "source", reason)
        self._desk.say("ended", "stopped" if self._desk.stopping else reason)

    def _drain_once(self) -> tuple[bool, str]:
        """Takes pictures until the source ends or fails: whether trying again cannot help, and why it ended."""
        try:
            self._open()
            assert self._source is not None
            for picture in self._source.pictures():
                if self._account is None:
                    self._account = self._desk.begin_run()
                    if self._gap is not None:
                        lasted_s = time.monotonic() - self._gap.since_s
                        self._tell(self._account.run, "gap", f"no pictures for {lasted_s:.1f} s: {self._gap.reason}")
                if not self._take(self._account, picture):
                    break
            return self._finite(), "the source ended"
        except (SourceError, RingError, SecretError) as error:
            return isinstance(error, SourceError) and error.final, str(error)
        finally:
            self._close()

    def _await_recorder(self) -> None:
        """A ring remembers a stated number of runs; no more are begun while the recorder confirms none of them."""
        while len(self._desk.accounts) >= RUNS - 2 and not self._desk.stopping:
            self._desk.say("retrying", "the recorder has not confirmed the earlier runs; waiting for it")
            self._wait_until(time.monotonic() + BACKOFF_MOST_S)

    def _finite(self) -> bool:
        """A drawn line may be asked for a number of frames; a camera never ends by itself."""
        return self._camera.source.startswith("synthetic:")

    def _retry(self, account: RunAccount | None, reason: str, pause_s: float) -> None:
        said = f"{reason}; trying again"
        if self._desk.state.text != said:
            log.warning("%s: %s", self._camera.name, said)
            self._tell(account.run if account else 0, "source", reason)
        self._desk.say("retrying", said)
        self._wait_until(time.monotonic() + pause_s)

    # --- both ---

    def _open(self) -> None:
        self._desk.alive(self._camera.silent_after_s + 10.0 if self._camera.live else SKIP_S)
        self._source = open_source(self._camera, with_credentials(self._camera))
        if self._desk.stopping:
            self._source.close()

    def _take(self, account: RunAccount, picture: Picture) -> bool:
        mono_ns, utc_ns = time.monotonic_ns(), time.time_ns()
        self._mind_size(account, picture)
        self._desk.alive(self._camera.silent_after_s + 10.0)
        if self._desk.state.word != "running":
            self._desk.say("running", "")
        return self._desk.place(account, picture, mono_ns=mono_ns, utc_ns=utc_ns)

    def _mind_size(self, account: RunAccount, picture: Picture) -> None:
        """A change of size is worth a word: a region may judge something else from here on."""
        size = (picture.pixels.shape[1], picture.pixels.shape[0])
        if picture.problem is not None or size == self._size:
            return
        if self._size is not None:
            (was_w, was_h), (w, h) = self._size, size
            said = f"the pictures are {w}x{h} px from frame {account.captured} on; they were {was_w}x{was_h}"
            log.warning("%s: %s", self._camera.name, said)
            self._tell(account.run, "size", said)
        self._size = size

    def _close(self) -> None:
        if self._source is not None:
            self._source.close()
            self._source = None
