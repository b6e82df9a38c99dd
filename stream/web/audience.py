"""Who looks at the page, and what each still has to get: one place per camera and viewer, the newest wins.

A viewer has credits: it says that it has a picture before it gets the one after the next. So nothing piles up in the
buffers between us, and what a slow viewer sees is old by its own delay alone. Those who wish alike are shown the same
bytes. Knows no socket and no clock.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping

from stream.web.pictures import Picture, Wish

CREDITS = 2  # pictures of a camera on their way to a viewer at once
VIEWERS_MAX = 64
PROGRAMS_MAX = 8  # of them that cannot draw: their pictures cost the most
USUAL = Wish(960)


class CrowdedError(Exception):
    """There are as many viewers as there may be."""


class Viewer:
    """One open page: what it looks at, and what waits for it, newest only."""

    def __init__(self, usual: Wish = USUAL, *, program: bool = False) -> None:
        """A `program` takes pictures and no texts."""
        self.program = program
        self.something = asyncio.Event()
        self._usual: Wish | None = usual
        self._wishes: Mapping[str, Wish] = {}
        self._pictures: dict[str, Picture] = {}
        self._texts: dict[str, str] = {}
        self._on_the_way: Counter[str] = Counter()

    def look(self, wishes: Mapping[str, Wish]) -> None:
        """From now on these cameras, and no others."""
        self._usual, self._wishes = None, wishes
        self._pictures = {name: picture for name, picture in self._pictures.items() if name in wishes}

    def wish(self, camera: str) -> Wish | None:
        """How the viewer wants a camera's pictures; None: not at all."""
        return self._wishes.get(camera, self._usual)

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
            if camera in self._pictures:
                self.something.set()

    def wants(self, camera: str) -> bool:
        return self.wish(camera) is not None and self._on_the_way[camera] < CREDITS

    def take(self) -> tuple[list[str], list[Picture]]:
        """What may be sent now; it counts as on the way."""
        self.something.clear()
        texts, self._texts = list(self._texts.values()), {}
        ready = [camera for camera in self._pictures if self.wants(camera)]
        for camera in ready:  # Counter.update takes four times as long over one
            self._on_the_way[camera] += 1
        return texts, [self._pictures.pop(camera) for camera in ready]


class Audience:
    """All viewers. `hungry` is called whenever one of them may want a picture that nobody wanted before."""

    def __init__(self, hungry: Callable[[], None] = lambda: None, usual: Wish = USUAL) -> None:
        self.hungry = hungry
        self.usual = usual  # live pictures are not sent wider, but where somebody looks closely
        self._viewers: set[Viewer] = set()
        self._last: dict[str, Picture] = {}
        self._texts: dict[str, str] = {}

    def __len__(self) -> int:
        return len(self._viewers)

    def join(self, wishes: Mapping[str, Wish] | None = None) -> Viewer:
        """A new viewer, who at once gets the last of everything as others had it; with wishes it is a program.

        Raises CrowdedError.
        """
        if len(self._viewers) >= VIEWERS_MAX:
            raise CrowdedError(f"{VIEWERS_MAX} pages are open already; close one")
        if wishes is not None and sum(viewer.program for viewer in self._viewers) >= PROGRAMS_MAX:
            raise CrowdedError(f"{PROGRAMS_MAX} programs take pictures already; end one")
        viewer = Viewer(self.usual, program=wishes is not None)
        if wishes is None:
            for kind, text in self._texts.items():
                viewer.tell(kind, text)
            for picture in self._last.values():
                viewer.offer(picture)
        else:
            viewer.look(wishes)
        self._viewers.add(viewer)
        self.hungry()
        return viewer

    def leave(self, viewer: Viewer) -> None:
        self._viewers.discard(viewer)

    def look(self, viewer: Viewer, wishes: Mapping[str, Wish]) -> None:
        viewer.look(wishes)
        self.hungry()

    def got(self, viewer: Viewer, camera: str) -> None:
        viewer.got(camera)
        self.hungry()

    def wanted(self, camera: str) -> frozenset[Wish]:
        """How the next picture of this camera is wanted by those to whom it would be sent; empty: by nobody."""
        wishes = (viewer.wish(camera) for viewer in self._viewers if viewer.wants(camera))
        return frozenset(wish for wish in wishes if wish is not None)

    def show(self, pictures: Iterable[Picture]) -> None:
        """One frame, as it was wanted."""
        by_wish = {picture.wish: picture for picture in pictures}
        for picture in by_wish.values():
            if not picture.wish.drawn:
                self._last[picture.camera] = picture
        for viewer in self._viewers:
            for wish, picture in by_wish.items():
                if viewer.wish(picture.camera) == wish:
                    viewer.offer(picture)

    def tell(self, kind: str, text: str) -> None:
        """To everybody, now and later."""
        self._texts[kind] = text
        for viewer in self._viewers:
            if not viewer.program:
                viewer.tell(kind, text)
