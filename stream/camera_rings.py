"""The rings of one camera: the newest is written, older ones of other pictures' size are emptied, and go.

Knows no lock: the desk has one.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator

from stream.messages import PARTS_MAX, PartBegin
from stream.places import Places
from stream.ring import Ring, RingError
from stream.ring_layout import RunEntry
from stream.run_account import RunAccount
from stream.settings import CameraSettings

log = logging.getLogger("linewatch")


class CameraRings:
    """Adopts what an earlier capture left; oldest first."""

    def __init__(self, camera: CameraSettings, places: Places) -> None:
        self._camera = camera
        self._places = places
        self._rings: list[Ring] = []
        for path in places.folder.glob(f"{camera.name}.*.partial"):
            path.unlink(missing_ok=True)  # a dead capture was making a ring: memory that nobody would ever use
        for path in places.rings(camera.name):
            try:
                self._rings.append(Ring.adopt(path))
            except RingError as error:
                log.warning("%s; its pictures are lost", error)
                path.unlink(missing_ok=True)

    def __iter__(self) -> Iterator[Ring]:
        return iter(self._rings)

    @property
    def newest(self) -> Ring | None:
        """The one that is written; None before the first picture."""
        return self._rings[-1] if self._rings else None

    @property
    def newest_mono_ns(self) -> int:
        """When the newest picture that they still tell of was captured; 0 where there is none."""
        return max((ring.newest_mono_ns for ring in self._rings), default=0)

    def fits(self, size: int) -> bool:
        """Whether the newest takes pictures of so many bytes, and is as the settings say."""
        ring = self.newest
        if ring is None or ring.slot_bytes < size or ring.slots != self._camera.slots:
            return False
        return bool(len(ring.parts)) or not self._camera.parts.told

    def grow(self, size: int) -> Ring:
        """A new ring for pictures of so many bytes. Raises RingError where shared memory does not suffice."""
        generations = [int(ring.name.split(".")[1]) for ring in self._rings]
        path = self._places.ring(self._camera.name, max(generations, default=0) + 1)
        parts = PARTS_MAX * self._camera.parts.told
        self._rings.append(Ring.create(path, slots=self._camera.slots, slot_bytes=size, parts=parts))
        return self._rings[-1]

    def note(self, account: RunAccount) -> None:
        """Remembers how far the run has come."""
        entry = RunEntry(
            account.run, account.captured, account.lost, account.ended, account.session, challenge=account.challenge
        )
        if self._rings and not self._rings[-1].runs.note(entry):
            log.warning("%s: more runs are open than a ring remembers; has the recorder stopped?", self._camera.name)

    def note_part(self, account: RunAccount, begun: PartBegin) -> None:
        """Remembers where a part of the run begins."""
        if self._rings and not self._rings[-1].parts.note(account.run, begun):
            log.warning("%s: the ring remembers no further part; where %s began", self._camera.name, begun.part)

    def move_part(self, account: RunAccount, begun: PartBegin) -> None:
        """A part that is noted begins there."""
        if self._rings:
            self._rings[-1].parts.move(account.run, begun)

    def forget_run(self, run: int) -> None:
        """The run's account is settled."""
        for ring in self._rings:
            ring.runs.forget(run)

    def forget_parts(self, account: RunAccount) -> None:
        """The log has the parts that the account does not list any more."""
        left = account.unconfirmed_parts
        for ring in self._rings:
            if len(ring.parts):
                ring.parts.forget(account.run, left[0].number if left else account.part_number)

    def tidy(self) -> None:
        """Lets go of older rings that hold nothing any more."""
        for ring in self._rings[:-1]:
            if not (ring.table["state"] != 0).any():
                self._rings.remove(ring)
                ring.path.unlink(missing_ok=True)
                ring.close()

    def close(self, *, settled: bool) -> None:
        """Removes them where all is `settled`; else they are left to the next capture."""
        for ring in self._rings:
            if settled:
                ring.path.unlink(missing_ok=True)
            ring.close()
        self._rings.clear()
