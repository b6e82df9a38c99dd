"""The thread that drains a camera: opens the source, numbers and stamps each picture, opens it again when it fails.

Knows sources and the desk; no socket.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection

from stream.desk import Desk
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


class Intake:
    """Drains one camera until it ends or is stopped."""

    def __init__(self, camera: CameraSettings, desk: Desk, tell: Tell) -> None:
        self._camera = camera
        self._desk = desk
        self._tell = tell
        self._source: Source | None = None
        self.done = False
        self.failure: BaseException | None = None

    def run(self, known: Collection[int]) -> None:
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

    def _read_through(self, known: Collection[int]) -> None:
        if self._desk.over:
            self._desk.say("ended", END)
            return
        account = self._desk.resumable() or self._desk.begin_run()
        first = next(i for i in range(len(known) + 1) if i not in known)
        note, problem = END, ""
        try:
            self._open()
            assert self._source is not None
            began = time.monotonic()
            begin_s: float | None = None
            for picture in self._source.pictures(first):
                if self._camera.pace == "recorded":
                    due = due_s(picture.index, picture.pts_s, self._camera.fps)
                    begin_s = due if begin_s is None else begin_s
                    self._wait_until(began + due - begin_s)
                if self._desk.stopping or (picture.index not in known and not self._take(account, picture)):
                    break
            note = "stopped" if self._desk.stopping else note
        except (SourceError, RingError, SecretError) as error:
            note = "stopped" if self._desk.stopping else str(error)
            problem = note if not self._desk.stopping else ""
        finally:
            self._close()
        if problem:
            log.error("%s: %s", self._camera.name, problem)
            self._tell(account.run, "source", problem)
        self._desk.end_run(account, note)
        self._desk.say("ended", note)

    def _wait_until(self, mono_s: float) -> None:
        while not self._desk.stopping and (left_s := mono_s - time.monotonic()) > 0:
            self._desk.alive(5.0)
            time.sleep(min(left_s, 0.1))

    # --- live sources ---

    def _drain_live(self) -> None:
        """A run from each opening to its failure; tried again for ever."""
        pause_s = BACKOFF_FIRST_S
        gap_from: float | None = None
        reason = ""
        while not self._desk.stopping:
            account: RunAccount | None = None
            over = False  # trying again cannot help
            self._await_recorder()
            try:
                self._open()
                assert self._source is not None
                for picture in self._source.pictures():
                    if account is None:
                        account = self._desk.begin_run()
                        self._back(account, gap_from, reason)
                        pause_s = BACKOFF_FIRST_S
                    if not self._take(account, picture):
                        break
                reason, over = "the source ended", self._finite()
            except (SourceError, RingError, SecretError) as error:
                reason = str(error)
                over = isinstance(error, SourceError) and error.final
            finally:
                self._close()
            if account is not None:
                gap_from = time.monotonic()
                self._desk.end_run(account, "stopped" if self._desk.stopping else reason)
            if self._desk.stopping or over:
                self._give_up(account, reason)
                break
            self._retry(account, reason, pause_s)
            pause_s = min(BACKOFF_MOST_S, pause_s * 2)
        self._desk.say("ended", "stopped" if self._desk.stopping else reason)

    def _await_recorder(self) -> None:
        """A ring remembers a stated number of runs; no more are begun while the recorder confirms none of them."""
        while len(self._desk.accounts) >= RUNS - 2 and not self._desk.stopping:
            self._desk.say("retrying", "the recorder has not confirmed the earlier runs; waiting for it")
            self._wait_until(time.monotonic() + BACKOFF_MOST_S)

    def _give_up(self, account: RunAccount | None, reason: str) -> None:
        if account is None and not self._desk.stopping:
            log.error("%s: %s", self._camera.name, reason)
            self._tell(0, "source", reason)

    def _finite(self) -> bool:
        """A drawn line may be asked for a number of frames; a camera never ends by itself."""
        return self._camera.source.startswith("synthetic:")

    def _back(self, account: RunAccount, gap_from: float | None, reason: str) -> None:
        if gap_from is not None:
            gap_s = time.monotonic() - gap_from
            self._tell(account.run, "gap", f"no pictures for {gap_s:.1f} s: {reason}")

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
        self._desk.alive(self._camera.silent_after_s + 10.0)
        if self._desk.state.word != "running":
            self._desk.say("running", "")
        return self._desk.place(account, picture, mono_ns=mono_ns, utc_ns=utc_ns)

    def _close(self) -> None:
        if self._source is not None:
            self._source.close()
            self._source = None
