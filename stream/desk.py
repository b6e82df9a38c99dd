"""What the two threads of a capture share: rings, slots and accounts, behind one lock.

The intake thread brings pictures (`place`); the work loop hands them out and keeps the account. Knows no socket.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass

from stream.messages import Key
from stream.places import Places
from stream.ring import Ring, RingError, RunEntry
from stream.run_account import RunAccount
from stream.settings import CameraSettings
from stream.slots import Place, Slots
from stream.sources.source import Picture

log = logging.getLogger("linewatch")
WAIT_S = 0.1  # the intake thread looks this often whether it shall stop


@dataclass(frozen=True)
class CameraState:
    """How the camera is, in one of a few words and in plain text."""

    word: str  # starting | running | retrying | ended | stopping
    text: str


class Desk:
    """Rings, slots and accounts of one camera."""

    def __init__(self, camera: CameraSettings, places: Places, session: str, source: str) -> None:
        """`source` is the address without its password. Adopts the rings that an earlier capture left."""
        self.lock = threading.Condition()
        self.slots = Slots()
        self.accounts: dict[int, RunAccount] = {}
        self.state = CameraState("starting", "opening the source")
        self.last_picture_mono_ns = 0
        self.stopping = False
        self.alive_until = time.monotonic() + 60.0
        self._camera = camera
        self._places = places
        self._session = session
        self._source = source
        self._rings: list[Ring] = []
        self._wake = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        for path in places.rings(camera.name):
            try:
                self._rings.append(Ring.adopt(path))
            except RingError as error:
                log.warning("%s; its pictures are lost", error)
                path.unlink(missing_ok=True)
        for ring in self._rings:
            self.slots.use(ring)
            for entry in ring.open_runs():
                self._adopt_run(entry)
            for run, seqs in self.slots.held_by_run().items():
                if run not in self.accounts:
                    self._adopt_run(RunEntry(run, max(seqs) + 1, ended=True))

        mine = [a for a in self.accounts.values() if a.session == session and a.ended]
        self.over = bool(mine) and not camera.live  # an earlier capture came to the end of this recording

    # --- for the intake thread ---

    def resumable(self) -> RunAccount | None:
        """The run of a recording that a dead capture left unfinished in this session; None where there is none."""
        if self._camera.live:
            return None
        mine = [a for a in self.accounts.values() if a.session == self._session and not a.ended]
        return max(mine, key=lambda account: account.run) if mine else None

    def begin_run(self) -> RunAccount:
        """A new run, named by the microsecond (UTC) of its beginning."""
        with self.lock:
            run = max([time.time_ns() // 1000, *(known + 1 for known in self.accounts)])
            account = RunAccount(self._camera.name, run, self._session, self._source, self._camera.live)
            self.accounts[run] = account
            return account

    def end_run(self, account: RunAccount, note: str, gone: Iterable[tuple[int, int]] = ()) -> None:
        """No further picture belongs to the run. `gone`: intervals that a dead capture had and nobody read again."""
        with self.lock:
            for start, stop in gone:
                account.decide(start, stop, "dropped:capture_died")
            account.ended, account.note = True, note
            self._note(account)
        self.wake()

    def alive(self, allowed_s: float) -> None:
        """The intake thread is well, and may be silent for so long from now."""
        self.alive_until = time.monotonic() + allowed_s

    def say(self, word: str, text: str) -> None:
        self.state = CameraState(word, text)
        self.wake()

    def place(self, account: RunAccount, picture: Picture, *, mono_ns: int, utc_ns: int) -> bool:
        """Numbers a picture and puts it into a slot, or drops a frame by name. False where the capture stops.

        `every` waits here for a slot. Raises RingError where shared memory does not suffice.
        """
        pixels = picture.pixels
        with self.lock:
            place = self._place_for(pixels.nbytes)
            if place is None and self.stopping:
                return False
            seq = account.captured if self._camera.live else picture.index
            account.captured = max(account.captured, seq + 1)
            self._note(account)
            self.last_picture_mono_ns = mono_ns
            if place is None:
                account.decide(seq, seq + 1, "dropped:ring_full")
                return True
        place.ring.write(
            place.slot,
            pixels,
            run=account.run,
            seq=seq,
            captured_mono_ns=mono_ns,
            captured_utc_ns=utc_ns,
            pts_s=picture.pts_s,
            problem=picture.problem,
        )
        with self.lock:
            self.slots.ready(place)
            if self._camera.newest:
                while self.slots.waiting > self._camera.waiting_max:
                    self._drop_oldest("newest")
        self.wake()
        return True

    # --- for the work loop ---

    @property
    def wake_descriptor(self) -> int:
        """Readable when the intake thread has news."""
        return self._wake

    def wake(self) -> None:
        os.eventfd_write(self._wake, 1)

    def hush(self) -> None:
        """Forgets that there was news."""
        try:
            os.eventfd_read(self._wake)
        except BlockingIOError:
            return

    def forget(self, account: RunAccount) -> None:
        """The recorder has this run. The ring keeps the entry of a recording: a successor must know that it is over."""
        if self._camera.live or account.session != self._session:
            for ring in self._rings:
                ring.forget_run(account.run)
        del self.accounts[account.run]

    def tidy(self) -> None:
        """Lets go of older rings that hold nothing any more."""
        for ring in self._rings[:-1]:
            if not (ring.table["state"] != 0).any():
                self._rings.remove(ring)
                ring.path.unlink(missing_ok=True)
                ring.close()

    def close(self) -> None:
        """Leaves rings with unsettled frames to the next capture, and removes the others."""
        settled = not self.accounts and not len(self.slots)
        for ring in self._rings:
            if settled:
                ring.path.unlink(missing_ok=True)
            ring.close()
        self._rings.clear()
        os.close(self._wake)

    def _adopt_run(self, entry: RunEntry) -> None:
        known = self.accounts.get(entry.run)
        if known is None or entry.captured >= known.captured:
            self.accounts[entry.run] = RunAccount(
                self._camera.name,
                entry.run,
                entry.session,
                self._source,
                self._camera.live,
                captured=entry.captured,
                lost=entry.lost,
                ended=entry.ended,
                recalled=False,
            )

    def _place_for(self, size: int) -> Place | None:
        """A slot that such a picture fits into: waits for one (`every`), or makes the oldest frame give way."""
        if not self._rings or self._rings[-1].slot_bytes < size or self._rings[-1].slots != self._camera.slots:
            self._grow(size)
        place = self.slots.claim()
        if place is None and self._camera.newest:
            self._drop_oldest("ring_full")
            return self.slots.claim()
        while place is None and not self.stopping:
            self.alive(5.0)
            self.lock.wait(WAIT_S)
            place = self.slots.claim()
        return place

    def _grow(self, size: int) -> None:
        """A new ring for larger pictures; the old one is emptied and goes."""
        generations = [int(ring.name.split(".")[1]) for ring in self._rings]
        path = self._places.ring(self._camera.name, max(generations, default=0) + 1)
        ring = Ring.create(path, slots=self._camera.slots, slot_bytes=size)
        self._rings.append(ring)
        self.slots.use(ring)
        for account in self.accounts.values():
            self._note(account)

    def _note(self, account: RunAccount) -> None:
        if self._rings and not self._rings[-1].note_run(
            RunEntry(account.run, account.captured, account.lost, account.ended, account.session)
        ):
            log.warning("%s: more runs are open than a ring remembers; has the recorder stopped?", self._camera.name)

    def _drop_oldest(self, reason: str) -> None:
        key: Key | None = self.slots.drop_oldest()
        if key is not None:
            self.accounts[key.run].decide(key.seq, key.seq + 1, f"dropped:{reason}")
