"""Faults of cameras: lost, silent, hung, of another size, damaged; and recordings damaged on their disk."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from stream.sources.numbered_picture import LEAST

from .films import coded_places
from .soak_scene import Begun, Scene, luck_of
from .soak_schedule import Planned
from .soak_where import newest_seq

AHEAD_S = 2.0  # a recording is damaged where its reader has not been yet
DAMAGED_PICTURES = 3
Doing = Callable[[Scene, Planned], Begun]


def ordered(word: str, *, away: bool) -> Doing:
    """A fault that the camera is told by its control file; `away`: no pictures come meanwhile."""

    def do(scene: Scene, planned: Planned) -> Begun:
        control = scene.camera(planned.target).source
        tell(control, word)
        if away:
            scene.recoveries.away.add(planned.target)

        def end() -> str:
            tell(control, "")
            scene.recoveries.away.discard(planned.target)
            return "the camera is well again"

        return Begun(True, word, end=end)

    return do


def resize(scene: Scene, planned: Planned) -> Begun:
    """Pictures of another size, larger or smaller, whole numbers of blocks; then those of before."""
    truth = scene.camera(planned.target).truth
    share = luck_of(planned).choice((0.5, 0.75, 1.5, 2.0))
    sides = zip((truth.width, truth.height), LEAST, strict=True)
    width, height = (max(least, round(side * share / 2) * 2) for side, least in sides)
    return ordered(f"size {width}x{height}", away=False)(scene, planned)


def damage_film(scene: Scene, planned: Planned) -> Begun:
    """Noise over the bytes of some pictures of a recording that lie ahead of its reader. It stays damaged."""
    camera = scene.camera(planned.target)
    reached = newest_seq(scene.places, planned.target)
    first = reached + round(AHEAD_S * camera.truth.fps)
    places = coded_places(camera.source)[first : first + DAMAGED_PICTURES]
    if not places:
        return Begun(False, "the recording is nearly over")
    draw = luck_of(planned)
    with camera.source.open("r+b") as film:
        for at, length in places:
            film.seek(at + length // 3)
            film.write(draw.randbytes(length - length // 3))
        film.flush()
        os.fsync(film.fileno())
    return Begun(True, f"pictures {first} to {first + len(places) - 1}")


def tell(control: Path, word: str) -> None:
    """A whole word at once: a camera must not read half of it."""
    fresh = control.with_suffix(".new")
    fresh.write_text(word)
    fresh.rename(control)
