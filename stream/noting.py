"""What people do at the page goes to the recorder, in the page's own loop, and is said again until it is noted."""

from __future__ import annotations

import asyncio
import os

from stream.acts import refusal_of
from stream.links import Link, Links
from stream.messages import Act, Noted
from stream.places import Places

ANSWER_S = 5.0
AGAIN_S = 0.5  # a recorder that was killed in between has forgotten; its successor is told again
LOOK_S = 0.05
WAITING_MAX = 64  # acts without an answer; past it none is sent
FULL = f"{WAITING_MAX} acts wait for the recorder; this one is not passed on"


class Noting:
    """Acts on their way; in the loop's own thread. Until it is opened, nobody answers."""

    def __init__(self) -> None:
        self._link: Link | None = None
        self._waiting: dict[str, asyncio.Future[Noted]] = {}

    def open(self, links: Links, places: Places) -> None:
        """Connects to the recorder, in the running loop."""
        self._link = links.ask(places.socket("record"), f"noting {os.getpid()}", (Noted,))
        asyncio.get_running_loop().add_reader(self._link.descriptor, self.drain)

    async def note(self, act: Act) -> Noted | None:
        """What the recorder says once the act is on disk; None where it does not answer in time.

        None does not say that the act is not on record: say it again with the same id, and it is there once.
        """
        if refusal := refusal_of(act):
            return Noted(act.id, False, refusal)
        if act.id not in self._waiting and len(self._waiting) >= WAITING_MAX:
            return Noted(act.id, False, FULL)
        loop = asyncio.get_running_loop()
        answered = self._waiting.setdefault(act.id, loop.create_future())
        until_s, again_s = loop.time() + ANSWER_S, 0.0
        try:
            while not answered.done() and (now_s := loop.time()) < until_s:
                if self._link is not None and now_s >= again_s:
                    again_s = now_s + AGAIN_S
                    self._link.send(act)
                self.drain()  # sending may have used up the edge that told of an answer
                await asyncio.wait((answered,), timeout=LOOK_S)
            return answered.result() if answered.done() else None
        finally:
            self._waiting.pop(act.id, None)

    def drain(self) -> None:
        """Takes what has arrived; called now and then as well, for the wait may have used up the edge."""
        if self._link is None:
            return
        for _, message in self._link.receive():
            if isinstance(message, Noted) and (waiting := self._waiting.get(message.id)) and not waiting.done():
                waiting.set_result(message)
        if self._link.arrived:
            asyncio.get_running_loop().call_soon(self.drain)

    def close(self) -> None:
        if self._link is not None:
            asyncio.get_running_loop().remove_reader(self._link.descriptor)
            self._link = None
