"""Who looks at the page, and what each still has to get: one place per camera and viewer, the newest wins.

A viewer has credits: it says that it has a picture before it gets the one after the next. So nothing piles up in the
buffers between us, and what a slow viewer sees is old by its own delay alone. Knows no socket and no clock.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable

from stream.web.talk import Picture

CREDITS = 2  # pictures of a camera on their way to a viewer at once
VIEWERS_MAX = 64


class CrowdedError(Exception):
    """There are as many viewers as there may be."""


class Viewer:
    """One open page: what waits for it, newest only."""

    def __init__(self) -> None:
        self.something = asyncio.Event()
        self._pictures: dict[str, Picture] = {}
        self._texts: dict[str, str] = {}
        self._on_the_way: Counter[str] = Counter()

    def offer(self, picture: Picture) -> None:
        self._pictures[picture.camera] = picture
        self.something.set()

    def tell(self, kind: str, text: str) -> None:
        self._texts[kind] = text
        self.something.set()

    def got(self, camera: str) -> None:
        """The viewer has one picture of this camera."""
        if self._on_the_way[camera] > 0:
            self._on_the_way[camera] -= 1
            self.something.set()

    def wants(self, camera: str) -> bool:
        return self._on_the_way[camera] < CREDITS

    def take(self) -> tuple[list[str], list[Picture]]:
        """What may be sent now; it counts as on the way."""
        self.something.clear()
        texts, self._texts = list(self._texts.values()), {}
        ready = [camera for camera in self._pictures if self.wants(camera)]
        self._on_the_way.update(ready)
        return texts, [self._pictures.pop(camera) for camera in ready]


class Audience:
    """All viewers. `hungry` is called whenever one of them may want a picture that nobody wanted before."""

    def __init__(self, hungry: Callable[[], None] = lambda: None) -> None:
        self.hungry = hungry
        self._viewers: set[Viewer] = set()
        self._last: dict[str, Picture] = {}
        self._texts: dict[str, str] = {}

    def __len__(self) -> int:
        return len(self._viewers)

    def join(self) -> Viewer:
        """A new viewer, who at once gets the last of everything. Raises CrowdedError."""
        if len(self._viewers) >= VIEWERS_MAX:
            raise CrowdedError(f"{VIEWERS_MAX} pages are open already; close one")
        viewer = Viewer()
        for kind, text in self._texts.items():
            viewer.tell(kind, text)
        for picture in self._last.values():
            viewer.offer(picture)
        self._viewers.add(viewer)
        self.hungry()
        return viewer

    def leave(self, viewer: Viewer) -> None:
        self._viewers.discard(viewer)

    def got(self, viewer: Viewer, camera: str) -> None:
        viewer.got(camera)
        self.hungry()

    def wants(self, camera: str) -> bool:
        """Whether a picture of this camera would be sent to anybody."""
        return any(viewer.wants(camera) for viewer in self._viewers)

    def show(self, picture: Picture) -> None:
        self._last[picture.camera] = picture
        for viewer in self._viewers:
            viewer.offer(picture)

    def tell(self, kind: str, text: str) -> None:
        """To everybody, now and later."""
        self._texts[kind] = text
        for viewer in self._viewers:
            viewer.tell(kind, text)
