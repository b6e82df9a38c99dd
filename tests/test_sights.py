"""What an inspector sees, and hands on as evidence."""

from __future__ import annotations

from typing import cast

import numpy as np
import pytest

from stream import sent_pictures
from stream.far import Far
from stream.feed import Feed
from stream.messages import SentPicture
from stream.ring import Ring
from stream.ring_views import RingViews
from stream.sights import Sight, Sights, TooLargeError
from tests.frames import frame

PICTURE = np.arange(24 * 32 * 3, dtype=np.uint8).reshape(24, 32, 3)


class StillRing:
    """A ring whose slots nobody takes."""

    def check(self, slot: int, lock: int) -> None:
        assert (slot, lock) == (0, 2)


class OfBelt:
    attached = frozenset({"belt"})


def test_pixels_of_the_ring_are_handed_on_as_they_were_judged_or_not_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    sight = Sight(frame(5), PICTURE, cast(Ring, StillRing()))
    sights = Sights(cast(RingViews, None), cast(Feed, None), cast(Far, OfBelt()))
    assert sights.evidence(sight, "BAD") == SentPicture("raw", PICTURE.tobytes())
    monkeypatch.setattr(sent_pictures, "PICTURES_MAX_BYTES", sent_pictures.BESIDE_BYTES + PICTURE.nbytes - 1)
    with pytest.raises(TooLargeError, match="32x24 px is too large to travel raw"):
        sight.evidence()
    assert sights.evidence(sight, "BAD") is None, "the verdict stands without it"


def test_a_jpeg_that_was_judged_is_handed_on_as_it_came() -> None:
    came = SentPicture("jpeg", b"as it came")
    assert Sight(frame(5), PICTURE, None, came).evidence() is came
