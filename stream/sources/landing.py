"""Where to begin decoding so that the n-th picture comes out exactly as if all before it had been decoded too. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate


@dataclass(frozen=True)
class Coded:
    """One picture in the order in which it was coded."""

    pts: int | None
    key: bool
    shown: bool  # False: cut away, kept only for those that copy from it


@dataclass(frozen=True)
class Landing:
    """A key picture from which on nothing looks back."""

    pts: int
    index: int  # in display order
    packets: int  # that lie before it


def landing(coded: Sequence[Coded], index: int) -> Landing | None:
    """The last place to begin at for the picture of that index in display order; None: the file's beginning.

    Such a place is a key picture before which, in coding order, everything is shown earlier, and after which everything
    is shown later. That takes display times that are all known and all different.
    """
    places = [place for place, picture in enumerate(coded) if picture.shown]
    times = [pts for place in places if (pts := coded[place].pts) is not None]
    if len(set(times)) < len(places) or index >= len(times):
        return None
    wanted = sorted(times)[index]
    latest = list(accumulate(times, max))  # of the pictures up to this one
    earliest = list(accumulate(reversed(times), min))[::-1]  # of the pictures from this one on
    for at in range(len(times) - 1, 0, -1):
        if coded[places[at]].key and times[at] <= wanted and latest[at - 1] < times[at] == earliest[at]:
            return Landing(times[at], at, places[at])
    return None
