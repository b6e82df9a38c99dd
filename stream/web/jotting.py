"""Acts that nobody waits for (logins, refused calls): they go to the recorder one after the other, and are said again.

A recorder that is away must not keep anybody from logging in. What it cannot be told is counted, and said in the log.
"""

from __future__ import annotations

import asyncio
import logging
import time
from uuid import uuid4

from stream.messages import Act
from stream.noting import Noting
from stream.web.rights import OTHERS
from stream.web.turned_away import TurnedAway
from stream.web.visitor import Visitor

log = logging.getLogger("linewatch.page")
WAITING_MAX = 256
AGAIN_S = 1.0  # after a refusal for want of room


class Jotting:
    """Acts on their way; in the loop's own thread."""

    def __init__(self, noting: Noting) -> None:
        self.lost = 0
        self._noting = noting
        self._waiting: asyncio.Queue[Act] = asyncio.Queue(WAITING_MAX)
        self._refused = TurnedAway()  # as with what is turned away: a flood becomes sums

    def jot(self, visitor: Visitor, kind: str, subject: str, new: str = "") -> None:
        """An act for the audit."""
        try:
            self._waiting.put_nowait(act_of(visitor, kind, subject, new=new))
        except asyncio.QueueFull:
            self.lost += 1
            if self.lost == 1:
                log.warning("the recorder takes no acts: %s of %s is not on record", kind, visitor.name)

    def refused(self, visitor: Visitor, call: str, said: str) -> None:
        """Somebody asked for what is not theirs to ask."""
        self._refused.note(call, f"{visitor.role} {visitor.name}", said, time.monotonic())
        self.tell_refused()

    def tell_refused(self) -> None:
        """What is due; called now and then as well."""
        for told in self._refused.tellings(time.monotonic()):
            role, _, name = told.peer.partition(" ")
            visitor = Visitor(name, role) if name else OTHERS
            times = "" if told.times == 1 and not told.again else f"{told.times} times {told.since}; "
            self.jot(visitor, "refused", told.kind, new=f"{times}{told.said}")

    async def work(self) -> None:
        """Tells the recorder until it is cancelled."""
        while True:
            act = await self._waiting.get()
            while (noted := await self._noting.note(act)) is None:
                pass  # it waits for the recorder itself
            if not noted.ok:
                log.warning("%s of %s is not on record: %s", act.kind, act.who, noted.text)
                await asyncio.sleep(AGAIN_S)


def act_of(visitor: Visitor, kind: str, subject: str, *, old: str = "", new: str = "") -> Act:
    """An act that is done now."""
    return Act(uuid4().hex, time.time_ns(), visitor.name, visitor.role, kind, subject, old, new)
