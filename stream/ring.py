"""A ring of pictures in shared memory: slots with a small header each, one writer, any number of readers.

The file lies in memory (tmpfs). Only the capture of that camera writes: pixels and slot states both, so a state never
races. Readers map it read-only and check the slot's sequence number (odd while it is written) before and after, as a
seqlock does (Lameter, "Effective synchronization on Linux/NUMA systems", 2005). A capture that dies leaves its ring
behind with every state in it; the next one opens it and goes on. Knows no camera, socket or clock.
"""

from __future__ import annotations

import enum
import mmap
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from stream.messages import FrameRef

MAGIC = 0x4C57_5249_4E47_0001  # "LWRING", format 1
PAGE = 4096
PROBLEM_BYTES = 48
SESSION_BYTES = 48

HEAD = np.dtype(
    [
        ("magic", "<u8"),
        ("slots", "<u8"),
        ("slot_bytes", "<u8"),
    ],
    align=True,
)
RUN = np.dtype(
    [
        ("run", "<u8"),  # 0: this entry is free
        ("captured", "<u8"),  # pictures of the run numbered so far
        ("lost", "<u8"),  # pictures of the run lost before capture
        ("ended", "<u8"),
        ("session", f"S{SESSION_BYTES}"),  # the start of the line that the run belongs to
    ],
    align=True,
)
RUNS = 16  # runs whose account may be open at once; their entries outlive the process that wrote them
RUNS_AT = 1024  # byte offset of the run entries
SLOT = np.dtype(
    [
        ("state", "<u8"),
        ("lock", "<u8"),
        ("run", "<u8"),
        ("seq", "<u8"),
        ("captured_mono_ns", "<u8"),
        ("captured_utc_ns", "<u8"),
        ("pts_s", "<f8"),  # NaN where the source has none
        ("height", "<u8"),
        ("width", "<u8"),
        ("attempt", "<u8"),
        ("problem", f"S{PROBLEM_BYTES}"),
    ],
    align=True,
)


class SlotState(enum.IntEnum):
    """FREE -> WRITING -> READY -> LEASED -> JUDGED -> FREE."""

    FREE = 0
    WRITING = 1
    READY = 2
    LEASED = 3
    JUDGED = 4


class RingError(OSError):
    """The ring cannot be made or is not one; the text says what to do."""


class TornError(Exception):
    """The slot holds another picture by now."""


@dataclass(frozen=True)
class RunEntry:
    """How far a run has come, as the ring remembers it."""

    run: int
    captured: int
    lost: int = 0
    ended: bool = False
    session: str = ""


@dataclass(frozen=True)
class SlotHeader:
    """What a slot says of its picture."""

    state: SlotState
    lock: int
    run: int
    seq: int
    captured_mono_ns: int
    captured_utc_ns: int
    pts_s: float | None
    height: int
    width: int
    attempt: int
    problem: str | None


