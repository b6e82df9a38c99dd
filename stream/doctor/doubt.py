"""What must not be blamed on a camera or a disk while other programs take the processors. Pure.

Who gets no processor is slow whatever it waits for: a picture, a disk, a detector. So what says that something is slow
becomes less grave, and what to do first is to look again on a computer that is at rest.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from stream.doctor import broker, camera, device, disk, reach, speed
from stream.doctor.complaint import Diagnosis
from stream.problem import ERROR, NOTE, WARNING

BY_TIME = frozenset(
    kind.name
    for kind in (
        camera.HANGS,
        camera.SLOW,
        camera.BEHIND,
        reach.NO_ANSWER,
        broker.NO_ANSWER,
        broker.MUTE,
        disk.HANGS,
        disk.SYNC,
        disk.WRITE,
        speed.SLOW,
        speed.TIGHT,
    )
)
MILDER = {ERROR: WARNING, WARNING: NOTE, NOTE: NOTE}
FIRST = "stop the other programs first (top -o %CPU), then run the doctor again; if it stays: "
BUSY = "; measured while other programs took the processors"


def doubted(found: Iterable[Diagnosis]) -> tuple[Diagnosis, ...]:
    """The same; on a busy computer what was found by its time alone is milder, and says so."""
    told = tuple(found)
    if not any(one.complaint == device.BUSY.name for one in told):
        return told
    return tuple(_milder(one) if one.complaint in BY_TIME else one for one in told)


def _milder(one: Diagnosis) -> Diagnosis:
    return replace(one, severity=MILDER[one.severity], found=one.found + BUSY, todo=FIRST + one.todo)
