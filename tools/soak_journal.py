"""The journal of a soak: each line is on file before the next thing happens."""

from __future__ import annotations

import time
from pathlib import Path

import msgspec

from .soak_schedule import Planned
from .soak_truth import RINGS, EndedEntry, FaultEntry, JournalEntry, LineEntry, RecoveryEntry, RingEntry, line_of


class Journal:
    """Open for writing; stamps every entry with this process's own clocks."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab", buffering=0)
        self._rings = path.with_name(RINGS).open("ab", buffering=0)

    def fault(self, planned: Planned, pid: int, relaxes: tuple[str, ...], *, done: bool, text: str) -> None:
        utc, mono = _now()
        self._write(FaultEntry(utc, mono, planned.id, planned.name, planned.target, pid, relaxes, done, text))

    def ended(self, planned: Planned, text: str) -> None:
        self._write(EndedEntry(*_now(), planned.id, planned.name, planned.target, text))

    def recovery(
        self,
        planned: Planned,
        target: str,
        pid: int,
        found_s: float | None,
        beat_s: float | None,
        work_s: float | None,
    ) -> None:
        self._write(RecoveryEntry(*_now(), planned.id, planned.name, target, pid, found_s, beat_s, work_s))

    def line(self, what: str, pid: int, *, code: int | None = None, asked: bool = False, text: str = "") -> None:
        self._write(LineEntry(*_now(), what, pid, code, asked, text))

    def ring(self, camera: str, pid: int, held: tuple[tuple[int, int], ...]) -> None:
        self._rings.write(msgspec.json.encode(RingEntry(camera, pid, held)) + b"\n")

    def close(self) -> None:
        self._file.close()
        self._rings.close()

    def _write(self, entry: JournalEntry) -> None:
        self._file.write(line_of(entry))


def _now() -> tuple[int, int]:
    return time.time_ns(), time.monotonic_ns()
