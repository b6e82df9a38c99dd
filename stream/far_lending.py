"""What a capture sends of its pictures to those who cannot see its ring. Knows rings; no socket."""

from __future__ import annotations

import time
from collections.abc import Sequence

from stream.far import Far
from stream.messages import Look, SentPicture, Shown
from stream.ring import TornError
from stream.ring_views import RingViews
from stream.sent_pictures import JPEG, pack
from stream.slots import Holding


def sent_along(leased: Sequence[Holding], far: Far) -> tuple[SentPicture, ...]:
    """The pixels of leased frames for an inspector on another host; nobody writes those slots meanwhile."""
    found = []
    for holding in leased:
        ring, header = holding.place.ring, holding.place.header()
        picture = ring.pixels(holding.place.slot, header.lock, header.height, header.width)
        found.append(pack(picture, far.frames, far.jpeg_quality))
    return tuple(found)


def shown(look: Look, views: RingViews, far: Far) -> Shown:
    """The answer to a display on another host; it has no lease, so the slot may hold another picture by now."""
    frame = look.frame
    try:
        picture = pack(views.picture(frame), JPEG, far.jpeg_quality)
    except TornError:
        picture = None
    return Shown(frame.camera, frame.key, picture, look.asked_mono_ns, time.monotonic_ns())
