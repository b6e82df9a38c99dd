"""The overlay videos of a recorder: one film a run. A recording waits for its film, a live camera does not.

Knows rings and film.py; no socket, no book.
"""

from __future__ import annotations

import logging
from pathlib import Path

from detector.regions import Where
from stream.film import Film, Shot
from stream.keeping import film_file
from stream.messages import Judged, Key
from stream.ring import TornError
from stream.ring_views import RingViews

log = logging.getLogger("linewatch")
FALLBACK_FPS = 25.0  # of a source that gives its pictures no time


class Filming:
    """Films in the making, and the frames that wait for an encoder."""

    def __init__(self, data_dir: Path, views: RingViews) -> None:
        self._data_dir = data_dir
        self._views = views
        self._films: dict[tuple[str, int], Film] = {}
        self._waiting: list[tuple[Judged, Shot]] = []
        self._ending: list[Film] = []  # whose last frame is in; their encoders finish by themselves

    def take(self, judged: Judged, where: Where, *, may_wait: bool) -> None:
        """Films a judged frame. Where the encoder is behind, it waits or is left out of the film, and counted."""
        frame = judged.frame
        film = self._film(frame.camera, frame.run)
        try:
            picture = self._views.picture(frame)
        except TornError:
            film.left_out += 1
            return
        time_s = frame.pts_s if frame.pts_s is not None else frame.seq / FALLBACK_FPS
        shot = Shot(picture, judged.verdict, where, time_s, frame.part)
        if not self._waiting and film.add(shot):
            return
        if may_wait:
            self._waiting.append((judged, shot))
        else:
            film.left_out += 1

    def step(self) -> None:
        """Hands over what waits, in order."""
        while self._waiting:
            judged, shot = self._waiting[0]
            if not self._film(judged.frame.camera, judged.frame.run).add(shot):
                return
            del self._waiting[0]

    def end(self, camera: str, run: int) -> None:
        """No further frame of this run will come."""
        film = self._films.get((camera, run))
        if any((j.frame.camera, j.frame.run) == (camera, run) for j, _ in self._waiting):
            return  # what waits belongs to it; it is closed with the others
        if film is not None and film.end():
            self._ending = [*(f for f in self._ending if not f.ended), self._films.pop((camera, run))]

    def waiting(self) -> set[tuple[str, Key]]:
        """The frames, by camera and key, that must not be released yet."""
        return {(judged.frame.camera, judged.frame.key) for judged, _ in self._waiting}

    def busy(self) -> bool:
        return bool(self._waiting)

    def close(self) -> None:
        for film in [*self._films.values(), *self._ending]:
            film.close()
            if film.left_out:
                log.warning("%s: %d frames are not in this film", film.path, film.left_out)
        self._films.clear()
        self._ending.clear()

    def _film(self, camera: str, run: int) -> Film:
        """The run's film; a recorder that was restarted begins another part, and leaves the first as it is."""
        if (camera, run) not in self._films:
            part = 1
            while (path := self._data_dir / film_file(camera, run, part)).exists():
                part += 1
            self._films[camera, run] = Film(path)
        return self._films[camera, run]
