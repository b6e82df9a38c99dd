"""Pictures of a camera to learn from: of a running line, as they pass through its ring, or from the camera itself.

A USB or an industrial camera serves one program at a time; a running line need not stop for that.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from stream.claim import BusyError, Claim
from stream.health_words import WORDS
from stream.places import Places
from stream.ring import TornError
from stream.ring_layout import SlotState
from stream.ring_views import RingViews
from stream.secrets import with_credentials
from stream.settings import CameraSettings
from stream.sources.pacing import due_s
from stream.sources.source import Picture, SourceError
from stream.sources.table import open_source

LOOK_EVERY_S = 0.004
# What health finds amiss may be usual from now on: for that somebody calibrates anew. A frozen picture teaches nothing.
LEARNT_FROM = {None, *(WORDS[name].reason for name in WORDS if name not in ("corrupt", "frozen"))}
Taking = Generator[tuple[np.ndarray, float], None, None]  # pixels, and when by the clock of its source
SILENT_S = 20.0  # a running line that shows nothing new for so long


@dataclass(frozen=True)
class GoodPicture:
    """One picture, undamaged; a running line may call it UNKNOWN for what is to be learnt anew."""

    pixels: np.ndarray  # (H, W, 3) BGR uint8; may change with the next step
    at_s: float  # by the clock of its source
    since_s: float  # since the first one


def good_pictures(camera: CameraSettings, places: Places) -> Iterator[GoodPicture]:
    """Pictures in order, endless for a live camera. Raises SourceError where none come."""
    try:
        claim = Claim(places.lock(f"capture-{camera.name}"), f"a capture of camera {camera.name}")
    except BusyError:
        taken = _of_ring(camera, places)
    else:
        taken = _of_source(camera, claim)
    first_s = None
    try:
        for pixels, at_s in taken:
            first_s = at_s if first_s is None else first_s
            yield GoodPicture(pixels, at_s, at_s - first_s)
    finally:
        taken.close()


def _of_source(camera: CameraSettings, claim: Claim) -> Taking:
    """From the camera, which the claim keeps for this process."""
    source = None
    try:
        source = open_source(camera, with_credentials(camera))
        for picture in source.pictures():
            if isinstance(picture, Picture) and picture.problem is None:
                at_s = time.monotonic() if camera.live else due_s(picture.index, picture.pts_s, camera.fps)
                yield picture.pixels, at_s
    finally:
        if source is not None:
            source.close()
        claim.close()


def _of_ring(camera: CameraSettings, places: Places) -> Taking:
    """From the ring of the capture that has the camera."""
    newest_ns, until_s, unfit = 0, time.monotonic() + SILENT_S, set[str]()
    views = RingViews(places.folder)
    try:
        while time.monotonic() < until_s:
            for pixels, at_ns in _newer(views, places.rings(camera.name), newest_ns, unfit):
                newest_ns, until_s = at_ns, time.monotonic() + SILENT_S
                yield pixels, at_ns / 1e9
            time.sleep(LOOK_EVERY_S)
    finally:
        views.close()
    why = f"its pictures are UNKNOWN: {', '.join(sorted(unfit))}; mend that first" if unfit else "is it well?"
    raise SourceError(f"{camera.name}: the running line has shown no good new picture for {SILENT_S:g} s; {why}")


def _newer(
    views: RingViews, rings: tuple[Path, ...], than_ns: int, unfit: set[str]
) -> Iterator[tuple[np.ndarray, int]]:
    """What the newest ring holds by now and did not hold then, oldest first; `unfit` takes why others do not do."""
    try:
        ring = views.ring(rings[-1].name)
    except (IndexError, TornError):
        return  # there is none just now
    headers = [(slot, ring.header(slot)) for slot in range(ring.slots)]
    new = [(h.captured_mono_ns, slot, h) for slot, h in headers if h.captured_mono_ns > than_ns]
    for at_ns, slot, header in sorted(new, key=lambda one: one[0]):
        if header.state is SlotState.WRITING:
            continue
        if header.problem not in LEARNT_FROM:
            unfit.add(str(header.problem))
            continue
        try:
            yield ring.copy(slot, header.lock, header.height, header.width), at_ns
        except TornError:
            continue  # it was overwritten meanwhile
