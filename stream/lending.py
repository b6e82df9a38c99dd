"""The inspectors' side of a capture: frames are lent to those who ask, and given back when their inspector dies.

Knows the desk and one socket; not the recorder.
"""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import msgspec

from stream.desk import Desk
from stream.far import Far
from stream.links import Link, Links
from stream.messages import Ask, FrameRef, Key, Lease, Look, Trigger, Triggered, Waiting
from stream.ring_views import RingViews
from stream.settings import CameraSettings
from stream.slots import Holding

TAKES = (Ask, Look, Trigger)
LEASE_MOST_S = 10.0  # a lease older than this is given back where nobody sees whether its inspector lives
LEASE_WATCHED_S = 60.0  # where it lives: many tiles take long, and an inspector that hangs is killed
UNRELEASED_S = 2.0  # a judged frame of a dead inspector that the recorder has not released by then is judged again
PEERS_MAX = 256  # inspectors whose death is watched for; a line has 64, and twice as many while its bundle changes
NO_DESCRIPTOR = (errno.EMFILE, errno.ENFILE, errno.ENOMEM)
Tell = Callable[[int, str, str], None]  # run, kind of event, text
Announce = Callable[[Trigger], Triggered]


@dataclass
class Peer:
    """An inspector that has asked."""

    pid: int
    life: int
    descriptor: int | None  # readable when the process is dead; None: on another host, known to be dead by silence
    heard_s: float
    idle: bool = False  # the last that it was told is that nothing waits


