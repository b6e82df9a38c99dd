"""What the two threads of a capture share behind one lock: rings (camera_rings.py), slots, accounts (camera_runs.py).

The intake thread brings pictures (`place`); the work loop hands them out and keeps the account. Which part a picture is
of is part_desk.py's to know. Knows no socket.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from stream.camera_rings import CameraRings
from stream.camera_runs import CameraRuns
from stream.messages import Key
from stream.orders import Orders
from stream.part_desk import PartDesk
from stream.places import Places
from stream.ring import RingError
from stream.ring_layout import RunEntry
from stream.run_account import RunAccount
from stream.settings import CameraSettings
from stream.slots import Place, Slots
from stream.sources.source import Picture

NO_ROOM = "no_room"  # why a picture was dropped: shared memory has no room for a ring
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
        self.rings = CameraRings(camera, places)
        self.runs = CameraRuns(camera, session, source)
        self.accounts = self.runs.accounts
        self.state = CameraState("starting", "opening the source")
        self.picture_size: tuple[int, int] | None = None  # width, height of the newest whole picture
        self.stopping = False
        self.alive_until = time.monotonic() + 60.0
        self._camera = camera
        self._places = places
        self._session = session
        self._wake = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._adopt_rings()
        orders = Orders(places.orders(camera.name), session)
        self.parts = PartDesk(camera, self.rings, self.runs, orders, self.lock, self.wake)
        self.last_picture_mono_ns = self.rings.newest_mono_ns  # also of the capture that left its rings; 0: none
        self.over = self.runs.over()  # an earlier capture came to the end of this recording

    # --- for the intake thread ---

    def begin_run(self) -> RunAccount:
        """A new run, named by the microsecond (UTC) of its beginning."""
        with self.lock:
            account = self.runs.begin()
            self.rings.note(account)  # first: a part of a run that the ring does not know is nobody's
            self.parts.run_begins(account)
            return account

    def end_run(self, account: RunAccount, note: str, gone: Iterable[tuple[int, int]] = ()) -> None:
        """No further picture belongs to the run. `gone`: intervals that a dead capture had and nobody read again."""
        with self.lock:
            self.parts.run_ends(account)
            for start, stop in gone:
                account.decide(start, stop, "dropped:capture_died")
            account.ended, account.note = True, note
            self.rings.note(account)
        self.wake()

    def alive(self, allowed_s: float) -> None:
        """The intake thread is well, and may be silent for so long from now."""
        self.alive_until = time.monotonic() + allowed_s

    def say(self, word: str, text: str) -> None:
        self.state = CameraState(word, text)
        self.wake()

    def place(self, account: RunAccount, picture: Picture, *, mono_ns: int, utc_ns: int) -> bool:
        """Numbers a picture and puts it into a slot, or drops a frame by name. False where the capture stops.

        `every` waits here for a slot. Raises RingError where shared memory does not suffice: the picture is counted.
        """
        pixels = picture.pixels
        if picture.problem is None:
            self.picture_size = pixels.shape[1], pixels.shape[0]
        with self.lock:
            try:
                place = self._place_for(pixels.nbytes)
            except RingError:
                seq = self._number(account, picture, mono_ns)
                account.decide(seq, seq + 1, f"dropped:{NO_ROOM}")
                raise
            if place is None and self.stopping:
                return False
            seq = self._number(account, picture, mono_ns)
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
            part=account.part,
        )
        with self.lock:
            self.slots.ready(place)
            if self._camera.newest:
                while self.slots.waiting > self._camera.waiting_max:
                    self._drop_oldest("newest")
        self.wake()
        return True

    def leave_out(self, account: RunAccount, pictures: int, *, mono_ns: int, reason: str) -> None:
        """Numbers pictures of a live camera that came and have no pixels, and drops them by name."""
        with self.lock:
            for _ in range(pictures):
                self._number(account, None, mono_ns)
            account.decide(account.captured - pictures, account.captured, f"dropped:{reason}")
        self.wake()

    # --- for the work loop ---

    @property
    def folder(self) -> Path:
        """Where the rings lie."""
        return self._places.folder

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
        if self._camera.live or account.challenge or account.session != self._session:
            self.rings.forget_run(account.run)
        self.parts.settled(account.run)
        del self.accounts[account.run]

    def tidy(self) -> None:
        """Lets go of older rings that hold nothing any more."""
        self.rings.tidy()

    def close(self) -> None:
        """Leaves rings with unsettled frames to the next capture, and removes the others."""
        self.rings.close(settled=not self.accounts and not len(self.slots))
        os.close(self._wake)

    def _adopt_rings(self) -> None:
        """The pictures that a dead capture left wait again, and their runs have accounts."""
        for ring in self.rings:
            self.slots.use(ring)
            for entry in ring.runs.open():
                self.runs.adopt(entry)
            for run, seqs in self.slots.held_by_run().items():
                if run not in self.accounts:
                    self.runs.adopt(RunEntry(run, max(seqs) + 1, ended=True))

    def _number(self, account: RunAccount, picture: Picture | None, mono_ns: int) -> int:
        """The picture's number in its run; the ring remembers how far the run has come. None: it has no pixels."""
        self.parts.picture(account, mono_ns)
        seq = account.captured if picture is None or self._camera.live else picture.index
        account.captured = max(account.captured, seq + 1)
        self.rings.note(account)
        self.last_picture_mono_ns = mono_ns
        return seq

    def _place_for(self, size: int) -> Place | None:
        """A slot that such a picture fits into: waits for one (`every`), or makes the oldest frame give way."""
        if not self.rings.fits(size):
            self._grow(size)
        place = self.slots.claim()
        if place is None and self._camera.newest:
            self._drop_oldest("ring_full")
            return self.slots.claim()
        if place is None and self.state.word != "running":
            # There is a picture, so the camera is well: it is those who judge that are waited for.
            self.say("running", "")
        while place is None and not self.stopping:
            self.alive(5.0)
            self.lock.wait(WAIT_S)
            place = self.slots.claim()
        return place

    def _grow(self, size: int) -> None:
        """A new ring for larger pictures; the old one is emptied and goes."""
        self.slots.use(self.rings.grow(size))
        for account in self.accounts.values():
            self.rings.note(account)
            for begun in account.unconfirmed_parts:
                self.rings.note_part(account, begun)

    def _drop_oldest(self, reason: str) -> None:
        key: Key | None = self.slots.drop_oldest()
        if key is not None:
            self.accounts[key.run].decide(key.seq, key.seq + 1, f"dropped:{reason}")
