"""The thread that drains a camera: opens the source, takes each picture (taking.py), opens it again when it fails.

Knows sources and the desk; no socket.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Generator, Iterable
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from stream.desk import NO_ROOM, Desk
from stream.ledger import Ledger
from stream.messages import ClockStatus
from stream.ring import RingError
from stream.ring_layout import RUNS
from stream.run_account import RunAccount
from stream.secrets import SecretError, with_credentials
from stream.settings import CameraSettings
from stream.sources.pacing import due_s, read_s
from stream.sources.source import LeftOut, Picture, Remembers, Source, SourceError, Waiting
from stream.sources.table import open_source
from stream.taking import Taking, Tell

if TYPE_CHECKING:
    from stream.health_desk import HealthDesk
    from stream.segments_copying import Copier

log = logging.getLogger("linewatch")
BACKOFF_FIRST_S, BACKOFF_MOST_S = 0.1, 1.0
END = "end of the recording"
SKIP_S = 600.0  # a recording that goes on is decoded from its beginning, silently, to the first missing picture


@dataclass(frozen=True)
class Gap:
    """A time without pictures."""

    since_s: float  # monotonic
    reason: str


class Intake:
    """Drains one camera until it ends or is stopped."""

    def __init__(
        self,
        camera: CameraSettings,
        desk: Desk,
        tell: Tell,
        health: HealthDesk | None = None,
        copier: Copier | None = None,
    ) -> None:
        self._camera = camera
        self._copier = copier
        self._taking = Taking(camera, desk, tell, health)
        self._desk = desk
        self._tell = tell
        self._source: Source | None = None
        self._account: RunAccount | None = None  # the run; of a live source from the first picture on
        died_s = desk.last_picture_mono_ns / 1e9 if camera.live else 0.0
        self._gap: Gap | None = Gap(died_s, "the capture died") if died_s else None
        self._waited = False  # since its opening the source was well, and waited
        self._least_pause_s = 0.0  # what the source's last failure asks for
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

    def clock(self) -> ClockStatus | None:
        """How the camera's own clock stands to this computer's; None where its pictures bear no time."""
        return self._taking.clock()

    @property
    def alarm(self) -> str:
        """That decoding is behind, in words; empty: it is not."""
        return self._taking.alarm

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
        account = self._account = self._desk.runs.resumable() or self._desk.begin_run()
        self._reached = known.first_missing()
        note, pause_s = END, BACKOFF_FIRST_S
        while True:
            before = self._reached
            over, note = self._played(account, known)
            if over or self._desk.stopping:
                break
            pause_s = BACKOFF_FIRST_S if self._gap is None or self._reached > before else pause_s
            self._gap = self._gap or Gap(time.monotonic(), note)
            self._retry(account, note, pause_s)
            pause_s = min(BACKOFF_MOST_S, pause_s * 2)
        if self._desk.stopping:
            note = "stopped"
        self._desk.end_run(account, note, known.missing(self._reached, account.captured))
        self._desk.say("ended", note)

    def _played(self, account: RunAccount, known: Ledger) -> tuple[bool, str]:
        """Plays until the end, or until the source fails: whether trying again cannot help, and why it ended."""
        try:
            self._play(account, known)
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
            self._close()

    def _play(self, account: RunAccount, known: Ledger) -> None:
        """Every picture from the first missing one on, at its pace; those that are known already are let go."""
        self._open()
        assert self._source is not None
        if self._camera.watched:
            cast(Remembers, self._source).goes_on(account.run)
        if self._copier is not None:
            self._copier.begins(account.run)
        with closing(cast(Generator[Picture | Waiting, None, None], self._source.pictures(self._reached))) as pictures:
            self._play_all(account, known, pictures)

    def _play_all(self, account: RunAccount, known: Ledger, pictures: Iterable[Picture | Waiting]) -> None:
        recorded = self._camera.pace == "recorded"
        start_s = before_s = None
        for picture in pictures:
            if isinstance(picture, Waiting):
                self._wait_for(picture)
                continue
            due = due_s(picture.index, picture.pts_s, self._camera.fps)
            if start_s is None:  # from the first picture on: to find the place in a long recording takes its time
                start_s = time.monotonic() - due
            if recorded:
                self._wait_until(start_s + due)
            wanted = known.outcome(picture.index) is None
            if self._desk.stopping or (wanted and not self._taking.take(account, picture)):
                return
            self._reached = picture.index + 1
            self._end_gap(account)
            if recorded:
                self._wait_until(start_s + read_s(before_s, due))
                self._desk.alive(self._camera.silent_after_s + 10.0)  # the next one is read now
                before_s = due

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
            self._account, self._waited = None, False
            over, reason = self._drain_once()
            account = self._account
            for told in self._desk.parts.unanswered(reason) if account is None else ():
                self._tell(0, "part", f"part {told.part or '(no name)'} was ordered by {told.by}: no picture came")
            if account is not None:
                placed = account.captured > account.dropped().get(NO_ROOM, 0)
                pause_s = BACKOFF_FIRST_S if placed else pause_s
                if placed or self._gap is None:
                    self._gap = Gap(self._taking.last_s or time.monotonic(), reason)
                self._desk.end_run(account, "stopped" if self._desk.stopping else reason)
            elif self._waited:
                self._gap, pause_s = Gap(time.monotonic(), reason), BACKOFF_FIRST_S
            if self._desk.stopping or over:
                break
            self._retry(account, reason, max(pause_s, self._least_pause_s))
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
                if isinstance(picture, Waiting):
                    self._wait_for(picture)
                    continue
                if self._account is None:
                    self._account = self._desk.begin_run()
                    if self._copier is not None:
                        self._copier.begins(self._account.run)
                if isinstance(picture, LeftOut):
                    self._taking.leave_out(self._account, picture)
                elif not self._taking.take(self._account, picture):
                    break
                self._end_gap(self._account)
            return self._finite(), "the source ended"
        except (SourceError, RingError, SecretError) as error:
            self._least_pause_s = getattr(error, "pause_s", 0.0)
            # Once its pictures have come its settings were right: a camera that was off may lack them for a while.
            return isinstance(error, SourceError) and error.final and self._taking.size is None, str(error)
        finally:
            self._close()
            self._taking.pause(self._account)

    def _end_gap(self, account: RunAccount | None) -> None:
        """There is a picture again, and it has a place; or the camera is there again, and waits for its trigger."""
        if self._gap is not None:
            lasted_s = time.monotonic() - self._gap.since_s
            self._tell(account.run if account else 0, "gap", f"{self._gap.reason}; no pictures for {lasted_s:.1f} s")
            self._gap = None

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
        if self._copier is not None:
            self._copier.follow(self._source)
        if self._desk.stopping:
            self._source.close()

    def _wait_for(self, waiting: Waiting) -> None:
        """The source is well, and nothing is missing."""
        self._waited = True
        self._desk.alive(self._camera.silent_after_s + 10.0)
        self._end_gap(self._account)
        if self._account is not None:
            self._desk.parts.lull(self._account, waiting.mono_ns)
        if self._desk.state.text != waiting.text:
            self._desk.say("waiting", waiting.text)

    def _close(self) -> None:
        if self._source is not None:
            self._source.close()
            self._source = None
        if self._copier is not None:
            self._copier.ends()
