"""The drawn line as a source: the same for the same seed, at its pace, and what it refuses."""

from __future__ import annotations

import itertools
import threading
import time
from contextlib import closing

import numpy as np
import pytest

from stream.sources.source import Picture, SourceError
from stream.sources.synthetic_source import SyntheticCamera

SMALL = "synthetic:?size=320x240&fps=500"


def drawn(address: str, count: int) -> list[Picture]:
    with closing(SyntheticCamera(address)) as source:
        return list(itertools.islice(source.pictures(), count))


def test_a_drawn_line_is_the_same_for_the_same_seed_and_another_for_another() -> None:
    first, again, other = (drawn(f"{SMALL}&seed={seed}", 4) for seed in (3, 3, 4))
    assert all(np.array_equal(a.pixels, b.pixels) for a, b in zip(first, again, strict=True))
    assert not all(np.array_equal(a.pixels, b.pixels) for a, b in zip(first, other, strict=True))
    assert [picture.index for picture in first] == [0, 1, 2, 3]
    assert [picture.pts_s for picture in first] == pytest.approx([n / 500 for n in range(4)])


def test_a_drawn_line_ends_after_the_frames_it_was_asked_for() -> None:
    assert len(drawn(f"{SMALL}&frames=5", 10)) == 5


def test_a_drawn_line_keeps_its_pace() -> None:
    with closing(SyntheticCamera("synthetic:?size=64x64&fps=20")) as source:
        began = time.monotonic()  # not after the first: what comes late then would make the others come early
        pictures = source.pictures()
        for _ in range(11):
            next(pictures)
        took_s = time.monotonic() - began
    assert took_s > 0.45  # ten pictures at 20 a second; how much more depends on who else uses the machine


def test_a_drawn_line_that_was_not_looked_at_does_not_catch_up_in_a_burst() -> None:
    with closing(SyntheticCamera("synthetic:?size=64x64&fps=20")) as source:
        pictures = source.pictures()
        next(pictures)
        time.sleep(0.5)  # who judges is slow; this is the case, not a wait
        began = time.monotonic()
        assert [next(pictures).index for _ in range(5)] == [1, 2, 3, 4, 5]
        assert time.monotonic() - began > 0.1


def test_closing_a_drawn_line_from_another_thread_ends_it_at_once() -> None:
    source = SyntheticCamera("synthetic:?size=64x64&fps=0.01")
    pictures = source.pictures()
    next(pictures)
    timer = threading.Timer(0.1, source.close)
    timer.start()
    began = time.monotonic()
    assert list(pictures) == [] and time.monotonic() - began < 50  # the next picture is due after a hundred
    timer.join()


@pytest.mark.parametrize(
    "wish",
    [
        "sead=3",
        "seed=x",
        "seed=",
        "seed=-1",
        "fps=0",
        "fps=1e9",
        "fps=nan",
        "size=10",
        "size=1x1",
        "size=9999x9999",
        "scratched=2",
        "frames=1.5",
    ],
)
def test_a_drawn_line_refuses_what_it_cannot_draw(wish: str) -> None:
    with pytest.raises(SourceError, match=r"cannot read .*; known: seed, fps, size, scratched, frames") as caught:
        SyntheticCamera(f"synthetic:?{wish}")
    assert caught.value.final
