"""What the page is told of parts and recipes goes to the supervisor over its control socket, in the page's own loop."""

from __future__ import annotations

import asyncio
import os

from msgspec.structs import replace

from stream.links import Links
from stream.messages import Answer, Command
from stream.places import Places

ANSWER_S = 4.0  # longer than the supervisor waits for a capture
ASKED_MAX = 64  # announcements without an answer; past it none is sent
FULL = Answer(False, f"{ASKED_MAX} announcements wait for their answer; this one is not passed on")


class Announcing:
    """Announcements on their way; in the loop's own thread."""

    def __init__(self, links: Links, places: Places) -> None:
        self._link = links.ask(places.socket("control"), f"display {os.getpid()}", (Answer,))
        self._loop = asyncio.get_running_loop()
        self._asked: dict[int, asyncio.Future[Answer]] = {}
        self._serial = 0
        self._open = True
        self._loop.add_reader(self._link.descriptor, self.drain)

    async def announce(self, camera: str, part: str, who: str) -> Answer | None:
        """The supervisor's answer; None where it gives none in time."""
        return await self._ask(Command("trigger", who, camera, part), ANSWER_S)

    async def recipe(self, recipe: str, who: str, wait_s: float) -> Answer | None:
        """How the change to that recipe came out; None where nothing was heard in time: it may still come."""
        return await self._ask(Command("recipe", who, recipe=recipe), wait_s)

    async def _ask(self, command: Command, wait_s: float) -> Answer | None:
        if len(self._asked) >= ASKED_MAX:
            return FULL
        self._serial += 1
        serial, answered = self._serial, self._loop.create_future()
        self._asked[serial] = answered
        try:
            self._link.send(replace(command, serial=serial))
            return await asyncio.wait_for(answered, wait_s)
        except asyncio.TimeoutError:
            return None
        finally:
            self._asked.pop(serial, None)

    def drain(self) -> None:
        """Takes what has arrived; called now and then as well, for the wait may have used up the edge."""
        if not self._open:
            return
        for _, message in self._link.receive():
            if isinstance(message, Answer) and (asked := self._asked.get(message.serial)) and not asked.done():
                asked.set_result(message)
        if self._link.arrived:
            self._loop.call_soon(self.drain)

    def close(self) -> None:
        self._open = False
        self._loop.remove_reader(self._link.descriptor)
