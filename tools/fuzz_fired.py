"""A real line in its own processes for a fuzzer to fire at, and what it looks like from outside: processes, log, words.

Its camera `belt` plays a recording, at its pace; `other` is drawn, live and endless, so that the line goes on.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from stream.configuration import read_line
from stream.defect_log import LogError, open_for_reading
from stream.places import Places, places_for

from .films import encode
from .fuzz_case import ROOT, TINY_BUNDLE

FPS = 20
SIZE = (160, 120)  # width, height in px
DEADLINE_S = 90.0
SPARE = "spare"
Found = TypeVar("Found")


class UnwellError(Exception):
    """The line did not do what it must; the text says what was waited for."""


@dataclass(frozen=True)
class FiredLine:
    """A line that runs."""

    process: subprocess.Popen[bytes]
    places: Places
    data_dir: Path
    words: Path  # what it says at its terminal

    def socket(self, name: str) -> Path:
        return Path(self.places.socket(name).removeprefix("ipc://"))

    def roles(self) -> dict[str, int]:
        """The processes of the line, by the name that `ps` shows; not the spare, which comes and goes."""
        found = {}
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError, IndexError, ValueError):
                stat = (folder / "stat").read_text().rpartition(")")[2].split()
                words = (folder / "cmdline").read_bytes().decode().strip("\0 ")
                if int(stat[1]) == self.process.pid and stat[0] != "Z" and words.startswith("linewatch "):
                    found[words.removeprefix("linewatch ")] = int(folder.name)
        found.pop(SPARE, None)
        return found

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        return rows(self.data_dir, query, *values)

    def page(self) -> str | None:
        """The page's address, once it is known."""
        lines = [line for line in self.words.read_text().splitlines() if line.startswith("Page ")]
        return lines[0].split()[1] if lines else None

    def stop(self) -> int:
        """Asks it to stop; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(DEADLINE_S)


def rows(data_dir: Path, query: str, *values: object) -> list[tuple[Any, ...]]:
    """What the log says; nothing where there is none yet."""
    try:
        with contextlib.closing(open_for_reading(data_dir)) as db:
            return db.execute(query, values).fetchall()
    except LogError:
        return []


def wait_for(what: Callable[[], Found], said: str, timeout_s: float = DEADLINE_S) -> Found:
    """What `what` gives, once it is something. Raises UnwellError."""
    until = time.monotonic() + timeout_s
    while time.monotonic() < until:
        if found := what():
            return found
        time.sleep(0.05)
    raise UnwellError(f"waited {timeout_s:.0f} s in vain for {said}")


def write_recording(path: Path, frames: int) -> Path:
    """A grey film in which a red square comes and goes: GOOD and BAD for the tiny bundle."""
    encode(_pictures(frames), path, fps=FPS, crf=20, preset="ultrafast")
    return path


def _pictures(frames: int) -> Iterable[np.ndarray]:
    width, height = SIZE
    for number in range(frames):
        picture = np.full((height, width, 3), 90 + number % 40, np.uint8)
        if number % 50 < 6:
            x = 20 + 5 * (number % 20)
            picture[40:80, x : x + 40] = (0, 0, 255)
        yield picture


def write_line(folder: Path, recording: Path, *, pace: str, live: bool, more: str = "") -> Path:
    """The YAML of a line; `live`: with the second camera."""
    other = '  other:\n    source: "synthetic:?fps=4&size=320x240&seed=1"\n' if live else ""
    file = folder / "line.yaml"
    file.write_text(
        f"data_dir: {folder / 'data'}\n"
        f"inspector:\n  bundle: {TINY_BUNDLE}\n  engine: onnxruntime\n  device: cpu\n  threads: 1\n"
        f"supervisor:\n  stop_s: 2\n  silent_after_s: 6\n  judging_s: 6\ndisplay:\n  port: 0\n{more}"
        f"cameras:\n  belt:\n    source: {recording}\n    pace: {pace}\n{other}"
    )
    return file


@contextlib.contextmanager
def running(file: Path, *command: str) -> Iterator[FiredLine]:
    """The line, or one of its roles, started; whatever is left of it is killed at the end."""
    line = read_line(file)
    words = file.with_suffix(".words")
    with words.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "stream", *(command or ("run",)), str(file)],
            cwd=ROOT, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )  # fmt: skip
    try:
        yield FiredLine(process, places_for(line.data_dir), line.data_dir, words)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def faults_in(words: Path) -> list[str]:
    """What a line must never say: the last line of each traceback, and deaths of roles."""
    text = words.read_text(errors="replace")
    lines = text.splitlines()
    deaths = [line for line in lines if "it is started again" in line or "hung and was killed" in line]
    return deaths + ([text[text.index("Traceback") :][:3000]] if "Traceback" in text else [])
