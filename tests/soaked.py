"""A small real line on a film whose truth is known, and what a soak would write down of it. Knows no checker.

with soaking(folder, recording, frames) as soak:
    soak.kill("record", pid)                     whatever the test does to it; folder then holds what a soak leaves
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from stream.sources.numbered_picture import draw, is_bad
from tests.line import DEADLINE_S, ROOT, RunningLine, rows, running, write_line
from tests.recordings import write_recording
from tools.soak_truth import (
    JOURNAL,
    LEAKS,
    RINGS,
    TRUTH,
    CameraTruth,
    FaultEntry,
    JournalEntry,
    Leaks,
    LineEntry,
    Truth,
    line_of,
    write_document,
)

SEED, SHARE = 5, 0.12
SIZE = (320, 240)
SAID = "line.log"
BUNDLE = ROOT / "tools" / "soak_bundle"


@dataclass
class Soaking:
    """A line that runs, and the journal of what is done to it."""

    line: RunningLine
    folder: Path
    entries: list[JournalEntry] = field(default_factory=list)

    def kill(self, role: str, pid: int) -> None:
        """SIGKILL to the role's process, on record."""
        os.kill(pid, signal.SIGKILL)
        self.entries.append(
            FaultEntry(time.time_ns(), time.monotonic_ns(), len(self.entries), "kill", role, pid, (), True, "")
        )


def film(folder: Path, frames: int, fps: int = 50) -> Path:
    """Numbered pictures, about one in eight of them BAD."""
    pictures = (draw(n, *SIZE, bad=is_bad(SEED, "belt", n, SHARE)) for n in range(frames))
    return write_recording(folder / "belt.mp4", pictures, fps)


@contextlib.contextmanager
def soaking(folder: Path, recording: Path, frames: int, *, python: str = sys.executable) -> Iterator[Soaking]:
    """The line runs to the end of its film; afterwards `folder` holds what a soak would leave."""
    file = write_line(folder, recording, camera="pace: recorded\npolicy: every")
    text = file.read_text()
    file.write_text(text.replace(text[text.index("  bundle: ") : text.index("\n  engine")], f"  bundle: {BUNDLE}"))
    with running(file, python=python) as line:
        soaking = Soaking(line, folder)
        yield soaking
        line.process.communicate(timeout=DEADLINE_S)
        code = line.process.returncode
        (folder / SAID).write_bytes(line.log_file.read_bytes() if line.log_file.is_file() else b"")
    write_story(folder, line.data_dir, frames, soaking.entries, code)


def write_story(folder: Path, data_dir: Path, frames: int, entries: list[JournalEntry], code: int | None) -> None:
    """truth.json, journal.jsonl and leaks.json, as tools/soak_truth.py describes them."""
    bundles = tuple(row[0] for row in rows(data_dir, "SELECT DISTINCT bundle FROM sessions WHERE bundle != ''"))
    camera = CameraTruth("belt", "recording", "every", SHARE, *SIZE, 50.0, frames, None)
    write_document(folder / TRUTH, Truth(SEED, 1.0, "line", str(data_dir), bundles, (camera,), 10, 64))
    started = LineEntry(0, 0, "started", 1, None, False, "")
    (folder / JOURNAL).write_bytes(b"".join(line_of(entry) for entry in (started, *entries)))
    (folder / RINGS).write_bytes(b"")  # no capture was killed
    write_document(folder / LEAKS, Leaks((), (), (), (), code))
