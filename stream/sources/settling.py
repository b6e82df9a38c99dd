"""Which files of a folder are written to their end, from looks at it one after the other. Pure: it is told the time.

A file that is being written changes its size or its time between two looks. One that stands still for a moment may be
half there all the same (a share that stalls): whoever finds it unreadable asks again later.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

TRIED_AFTER_S = (0.3, 1.0, 3.0)  # unchanged for so long: read then; unreadable after the last one, it is so for good


@dataclass(frozen=True)
class Mark:
    """What tells a file from the one that had its name before."""

    size: int  # bytes
    mtime_ns: int


@dataclass(frozen=True)
class Ready:
    """A file that may be read."""

    name: str
    mark: Mark
    last: bool  # unreadable now, it is unreadable for good


@dataclass
class _Pending:
    mark: Mark
    since_s: float
    tries: int = 0


class Settling:
    """Told what lies in the folder, it gives the files that have stood still, in the order in which they were done."""

    def __init__(self) -> None:
        self._pending: dict[str, _Pending] = {}

    def look(self, now_s: float, found: Mapping[str, Mark]) -> list[Ready]:
        """`found`: every file that is not taken yet. One that is given and not taken is given again, a few times."""
        for name in self._pending.keys() - found.keys():
            del self._pending[name]
        ready = []
        for name, mark in found.items():
            pending = self._pending.get(name)
            if pending is None or pending.mark != mark:
                self._pending[name] = _Pending(mark, now_s)
            elif now_s - pending.since_s >= TRIED_AFTER_S[pending.tries] and (mark.size or _last(pending)):
                ready.append(Ready(name, mark, _last(pending)))
                pending.tries = min(pending.tries + 1, len(TRIED_AFTER_S) - 1)
            elif now_s - pending.since_s >= TRIED_AFTER_S[pending.tries]:
                pending.tries += 1
        return sorted(ready, key=lambda one: (one.mark.mtime_ns, one.name))


def _last(pending: _Pending) -> bool:
    return pending.tries == len(TRIED_AFTER_S) - 1
