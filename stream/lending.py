"""The inspectors' side of a capture: frames are lent to those who ask, and given back when their inspector dies.

Knows the desk and one socket; not the recorder.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from stream.desk import Desk
from stream.links import Link, Links
from stream.messages import Ask, FrameRef, Key, Lease, Waiting
from stream.settings import CameraSettings
from stream.slots import Holding

LEASE_MOST_S = 10.0  # a lease older than this is given back, whatever its inspector does
UNRELEASED_S = 2.0  # a judged frame of a dead inspector that the recorder has not released by then is judged again
Tell = Callable[[int, str, str], None]  # run, kind of event, text


@dataclass
class Peer:
    """An inspector that has asked."""

    pid: int
    descriptor: int  # readable when the process is dead
    idle: bool = True  # asked, and was told that nothing waits


class Lending:
    """Leases of one camera's frames."""

    def __init__(self, camera: CameraSettings, desk: Desk, links: Links, inspectors: Link, tell: Tell) -> None:
        self._camera = camera
        self._desk = desk
        self._links = links
        self._inspectors = inspectors
        self._tell = tell
        self._peers: dict[str, Peer] = {}
        self._host, self._boot_id = os.uname().nodename, Path("/proc/sys/kernel/random/boot_id").read_text().strip()

    def listen(self) -> None:
        """Answers every inspector that has asked, and tells the idle ones when something waits."""
        for sender, message in self._inspectors.receive():
            if isinstance(message, Ask):
                self._answer(sender, message)
        self._announce()

    def close(self) -> None:
        for peer in self._peers.values():
            self._links.unwatch(peer.descriptor)
            os.close(peer.descriptor)
        self._peers.clear()

    def bury(self, readable: set[int]) -> None:
        """Gives back the frames of inspectors whose descriptor says that they are dead."""
        for name in [n for n, peer in self._peers.items() if peer.descriptor in readable]:
            self._lose(name)

    def overdue(self) -> None:
        """Gives back what an inspector has had for too long, or judged and took along when it died."""
        now_ns = time.monotonic_ns()
        with self._desk.lock:
            late = self._desk.slots.overdue(now_ns - round(LEASE_MOST_S * 1e9), judged=False)
            self._give_back(*self._desk.slots.wait_again(late, guilty=True))
            unreleased = self._desk.slots.overdue(now_ns - round(UNRELEASED_S * 1e9), judged=True)
            orphans = [h for h in unreleased if h.inspector not in self._peers]
            self._give_back(*self._desk.slots.wait_again(orphans, guilty=False))

    def _answer(self, sender: bytes, ask: Ask) -> None:
        self._meet(ask)
        now_ns = time.monotonic_ns()
        with self._desk.lock:
            self._desk.slots.judged(ask.judged, now_ns)
            leased = self._desk.slots.lease(ask.inspector, ask.credits, now_ns)
            frames = tuple(self._ref(holding) for holding in leased)
            waiting = self._waiting()
        peer = self._peers.get(ask.inspector)
        if peer is not None:
            peer.idle = waiting.count == 0
        if not self._inspectors.send(Lease(frames, waiting), to=sender) and leased:
            with self._desk.lock:
                self._desk.slots.wait_again(leased, guilty=False)

    def _meet(self, ask: Ask) -> None:
        """Gets to know an inspector, so that its death is noticed at once."""
        known = self._peers.get(ask.inspector)
        if known is not None and known.pid == ask.pid:
            return
        if known is not None:
            self._lose(ask.inspector)
        try:
            descriptor = os.pidfd_open(ask.pid)
        except OSError:
            return  # dead already; its leases, should it get any, become overdue
        self._links.watch(descriptor)
        self._peers[ask.inspector] = Peer(ask.pid, descriptor)

    def _lose(self, inspector: str) -> None:
        """An inspector died: its frames wait again; a frame that killed too many is UNKNOWN."""
        peer = self._peers.pop(inspector)
        self._links.unwatch(peer.descriptor)
        os.close(peer.descriptor)
        with self._desk.lock:
            again, poison = self._desk.slots.give_back(inspector)
            self._give_back(again, poison)

    def _give_back(self, again: list[Key], poison: list[Key]) -> None:
        for key in [*again, *poison]:
            self._desk.accounts[key.run].expired += 1
        for key in poison:
            self._desk.accounts[key.run].decide(key.seq, key.seq + 1, "UNKNOWN", "poison")
            self._tell(key.run, "poison", f"frame {key.seq}: three inspectors died of it; it is UNKNOWN")
        self._desk.lock.notify_all()

    def _announce(self) -> None:
        """Tells those who were told that nothing waits that something does."""
        idle = [name for name, peer in self._peers.items() if peer.idle]
        if idle and self._desk.slots.waiting:
            with self._desk.lock:
                waiting = self._waiting()
            for name in idle:
                self._peers[name].idle = not self._inspectors.send(waiting, to=name.encode())

    def _waiting(self) -> Waiting:
        slots = self._desk.slots
        return Waiting(self._camera.name, slots.waiting, slots.oldest_mono_ns, self._camera.newest)

    def _ref(self, holding: Holding) -> FrameRef:
        header = holding.place.header()
        return FrameRef(
            camera=self._camera.name,
            run=header.run,
            seq=header.seq,
            captured_mono_ns=header.captured_mono_ns,
            captured_utc_ns=header.captured_utc_ns,
            pts_s=header.pts_s,
            host=self._host,
            boot_id=self._boot_id,
            ring=holding.place.ring.name,
            slot=holding.place.slot,
            lock=header.lock,
            height=header.height,
            width=header.width,
            attempt=holding.attempt,
            problem=header.problem,
            deadline_ms=self._camera.deadline_ms if self._camera.newest else None,
        )