class Ring:
    """A mapped ring. Open it with `create`, `adopt` (both write) or `view` (reads)."""

    def __init__(self, path: Path, *, writable: bool) -> None:
        self.path = path
        self.name = path.name
        try:
            descriptor = os.open(path, os.O_RDWR if writable else os.O_RDONLY)
        except OSError as error:
            raise RingError(f"{path}: cannot open the ring: {error.strerror}") from error
        try:
            size = os.fstat(descriptor).st_size
            if size < PAGE:
                raise RingError(f"{path}: not a ring: {size} bytes")
            access = mmap.ACCESS_WRITE if writable else mmap.ACCESS_READ
            try:
                self._map = mmap.mmap(descriptor, size, access=access)
            except OSError as error:
                raise RingError(f"{path}: cannot map the ring: {error.strerror}") from error
        finally:
            os.close(descriptor)
        self.head: np.ndarray = np.frombuffer(self._map, HEAD, 1)[0:1]
        self.slots = int(self.head["slots"][0])
        self.slot_bytes = int(self.head["slot_bytes"][0])
        if int(self.head["magic"][0]) != MAGIC or size != _file_size(self.slots, self.slot_bytes):
            slots = self.slots
            self.close()
            raise RingError(f"{path}: not a ring of this version: {slots} slots in {size} bytes; remove it")
        self.runs: np.ndarray = np.frombuffer(self._map, RUN, RUNS, offset=RUNS_AT)
        self.table: np.ndarray = np.frombuffer(self._map, SLOT, self.slots, offset=PAGE)
        self._pixels: np.ndarray = np.frombuffer(self._map, np.uint8, offset=_pixels_at(self.slots))

    @classmethod
    def create(cls, path: Path, *, slots: int, slot_bytes: int) -> Ring:
        """A new ring of `slots` pictures of at most `slot_bytes` each.

        Every page is reserved now: without that a full /dev/shm is a SIGBUS at the first write. The file appears
        under its name only when it is whole. Raises RingError where memory does not suffice.
        """
        slot_bytes = -(-slot_bytes // PAGE) * PAGE
        size = _file_size(slots, slot_bytes)
        partial = path.with_suffix(".partial")
        partial.unlink(missing_ok=True)
        descriptor = os.open(partial, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.posix_fallocate(descriptor, 0, size)
            head = np.zeros(1, HEAD)
            head["magic"], head["slots"], head["slot_bytes"] = MAGIC, slots, slot_bytes
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
        """The ring that another capture left, to go on writing it."""
        return cls(path, writable=True)

    @classmethod
    def view(cls, path: Path) -> Ring:
        """A ring to read from."""
        return cls(path, writable=False)

    def open_runs(self) -> tuple[RunEntry, ...]:
        """The runs whose account is not settled yet, oldest first."""
        rows = (
            RunEntry(int(r["run"]), int(r["captured"]), int(r["lost"]), bool(r["ended"]), bytes(r["session"]).decode())
            for r in self.runs
        )
        return tuple(sorted((row for row in rows if row.run), key=lambda row: row.run))

    def note_run(self, entry: RunEntry) -> bool:
        """Writes down how far a run has come; False where all entries are taken by other runs."""
        rows = np.flatnonzero(self.runs["run"] == entry.run)
        if rows.size == 0:
            rows = np.flatnonzero(self.runs["run"] == 0)
        if rows.size == 0:
            return False
        row = self.runs[rows[0] : rows[0] + 1]
        row["captured"], row["lost"], row["ended"] = entry.captured, entry.lost, entry.ended
        row["session"] = entry.session.encode()[:SESSION_BYTES]
        row["run"] = entry.run
        return True

    def forget_run(self, run: int) -> None:
        """The run's account is settled."""
        self.runs["run"][self.runs["run"] == run] = 0

    def state(self, slot: int) -> SlotState:
        return SlotState(int(self.table["state"][slot]))

    def set_state(self, slot: int, state: SlotState) -> None:
        self.table["state"][slot] = state

    def header(self, slot: int) -> SlotHeader:
        """What the slot says, as it stands now."""
        row = self.table[slot]
        pts_s = float(row["pts_s"])
        problem = bytes(row["problem"]).decode(errors="replace")
        return SlotHeader(
            state=SlotState(int(row["state"])),
            lock=int(row["lock"]),
            run=int(row["run"]),
            seq=int(row["seq"]),
            captured_mono_ns=int(row["captured_mono_ns"]),
            captured_utc_ns=int(row["captured_utc_ns"]),
            pts_s=None if pts_s != pts_s else pts_s,
            height=int(row["height"]),
            width=int(row["width"]),
            attempt=int(row["attempt"]),
            problem=problem or None,
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
    ) -> None:
        """Puts a picture (H, W, 3) uint8 into a slot that the caller owns, and makes it READY.

        The order is what makes a death in the middle harmless: the lock is odd and the state WRITING until the
        last pixel is in place.
        """
        if pixels.nbytes > self.slot_bytes:
            raise RingError(f"{self.name}: a picture of {pixels.nbytes} bytes into a slot of {self.slot_bytes}")
        row = self.table[slot : slot + 1]
        row["state"] = SlotState.WRITING
        row["lock"] |= np.uint64(1)
        row["run"], row["seq"] = run, seq
        row["captured_mono_ns"], row["captured_utc_ns"] = captured_mono_ns, captured_utc_ns
        row["pts_s"] = float("nan") if pts_s is None else pts_s
        row["height"], row["width"] = pixels.shape[:2]
        row["attempt"] = 0
        row["problem"] = (problem or "").encode()[:PROBLEM_BYTES]
        np.copyto(self._slot_pixels(slot, pixels.shape[0], pixels.shape[1]), pixels)
        row["lock"] += np.uint64(1)
        row["state"] = SlotState.READY

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
        if not 0 <= slot < self.slots or int(self.table["lock"][slot]) != lock:
            raise TornError(f"{self.name}: slot {slot} holds another picture by now")

    def copy(self, slot: int, lock: int, height: int, width: int) -> np.ndarray:
        """A copy of the picture. Raises TornError where it was overwritten meanwhile."""
        picture = self.pixels(slot, lock, height, width).copy()
        self.check(slot, lock)
        return picture

    def close(self) -> None:
        """Forgets the mapping; the file stays. May be called twice. Views handed out keep the memory alive."""
        for name in ("head", "runs", "table", "_pixels"):
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


class RingViews:
    """The rings of a runtime folder, mapped when first needed, for roles that read."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._rings: dict[str, tuple[int, Ring]] = {}

    def ring(self, name: str) -> Ring:
        """The ring of that file name. Raises TornError where it is gone: its pictures are, too."""
        path = self._folder / Path(name).name
        try:
            inode = path.stat().st_ino
        except OSError as error:
            raise TornError(f"{name}: the ring is gone") from error
        known = self._rings.get(name)
        if known is None or known[0] != inode:
            if known is not None:
                known[1].close()
            try:
                self._rings[name] = (inode, Ring.view(path))
            except RingError as error:
                raise TornError(str(error)) from error
        return self._rings[name][1]

    def picture(self, frame: FrameRef) -> np.ndarray:
        """A copy of a frame's pixels (H, W, 3) uint8. Raises TornError where they are gone."""
        return self.ring(frame.ring).copy(frame.slot, frame.lock, frame.height, frame.width)

    def close(self) -> None:
        for _, ring in self._rings.values():
            ring.close()
        self._rings.clear()


def _pixels_at(slots: int) -> int:
    return PAGE + -(-slots * SLOT.itemsize // PAGE) * PAGE


def _file_size(slots: int, slot_bytes: int) -> int:
    return _pixels_at(slots) + slots * slot_bytes
