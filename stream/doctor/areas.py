"""The areas that the doctor looks at, in one table: what each is called, how it looks, what it can complain of."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from stream.doctor import (
    bandwidth,
    broker,
    camera,
    clock,
    device,
    disk,
    leftovers,
    ports,
    running_line,
    speed,
    versions,
)
from stream.doctor.complaint import Complaint, Diagnosis
from stream.doctor.scene import Scene
from stream.doctor.speed import Judge


@dataclass(frozen=True)
class Examination:
    """All that is known when the areas are looked at."""

    scene: Scene
    tried: tuple[Diagnosis, ...] = ()  # what was found while the cameras were tried
    judge: Judge | None = None  # None where there is none that may judge, or it is not to be disturbed


@dataclass(frozen=True)
class Area:
    """One thing that is looked at."""

    title: str
    look: Callable[[Examination], Iterator[Diagnosis]]
    complaints: tuple[Complaint, ...]


AREAS = (
    Area("the running line", lambda seen: running_line.look(seen.scene), running_line.COMPLAINTS),
    Area("the cameras", lambda seen: iter(seen.tried), camera.COMPLAINTS),
    Area("the brokers", lambda seen: broker.look(seen.scene), broker.COMPLAINTS),
    Area("the bandwidth", lambda seen: bandwidth.look(seen.scene), bandwidth.COMPLAINTS),
    Area("the disk", lambda seen: disk.look(seen.scene), disk.COMPLAINTS),
    Area("processors, memory, GPU", lambda seen: device.look(seen.scene), device.COMPLAINTS),
    Area("the speed of judging", lambda seen: speed.look(seen.scene, seen.judge), speed.COMPLAINTS),
    Area("the ports", lambda seen: ports.look(seen.scene), ports.COMPLAINTS),
    Area("the clock", lambda seen: clock.look(seen.scene), clock.COMPLAINTS),
    Area("the installed packages", lambda _: versions.look(), versions.COMPLAINTS),
    Area("what dead lines left", lambda seen: leftovers.look(seen.scene), leftovers.COMPLAINTS),
)
