"""The orders of a camera whose pictures have not come, where a death of its capture does not reach them.

A ring is made for the first picture, and an order may come before that. So orders lie in a file of their own beside the
rings, replaced as a whole with each change: it is small, in memory, and orders are few. Orders whose pictures will
never come are a run without pictures, until the log has it.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable
from pathlib import Path

import msgspec

from stream.announced import Told
from stream.messages import Count, Name, PartBegin, PartName, Text

log = logging.getLogger("linewatch")


class _Order(msgspec.Struct, frozen=True, array_like=True):
    part: PartName
    by: PartName
    utc_ns: Count


class LostRun(msgspec.Struct, frozen=True):
    """Orders whose pictures will never come: parts of a run without pictures."""

    run: Count
    session: Name
    note: Text  # why they will not
    orders: tuple[_Order, ...]

    @property
    def parts(self) -> tuple[PartBegin, ...]:
        """As a run has them: each begins where the next one does."""
        return tuple(
            PartBegin(number, 0, one.part or f"#{number}", one.by, one.utc_ns) for number, one in enumerate(self.orders)
        )


class _Kept(msgspec.Struct, frozen=True):
    session: Name
    waiting: tuple[_Order, ...] = ()
    lost: tuple[LostRun, ...] = ()


class Orders:
    """What is ordered of one camera. Whoever calls holds the lock of its desk."""

    def __init__(self, path: Path, session: str) -> None:
        """Knows what a dead capture left there; what is no such file is said, and let go."""
        self._path = path
        self._session = session
        self._kept = _read(path) or _Kept(session)
        if not (self._kept.waiting or self._kept.lost):
            path.unlink(missing_ok=True)

    def keep(self, waiting: Iterable[Told]) -> str:
        """These wait for their pictures; in words why that cannot be kept, where it cannot."""
        orders = tuple(_Order(told.part, told.by, told.utc_ns) for told in waiting)
        return self._replace(_Kept(self._session, orders, self._kept.lost))

    def lose(self, run: int, note: str, known: Collection[PartBegin] = ()) -> tuple[LostRun, ...]:
        """What waits will never have its picture, but for what is `known` as a part: those runs, and the earlier ones.

        A capture that dies before the log has them leaves them to the next one, under the same name.
        """
        begun = {(part.by, part.told_utc_ns) for part in known}
        gone = tuple(one for one in self._kept.waiting if (one.by, one.utc_ns) not in begun)
        if self._kept.waiting:
            new = (LostRun(run, self._kept.session, note, gone),) if gone else ()
            self._replace(_Kept(self._session, (), (*self._kept.lost, *new)))
        return self._kept.lost

    def settled(self, run: int) -> None:
        """The log has that run."""
        if any(one.run == run for one in self._kept.lost):
            left = tuple(one for one in self._kept.lost if one.run != run)
            self._replace(_Kept(self._session, self._kept.waiting, left))

    def _replace(self, kept: _Kept) -> str:
        """What is no longer true stays where there is no room: a part too many is on record then, never one too few."""
        self._kept = kept
        try:
            if not (kept.waiting or kept.lost):
                self._path.unlink(missing_ok=True)
                return ""
            partial = self._path.with_name(f"{self._path.name}.partial")
            partial.write_bytes(msgspec.json.encode(kept))
            partial.replace(self._path)
        except OSError as error:
            log.warning("%s: what was ordered cannot be kept: %s", self._path, error.strerror)
            return f"shared memory does not take the order ({error.strerror}); make /dev/shm larger"
        return ""


def parts_ordered(path: Path) -> tuple[str, ...]:
    """The names of all parts in a file of orders; none where it is no such file."""
    if (kept := _read(path)) is None:
        return ()
    waiting = LostRun(0, kept.session, "", kept.waiting)
    return tuple(part.part for run in (*kept.lost, waiting) for part in run.parts)


def _read(path: Path) -> _Kept | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Kept)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as error:
        log.warning("%s: not what was ordered of a camera (%s); it is let go", path, error)
        return None
