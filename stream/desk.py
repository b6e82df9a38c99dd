"""What the two threads of a capture share: rings (camera_rings.py), slots and accounts, behind one lock.

The intake thread brings pictures (`place`); the work loop hands them out and keeps the account. Knows no socket.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from msgspec.structs import replace

from stream.announced import Announced, Told
from stream.camera_rings import CameraRings
from stream.messages import CHALLENGE_SOURCE, Key, PartBegin
from stream.orders import Orders
from stream.places import Places
from stream.ring import RingError
from stream.ring_layout import RUNS, RunEntry
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
        self.accounts: dict[int, RunAccount] = {}
        self.state = CameraState("starting", "opening the source")
        self.last_picture_mono_ns = 0  # also of the capture that left its rings; 0: none
        self.picture_size: tuple[int, int] | None = None  # width, height of the newest whole picture
        self.stopping = False
        self.alive_until = time.monotonic() + 60.0
        self._camera = camera
        self._places = places
        self._session = session
        self._source = source
        self._told_parts = camera.parts.told
        self._rings = CameraRings(camera, places)
        self._orders = Orders(places.orders(camera.name), session)
        ordered = camera.control.trigger == "software"
        self._announced = Announced(
            ordered=ordered, note=self._rings.note_part, move=self._rings.move_part, keep=self._orders.keep
        )
        self._announcing = threading.Lock()
        self._open: RunAccount | None = None  # the run that pictures come into
        self._wake = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        for ring in self._rings:
            self.slots.use(ring)
            for entry in ring.runs.open():
                self._adopt_run(entry)
            for run, seqs in self.slots.held_by_run().items():
                if run not in self.accounts:
                    self._adopt_run(RunEntry(run, max(seqs) + 1, ended=True))

        self._adopt_parts()
        self.ordered_in_vain = self._lose_orders("the capture died before their pictures came")
        self.last_picture_mono_ns = self._rings.newest_mono_ns
        mine = [a for a in self.accounts.values() if a.session == session and a.ended and not a.challenge]
        self.over = bool(mine) and not camera.live  # an earlier capture came to the end of this recording

    # --- for the intake thread ---

    def resumable(self) -> RunAccount | None:
        """The run of a recording that a dead capture left unfinished in this session; None where there is none."""
        if self._camera.live:
            return None
        mine = [a for a in self.accounts.values() if a.session == self._session and not (a.ended or a.challenge)]
        return max(mine, key=lambda account: account.run) if mine else None

    def begin_run(self) -> RunAccount:
        """A new run, named by the microsecond (UTC) of its beginning."""
        with self.lock:
            run = max([time.time_ns() // 1000, *(known + 1 for known in self.accounts)])
            account = RunAccount(self._camera.name, run, self._session, self._source, self._camera.live)
            self.accounts[run] = self._open = account
            self._rings.note(account)  # first: a part of a run that the ring does not know is nobody's
            self._announced.run_begins(account)
            return account

    def end_run(self, account: RunAccount, note: str, gone: Iterable[tuple[int, int]] = ()) -> None:
        """No further picture belongs to the run. `gone`: intervals that a dead capture had and nobody read again."""
        with self.lock:
            self._open = None
            self._announced.run_ends(account)
            for start, stop in gone:
                account.decide(start, stop, "dropped:capture_died")
            account.ended, account.note = True, note
            self._rings.note(account)
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

    def lull(self, account: RunAccount, mono_ns: int) -> None:
        """All that had come by then is placed, and the camera waits: parts that were announced by then have begun."""
        with self.lock:
            self._announced.lull(account, mono_ns)

    # --- for challenges ---

    def challenge(self, run: int, name: str, pixels: np.ndarray) -> bool:
        """Puts a stored picture into a slot, as a run of its own; False where there is no room now. Waits for none."""
        with self.lock:
            ring = self._rings.newest
            room = ring is not None and ring.slot_bytes >= pixels.nbytes and len(self.accounts) < RUNS - 2
            place = self.slots.claim() if room and not self.stopping else None
            if place is None:
                return False
            source = f"{CHALLENGE_SOURCE}{name}"
            account = RunAccount(
                self._camera.name, run, self._session, source, self._camera.live, captured=1, challenge=True
            )
            self.accounts[run] = account
            self._rings.note(account)
        now_ns, utc_ns = time.monotonic_ns(), time.time_ns()
        place.ring.write(
            place.slot,
            pixels,
            run=run,
            seq=0,
            captured_mono_ns=now_ns,
            captured_utc_ns=utc_ns,
            pts_s=None,
            problem=None,
        )
        with self.lock:
            self.slots.ready(place)
            account.ended, account.note = True, "a challenge"
            self._rings.note(account)
        self.wake()
        return True

    # --- for whoever announces parts ---

    def announce(self, told: Told, order: Callable[[], str]) -> str:
        """A part is before the camera; why that is not taken, in words. `order` orders a picture; words: it cannot."""
        if not self._told_parts:
            return f"camera {self._camera.name} is told of no parts; set parts.told_by"
        with self._announcing:
            with self.lock:
                unconfirmed = sum(len(account.unconfirmed_parts) for account in self.accounts.values())
                if not self._announced.ordered:
                    refused = self._announced.follow(told, self._open, unconfirmed)
                    self.wake()
                    return refused
                refused = self._announced.order(told, unconfirmed)
            if not refused and (refused := order()):
                with self.lock:
                    self._announced.cancel()
            return refused

    def nobody(self) -> None:
        """Which part is before the camera is not known any more."""
        with self.lock:
            self._announced.nobody(self._open, time.time_ns(), time.monotonic_ns())
        self.wake()

    def unanswered(self, why: str) -> tuple[Told, ...]:
        """What was ordered of a camera that went away before its first picture: parts of a run without pictures."""
        with self.lock:
            self._lose_orders(why)
            return self._announced.run_ends(None)

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
            self._rings.forget_run(account.run)
        self._orders.settled(account.run)
        del self.accounts[account.run]

    def confirmed(self, account: RunAccount) -> None:
        """The log has the parts that the account does not list any more."""
        self._rings.forget_parts(account)

    def tidy(self) -> None:
        """Lets go of older rings that hold nothing any more."""
        self._rings.tidy()

    def close(self) -> None:
        """Leaves rings with unsettled frames to the next capture, and removes the others."""
        self._rings.close(settled=not self.accounts and not len(self.slots))
        os.close(self._wake)

    def _adopt_run(self, entry: RunEntry) -> None:
        known = self.accounts.get(entry.run)
        if known is None or entry.captured >= known.captured:
            self.accounts[entry.run] = RunAccount(
                self._camera.name,
                entry.run,
                entry.session,
                CHALLENGE_SOURCE if entry.challenge else self._source,
                self._camera.live,
                captured=entry.captured,
                lost=entry.lost,
                ended=entry.ended,
                challenge=entry.challenge,
                recalled=False,
                serial=time.monotonic_ns(),  # a late answer to the dead capture must confirm nothing of this one
            )

    def _number(self, account: RunAccount, picture: Picture | None, mono_ns: int) -> int:
        """The picture's number in its run; the ring remembers how far the run has come. None: it has no pixels."""
        self._announced.picture(account, mono_ns)
        seq = account.captured if picture is None or self._camera.live else picture.index
        account.captured = max(account.captured, seq + 1)
        self._rings.note(account)
        self.last_picture_mono_ns = mono_ns
        return seq

    def _place_for(self, size: int) -> Place | None:
        """A slot that such a picture fits into: waits for one (`every`), or makes the oldest frame give way."""
        if not self._rings.fits(size):
            self._grow(size)
        place = self.slots.claim()
        if place is None and self._camera.newest:
            self._drop_oldest("ring_full")
            return self.slots.claim()
        if place is None and self.state.word != "running":
            self.say(
                "running", ""
            )  # there is a picture, so the camera is well: it is those who judge that are waited for
        while place is None and not self.stopping:
            self.alive(5.0)
            self.lock.wait(WAIT_S)
            place = self.slots.claim()
        return place

    def _grow(self, size: int) -> None:
        """A new ring for larger pictures; the old one is emptied and goes."""
        self.slots.use(self._rings.grow(size))
        for account in self.accounts.values():
            self._rings.note(account)
            for begun in account.unconfirmed_parts:
                self._rings.note_part(account, begun)

    def _adopt_parts(self) -> None:
        """The parts that a dead capture began. The newest ring gets them all, for older ones go."""
        for ring in reversed([*self._rings]):  # an older one may have a row that was moved since in the newest
            for run, begun in ring.parts.open():
                account = self.accounts.get(run)
                if account is None:
                    ring.parts.forget(run, begun.number + 1)
                elif begun.number not in {known.number for known in account.unconfirmed_parts}:
                    # It was moved past a picture that the capture did not live to number.
                    begun = replace(begun, seq=min(begun.seq, account.captured))
                    account.adopt_part(begun)
                    if ring is not self._rings.newest:
                        self._rings.note_part(account, begun)

    def _lose_orders(self, why: str) -> tuple[PartBegin, ...]:
        """Orders whose pictures will not come are parts of a run without pictures: those of all such runs."""
        run = max([time.time_ns() // 1000, *(known + 1 for known in self.accounts)])
        begun = [part for account in self.accounts.values() for part in account.unconfirmed_parts]
        runs = self._orders.lose(run, why, begun)
        for lost in runs:
            new = RunAccount(self._camera.name, lost.run, lost.session, self._source, self._camera.live)
            account = self.accounts.setdefault(lost.run, new)
            account.ended, account.note = True, lost.note
            for part in lost.parts:
                account.adopt_part(part)
        return tuple(part for lost in runs for part in lost.parts)

    def _drop_oldest(self, reason: str) -> None:
        key: Key | None = self.slots.drop_oldest()
        if key is not None:
            self.accounts[key.run].decide(key.seq, key.seq + 1, f"dropped:{reason}")
