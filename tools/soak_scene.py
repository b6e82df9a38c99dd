"""What every fault is given, and what it gives back. Knows no kind of fault."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from stream.places import Places

from .soak_cameras import SoakCamera
from .soak_disk import SmallDisk
from .soak_house import House
from .soak_line import SoakLine
from .soak_recovery import Recoveries
from .soak_schedule import Planned
from .soak_surroundings import Surroundings

Ending = Callable[[], str]  # ends the fault; says what became of it


@dataclass(frozen=True)
class Scene:
    """The line and all that can be done to it."""

    soaked: SoakLine
    house: House
    recoveries: Recoveries
    disk: SmallDisk | None  # None: no disk of its own could be had
    clock: Path  # of the line, as an offset in nanoseconds
    bundles: tuple[Path, ...]  # kept copies that take turns in being live
    surroundings: Surroundings

    @property
    def places(self) -> Places:
        return self.house.places

    def camera(self, name: str) -> SoakCamera:
        """Raises StopIteration where there is none of that name."""
        return next(camera for camera in self.soaked.cameras if camera.truth.name == name)


@dataclass(frozen=True)
class Begun:
    """A fault that has begun, or could not be."""

    done: bool
    text: str = ""
    pid: int = 0  # of the process that was hit
    end: Ending | None = None  # called when the fault has lasted its time; None: it is over at once


def luck_of(planned: Planned) -> random.Random:
    """The chance that belongs to this one fault."""
    return random.Random(planned.luck)
