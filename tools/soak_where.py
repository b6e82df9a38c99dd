"""How far a camera has come and what it holds, as its rings say. Looks, and touches nothing."""

from __future__ import annotations

from collections.abc import Iterator

from stream.places import Places
from stream.ring import Ring, RingError
from stream.ring_layout import SlotState

WHOLE = (SlotState.READY, SlotState.LEASED, SlotState.JUDGED)


def captured(places: Places, camera: str) -> dict[int, int]:
    """Pictures numbered so far, by run, of those whose account is open."""
    counts: dict[int, int] = {}
    for ring in _rings(places, camera):
        for entry in ring.runs.open():
            counts[entry.run] = max(entry.captured, counts.get(entry.run, 0))
    return counts


def held(places: Places, camera: str) -> tuple[tuple[int, int], ...]:
    """The frames that lie in its rings, whole, as (run, seq)."""
    return tuple(
        (header.run, header.seq)
        for ring in _rings(places, camera)
        for header in map(ring.header, range(ring.slots))
        if header.state in WHOLE
    )


def newest_seq(places: Places, camera: str) -> int:
    """The number of the next picture of the newest run; 0 where none is open."""
    counts = captured(places, camera)
    return counts[max(counts)] if counts else 0


def _rings(places: Places, camera: str) -> Iterator[Ring]:
    """Each ring, open while it is looked at."""
    for path in places.rings(camera):
        try:
            ring = Ring.view(path)
        except RingError:
            continue  # just removed
        yield ring
        ring.close()
