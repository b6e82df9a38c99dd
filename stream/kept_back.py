"""Which BAD frames keep their slot while their verdict waits in memory for a disk that refuses. Pure.

A verdict that is nowhere but in memory is gone with its process; with the picture still in the ring it is judged again.
A ring has few slots, so a bound is stated, and past it the oldest gives way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from stream.messages import Key


class KeptBack:
    """BAD frames by camera, at most `most` of each, the oldest first."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: dict[str, list[Key]] = {}

    def let_go(self, camera: str, keys: Iterable[Key], bad: Callable[[Key], bool], elsewhere: int) -> tuple[Key, ...]:
        """Of these frames, and of those kept before, whose slots may be used again now.

        `bad`: whether a frame is BAD; `elsewhere`: how many of the camera's BAD frames keep their slots otherwise.
        """
        kept = self._kept.setdefault(camera, [])
        free: list[Key] = []
        for key in keys:
            (kept if bad(key) else free).append(key)
        surplus = max(0, len(kept) + elsewhere - self._most)
        free += kept[:surplus]
        del kept[:surplus]
        return tuple(free)

    def committed(self, camera: str, keys: Iterable[Key]) -> None:
        """These are on disk: nothing is kept for them any more."""
        if kept := self._kept.get(camera):
            gone = set(keys)
            self._kept[camera] = [key for key in kept if key not in gone]
