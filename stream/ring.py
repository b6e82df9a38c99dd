"""A ring of pictures in shared memory: slots with a small header each, one writer, any number of readers.

The file lies in memory (tmpfs). Only the capture of that camera writes: pixels and slot states both, so a state never
races. Readers map it read-only and check the slot's sequence number (odd while it is written) before and after, as a
seqlock does (Lameter, "Effective synchronization on Linux/NUMA systems", 2005). A capture that dies leaves its ring
behind with every state in it; the next one opens it and goes on. Knows no camera, socket or clock.
"""

from __future__ import annotations

import mmap
import os
from pathlib import Path

import numpy as np

from stream.ring_damage import why_damaged
from stream.ring_layout import (
    HEAD,
    MAGIC,
    PAGE,
    PICTURE,
    PICTURE_AT,
    SLOT,
    WHOLE_ROW,
    SlotHeader,
    SlotState,
    file_size,
    parts_at,
    pixels_at,
)
from stream.ring_notes import PartNotes, RunNotes

_ONE = np.uint64(1)


class RingError(OSError):
    """The ring cannot be made or is not one; the text says what to do."""


class TornError(Exception):
    """The slot holds another picture by now."""


class Ring:
    """A mapped ring. Open it with `create`, `adopt` (both write), `look` or `view` (both read)."""

    def __init__(self, path: Path, *, writable: bool) -> None:
        self.path = path
        self.name = path.name
        self._map = _mapped(path, writable=writable)
        self.head: np.ndarray = np.frombuffer(self._map, HEAD, 1)[0:1]
        self.slots = int(self.head["slots"][0])
        self.slot_bytes = int(self.head["slot_bytes"][0])
        parts = int(self.head["parts"][0])
        size = len(self._map)
        if int(self.head["magic"][0]) != MAGIC or size != file_size(self.slots, self.slot_bytes, parts):
            slots = self.slots
            self.close()
            raise RingError(f"{path}: not a ring of this version: {slots} slots in {size} bytes; remove it")
        self.runs = RunNotes(self._map)
        self.parts = PartNotes(self._map, parts_at(self.slots), parts)
        self.table: np.ndarray = np.frombuffer(self._map, SLOT, self.slots, offset=PAGE)
        self._states: np.ndarray = self.table["state"]
        self._locks: np.ndarray = self.table["lock"]
        self._pixels: np.ndarray = np.frombuffer(self._map, np.uint8, offset=pixels_at(self.slots, parts))

    @classmethod
    def create(cls, path: Path, *, slots: int, slot_bytes: int, parts: int = 0) -> Ring:
        """A new ring of `slots` pictures of at most `slot_bytes` each, that can remember so many parts.

        Every page is reserved now: without that a full /dev/shm is a SIGBUS at the first write. The file appears
        under its name only when it is whole. Raises RingError where memory does not suffice.
        """
        slot_bytes = -(-slot_bytes // PAGE) * PAGE
        size = file_size(slots, slot_bytes, parts)
        partial = path.with_suffix(".partial")
        partial.unlink(missing_ok=True)
        descriptor = os.open(partial, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.posix_fallocate(descriptor, 0, size)
            head = np.zeros(1, HEAD)
            head["magic"], head["slots"], head["slot_bytes"], head["parts"] = MAGIC, slots, slot_bytes, parts
            os.pwrite(descriptor, head.tobytes(), 0)
        except OSError as error:
            partial.unlink()
            raise RingError(
                f"{path}: {slots} slots of {slot_bytes / 1e6:.1f} MB do not fit into shared memory "
                f"({error.strerror}); set `slots` lower or make /dev/shm larger"
            ) from error
        finally:
            os.close(descriptor)
        partial.rename(path)
        return cls(path, writable=True)

    @classmethod
    def adopt(cls, path: Path) -> Ring:
        """The ring that another capture left, to go on writing it. Raises RingError where it is damaged.

        What is in it becomes messages: a value that no message may carry would be sent for ever, and never taken.
        """
        return cls._sound(path, writable=True)

    @classmethod
    def look(cls, path: Path) -> Ring:
        """The same ring, to be read alone. Raises RingError where it is damaged."""
        return cls._sound(path, writable=False)

    @classmethod
    def _sound(cls, path: Path, *, writable: bool) -> Ring:
        ring = cls(path, writable=writable)
        if wrong := why_damaged(ring.runs.rows, ring.table, ring.slot_bytes, ring.parts.rows):
            ring.close()
            raise RingError(f"{path}: the ring is damaged: {wrong}")
        return ring

    @classmethod
    def view(cls, path: Path) -> Ring:
        """A ring to read from."""
        return cls(path, writable=False)

    @property
    def newest_mono_ns(self) -> int:
        """When the newest picture that the slots still tell of was captured; 0 where they never held any."""
        return int(self.table["captured_mono_ns"].max())

    def state(self, slot: int) -> SlotState:
        return SlotState(int(self._states[slot]))

    def set_state(self, slot: int, state: SlotState) -> None:
        self._states[slot] = state

    def header(self, slot: int) -> SlotHeader:
        """What the slot says, as it stands now."""
        state, lock, run, seq, mono_ns, utc_ns, pts_s, height, width, attempt, problem, part = WHOLE_ROW.unpack_from(
            self._map, PAGE + slot * SLOT.itemsize
        )
        return SlotHeader(
            state=SlotState(state),
            lock=lock,
            run=run,
            seq=seq,
            captured_mono_ns=mono_ns,
            captured_utc_ns=utc_ns,
            pts_s=None if pts_s != pts_s else pts_s,
            height=height,
            width=width,
            attempt=attempt,
            problem=problem.rstrip(b"\0").decode(errors="replace") or None,
            part=part.rstrip(b"\0").decode(errors="replace"),
        )

    def write(
        self,
        slot: int,
        pixels: np.ndarray,
        *,
        run: int,
        seq: int,
        captured_mono_ns: int,
        captured_utc_ns: int,
        pts_s: float | None,
        problem: str | None,
        part: str = "",
    ) -> None:
        """Puts a picture (H, W, 3) uint8 into a slot that the caller owns, and makes it READY.

        The order is what makes a death in the middle harmless: the lock is odd and the state WRITING until the
        last pixel is in place.
        """
        if pixels.nbytes > self.slot_bytes:
            raise RingError(f"{self.name}: a picture of {pixels.nbytes} bytes into a slot of {self.slot_bytes}")
        height, width = pixels.shape[:2]
        self._states[slot] = SlotState.WRITING
        lock = self._locks[slot] = self._locks[slot] | _ONE
        at = PAGE + slot * SLOT.itemsize + PICTURE_AT
        pts_s, said = float("nan") if pts_s is None else pts_s, (problem or "").encode()
        times = captured_mono_ns, captured_utc_ns, pts_s
        PICTURE.pack_into(self._map, at, run, seq, *times, height, width, 0, said, part.encode())
        np.copyto(self._slot_pixels(slot, height, width), pixels)
        self._locks[slot] = lock + _ONE
        self._states[slot] = SlotState.READY

    def pixels(self, slot: int, lock: int, height: int, width: int) -> np.ndarray:
        """The picture (height, width, 3) in the slot, without a copy, read-only.

        Raises TornError where the slot holds another picture than the one that `lock` names. A reader without a lease
        calls `check` after it has used or copied the pixels.
        """
        self.check(slot, lock)
        picture = self._slot_pixels(slot, height, width)
        picture.flags.writeable = False
        return picture

    def check(self, slot: int, lock: int) -> None:
        """Raises TornError unless the slot still holds the picture that `lock` names."""
        if not 0 <= slot < self.slots or int(self._locks[slot]) != lock:
            raise TornError(f"{self.name}: slot {slot} holds another picture by now")

    def copy(self, slot: int, lock: int, height: int, width: int) -> np.ndarray:
        """A copy of the picture. Raises TornError where it was overwritten meanwhile."""
        picture = self.pixels(slot, lock, height, width).copy()
        self.check(slot, lock)
        return picture

    def close(self) -> None:
        """Forgets the mapping; the file stays. May be called twice. Views handed out keep the memory alive."""
        for name in ("head", "runs", "table", "parts", "_states", "_locks", "_pixels"):
            self.__dict__.pop(name, None)
        try:
            self._map.close()
        except BufferError:
            return  # a reader still holds a view: the mapping goes with it

    def _slot_pixels(self, slot: int, height: int, width: int) -> np.ndarray:
        if height * width * 3 > self.slot_bytes:
            raise TornError(f"{self.name}: a picture of {width} x {height} px does not lie in slot {slot}")
        start = slot * self.slot_bytes
        return self._pixels[start : start + height * width * 3].reshape(height, width, 3)


def _mapped(path: Path, *, writable: bool) -> mmap.mmap:
    """The file's memory. Raises RingError."""
    try:
        descriptor = os.open(path, os.O_RDWR if writable else os.O_RDONLY)
    except OSError as error:
        raise RingError(f"{path}: cannot open the ring: {error.strerror}") from error
    try:
        size = os.fstat(descriptor).st_size
        if size < PAGE:
            raise RingError(f"{path}: not a ring: {size} bytes")
        try:
            return mmap.mmap(descriptor, size, access=mmap.ACCESS_WRITE if writable else mmap.ACCESS_READ)
        except OSError as error:
            raise RingError(f"{path}: cannot map the ring: {error.strerror}") from error
    finally:
        os.close(descriptor)