class Lending:
    """Leases of one camera's frames."""

    def __init__(
        self,
        camera: CameraSettings,
        desk: Desk,
        links: Links,
        inspectors: Link,
        tell: Tell,
        here: str = "",
        far: Far | None = None,
        announce: Announce | None = None,
    ) -> None:
        """`here`, `far`: the name of this host and the way to others, where the line has several.

        `announce`: what takes the parts that a camera is told of.
        """
        self._camera = camera
        self._desk = desk
        self._links = links
        self._inspectors = inspectors
        self._tell = tell
        self._announce_part = announce
        self._peers: dict[str, Peer] = {}
        self._here, self._far = here, far
        # Loaded where there are other hosts: a capture has no other use for OpenCV, and costs its memory by the camera.
        self._lending_far: Any = None if far is None else import_module("stream.far_lending")
        self._views = RingViews(desk.folder)  # for displays on other hosts
        self._host, self._boot_id = os.uname().nodename, Path("/proc/sys/kernel/random/boot_id").read_text().strip()

    def listen(self) -> None:
        """Answers inspectors that have asked, and tells the idle ones when something waits."""
        for sender, message in self._inspectors.receive():
            if isinstance(message, Ask):
                self._answer(sender, message)
            elif isinstance(message, Look) and self._far is not None:
                self._inspectors.send(self._lending_far.shown(message, self._views, self._far), to=sender)
            elif isinstance(message, Trigger) and self._announce_part is not None:
                self._inspectors.send(self._announce_part(message), to=sender)
        self._announce()

    def close(self) -> None:
        for peer in self._peers.values():
            self._forget(peer)
        self._views.close()
        self._peers.clear()

    def bury(self, readable: set[int]) -> None:
        """Gives back the frames of inspectors whose descriptor says that they are dead."""
        for name in [n for n, peer in self._peers.items() if peer.descriptor in readable]:
            self._lose(name)

    def overdue(self) -> None:
        """Gives back what an inspector has had for too long, or judged and took along when it died."""
        self._bury_silent()
        now_ns = time.monotonic_ns()
        with self._desk.lock:
            late = self._desk.slots.overdue(now_ns - round(LEASE_MOST_S * 1e9), judged=False)
            late = [h for h in late if not self._watched(h) or h.since_mono_ns < now_ns - round(LEASE_WATCHED_S * 1e9)]
            self._give_back(*self._desk.slots.wait_again(late, guilty=True))
            unreleased = self._desk.slots.overdue(now_ns - round(UNRELEASED_S * 1e9), judged=True)
            orphans = [h for h in unreleased if h.inspector not in self._peers]
            self._give_back(*self._desk.slots.wait_again(orphans, guilty=False))

    def _answer(self, sender: bytes, ask: Ask) -> None:
        credits = ask.credits if self._meet(ask) else 0
        now_ns = time.monotonic_ns()
        away = self._far if ask.host != self._here else None
        with self._desk.lock:
            self._desk.slots.judged(ask.judged, now_ns)
            again = self._desk.slots.leased_to(ask.inspector)[:credits] if away is not None else []
            leased = again or self._desk.slots.lease(ask.inspector, credits, now_ns)
            frames = tuple(self._ref(holding) for holding in leased)
            waiting = self._waiting()
        pictures = () if away is None else self._lending_far.sent_along(leased, away)
        peer = self._peers.get(ask.inspector)
        if peer is not None:
            if away is None and peer.idle and not (ask.credits or waiting.count):
                return  # it wants nothing, and would be told what it knows: two processes need not wake for that
            peer.idle = waiting.count == 0
        if away is not None:
            waiting = msgspec.structs.replace(waiting, sent_mono_ns=time.monotonic_ns())
        lease = Lease(frames, waiting, ask.asked_mono_ns, pictures)
        if not self._inspectors.send(lease, to=sender) and leased:
            with self._desk.lock:
                self._desk.slots.wait_again(leased, guilty=False)

    def _meet(self, ask: Ask) -> bool:
        """Gets to know an inspector, so that its death is noticed at once; False: it is dead, and must get nothing."""
        known = self._peers.get(ask.inspector)
        if known is not None and (known.pid, known.life) == (ask.pid, ask.life):
            known.heard_s = time.monotonic()
            return True
        if known is not None:
            self._lose(ask.inspector)
        if len(self._peers) >= PEERS_MAX:
            return True  # each costs a descriptor; the leases of one more, should it get any, become overdue
        descriptor = None
        if ask.host == self._here:
            try:
                descriptor = os.pidfd_open(ask.pid)
            except OSError as error:
                return error.errno in NO_DESCRIPTOR  # not watched; its leases, should it get any, become overdue
            self._links.watch(descriptor)
        self._peers[ask.inspector] = Peer(ask.pid, ask.life, descriptor, time.monotonic())
        return True

    def _watched(self, holding: Holding) -> bool:
        """Whether the death of the inspector that has this frame would be noticed at once."""
        peer = self._peers.get(holding.inspector or "")
        return peer is not None and peer.descriptor is not None

    def _bury_silent(self) -> None:
        """Gives back the frames of inspectors on other hosts that have said nothing for too long."""
        if self._far is None:
            return
        before_s = time.monotonic() - self._far.silent_s
        for name in [n for n, peer in self._peers.items() if peer.descriptor is None and peer.heard_s < before_s]:
            self._tell(0, "silent", f"{name}, on another host, has said nothing for {self._far.silent_s:g} s")
            self._lose(name)

    def _forget(self, peer: Peer) -> None:
        if peer.descriptor is not None:
            self._links.unwatch(peer.descriptor)
            os.close(peer.descriptor)

    def _lose(self, inspector: str) -> None:
        """An inspector died: its frames wait again; a frame that killed too many is UNKNOWN."""
        self._forget(self._peers.pop(inspector))
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
        now_ns = 0 if self._far is None else time.monotonic_ns()
        return Waiting(self._camera.name, slots.waiting, slots.oldest_mono_ns, self._camera.newest, now_ns, slots.alone)

    def _ref(self, holding: Holding) -> FrameRef:
        header = holding.place.header()
        account = self._desk.accounts.get(header.run)
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
            part=header.part,
            challenge=account is not None and account.challenge,
            deadline_ms=self._camera.deadline_ms if self._camera.newest else None,
        )
