"""How the page hears the line: what its roles publish, taken as it arrives, in the loop that serves the page."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from stream.links import BURST, Links
from stream.messages import CameraStatus, Event, HouseStatus, Judged, LineStatus, Message
from stream.places import Places
from stream.settings import LineSettings

TAKES = (Judged, CameraStatus, LineStatus, HouseStatus)


def published(line: LineSettings) -> list[str]:
    """The names of all sockets on which the line says how it is."""
    inspectors = [f"inspect-{number}-live" for number in range(1, line.inspector.count + 1)]
    captures = [f"capture-{camera.name}-live" for camera in line.cameras]
    return [*inspectors, *captures, "record-live", "house-live"]


class Ear:
    """Takes what others publish as it arrives, in the loop's own thread; in bursts, so that other work goes on."""

    def __init__(self, links: Links, names: Iterable[str], places: Places, take: Callable[[Message], None]) -> None:
        self._links = links
        self._link = links.listen((places.socket(name) for name in names), TAKES)
        self._recorder = links.ask(places.socket("record"), "display")
        self._take = take
        self._loop = asyncio.get_running_loop()
        self._open = True
        self._loop.add_reader(self._link.descriptor, self.drain)

    def mind(self) -> None:
        """Minds the keys of other hosts; then takes what has arrived: the wait may have used up the edge."""
        self._links.wait(0.0)
        self.drain()

    def drain(self) -> None:
        if not self._open:
            return
        for _, message in self._link.receive(BURST):
            self._take(message)
        if self._link.arrived:  # the descriptor tells only of what comes after an empty queue
            self._loop.call_soon(self.drain)

    def report(self, event: Event) -> None:
        """To the recorder, for the log."""
        self._recorder.send(event)

    def close(self) -> None:
        self._open = False
        self._loop.remove_reader(self._link.descriptor)
