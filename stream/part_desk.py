"""Parts at the desk of a capture: what is announced (announced.py) goes into runs, and outlives a dead capture.

Whoever announces may come from any thread. Knows the lock, the rings and the runs of the desk; no picture, no socket.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from msgspec.structs import replace

from stream.announced import Announced, Told
from stream.camera_rings import CameraRings
from stream.camera_runs import CameraRuns
from stream.messages import PartBegin
from stream.orders import Orders
from stream.run_account import RunAccount
from stream.settings import CameraSettings


class PartDesk:
    """The parts of one camera's runs."""

    def __init__(
        self,
        camera: CameraSettings,
        rings: CameraRings,
        runs: CameraRuns,
        orders: Orders,
        lock: threading.Condition,
        wake: Callable[[], None],
    ) -> None:
        """Adopts the parts that a dead capture left; `wake` says that there is news."""
        self._camera = camera
        self._rings = rings
        self._runs = runs
        self._orders = orders
        self._lock = lock
        self._wake = wake
        ordered = camera.control.trigger == "software"
        self._announced = Announced(ordered=ordered, note=rings.note_part, move=rings.move_part, keep=orders.keep)
        self._announcing = threading.Lock()
        self._open: RunAccount | None = None  # the run that pictures come into
        self._adopt()
        self.ordered_in_vain = self._lose_orders("the capture died before their pictures came")

    # --- for whoever announces parts ---

    def announce(self, told: Told, order: Callable[[], str]) -> str:
        """A part is before the camera; why that is not taken, in words. `order` orders a picture; words: it cannot."""
        if not self._camera.parts.told:
            return f"camera {self._camera.name} is told of no parts; set parts.told_by"
        with self._announcing:
            with self._lock:
                unconfirmed = sum(len(account.unconfirmed_parts) for account in self._runs.accounts.values())
                if not self._announced.ordered:
                    refused = self._announced.follow(told, self._open, unconfirmed)
                    self._wake()
                    return refused
                refused = self._announced.order(told, unconfirmed)
            if not refused and (refused := order()):
                with self._lock:
                    self._announced.cancel()
            return refused

    def nobody(self) -> None:
        """Which part is before the camera is not known any more."""
        with self._lock:
            self._announced.nobody(self._open, time.time_ns(), time.monotonic_ns())
        self._wake()

    # --- for the intake thread ---

    def lull(self, account: RunAccount, mono_ns: int) -> None:
        """All that had come by then is placed, and the camera waits: parts that were announced by then have begun."""
        with self._lock:
            self._announced.lull(account, mono_ns)

    def unanswered(self, why: str) -> tuple[Told, ...]:
        """What was ordered of a camera that went away before its first picture: parts of a run without pictures."""
        with self._lock:
            self._lose_orders(why)
            return self._announced.run_ends(None)

    # --- for the desk, which holds the lock ---

    def run_begins(self, account: RunAccount) -> None:
        """Pictures come into that run now."""
        self._open = account
        self._announced.run_begins(account)

    def picture(self, account: RunAccount, arrived_mono_ns: int) -> None:
        """A picture that arrived then gets its number: of what part it is."""
        self._announced.picture(account, arrived_mono_ns)

    def run_ends(self, account: RunAccount) -> None:
        """Pictures come into no run now; what was ordered of this one stays without its picture."""
        self._open = None
        self._announced.run_ends(account)

    def confirmed(self, account: RunAccount) -> None:
        """The log has the parts that the account does not list any more."""
        self._rings.forget_parts(account)

    def settled(self, run: int) -> None:
        """The log has all of that run."""
        self._orders.settled(run)

    def _adopt(self) -> None:
        """The parts that a dead capture began. The newest ring gets them all, for older ones go."""
        for ring in reversed([*self._rings]):  # an older one may have a row that was moved since in the newest
            for run, begun in ring.parts.open():
                account = self._runs.accounts.get(run)
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
        begun = [part for account in self._runs.accounts.values() for part in account.unconfirmed_parts]
        runs = self._orders.lose(self._runs.new_name(), why, begun)
        for lost in runs:
            account = self._runs.without_pictures(lost.run, lost.session, lost.note)
            for part in lost.parts:
                account.adopt_part(part)
        return tuple(part for lost in runs for part in lost.parts)
