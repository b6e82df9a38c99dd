"""Starts a whole line in real processes for tests, finds its roles, and reads what it leaves."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stream.heart import last_beat
from stream.ledger import Interval
from stream.places import places_for

ROOT = Path(__file__).resolve().parent.parent
TINY_BUNDLE = ROOT / "tests" / "fixtures" / "tiny_bundle"
DEADLINE_S = 200.0  # for what takes seconds here, on a machine that is ten times slower and that others use


@dataclass
class RunningLine:
    """A line that was started with `python -m stream run`."""

    process: subprocess.Popen[str]
    data_dir: Path
    log_file: Path

    def role(self, name: str) -> int | None:
        """The process of a role, by the name that `ps` shows."""
        return roles_of(self.process.pid).get(name)

    def wait_role(self, name: str, other_than: int | None = None) -> int:
        """The process of a role, once there is one other than that."""

        def there() -> int | None:
            assert self.process.poll() is None, f"no {name}: the line has ended; it said:\n{self.said()}"
            pid = self.role(name)
            return pid if pid != other_than else None

        return wait_for(there, f"process {name}")

    def wait_beating(self, name: str, other_than: int | None = None) -> int:
        """The process of a role, once its work loop has begun: from then on it can be told to stop in order."""
        pid = self.wait_role(name, other_than)
        heart = places_for(self.data_dir).heart(name)
        wait_for(lambda: last_beat(heart)[0], f"a beat of {name}")
        return pid

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> int:
        pid = self.wait_role(name)
        os.kill(pid, number)
        return pid

    def summary(self, timeout_s: float = DEADLINE_S) -> dict[str, Any]:
        """Waits for the end of the line; what `--json` printed."""
        out, _ = self.process.communicate(timeout=timeout_s)
        lines = out.strip().splitlines()
        assert lines, f"nothing on stdout, exit code {self.process.returncode}; it said:\n{self.said()}"
        return json.loads(lines[-1])

    def said(self) -> str:
        return self.log_file.read_text()

    def judged(self) -> int:
        """Frames with an outcome in the log so far."""
        return sum(i.stop - i.start for i in intervals(self.data_dir))


def wait_for(what: Callable[[], Any], said: str, timeout_s: float = DEADLINE_S) -> Any:
    """Waits until `what()` is truthy, and gives it."""
    until = time.monotonic() + timeout_s
    while time.monotonic() < until:
        if found := what():
            return found
        time.sleep(0.02)
    raise AssertionError(f"waited {timeout_s:.0f} s in vain for {said}")


def roles_of(supervisor: int) -> dict[str, int]:
    """The children of a supervisor by the name they show in `ps`."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, IndexError):
            stat = (folder / "stat").read_text().rpartition(")")[2].split()
            words = (folder / "cmdline").read_bytes().decode().strip("\0 ")
            if int(stat[1]) == supervisor and stat[0] != "Z" and words.startswith("linewatch "):
                found[words.removeprefix("linewatch ")] = int(folder.name)
    return found


def alive(pid: int) -> bool:
    try:
        return (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def catches(pid: int, number: signal.Signals) -> bool:
    """Whether that process has a function for the signal by now."""
    status = (Path("/proc") / str(pid) / "status").read_text()
    caught = next(line for line in status.splitlines() if line.startswith("SigCgt:")).split()[1]
    return bool(int(caught, 16) >> (number - 1) & 1)


def write_line(folder: Path, source: Path | str, more: str = "", camera: str = "") -> Path:
    """A line's YAML with one camera `belt`, the tiny bundle and a page on any free port.

    `more` are further top-level lines, `camera` further settings of the camera (a line each, not indented).
    """
    file = folder / "line.yaml"
    indented = "".join(f"    {line}\n" for line in camera.splitlines())
    file.write_text(
        f"data_dir: {folder / 'data'}\n"
        f"inspector:\n  bundle: {TINY_BUNDLE}\n  engine: onnxruntime\n  device: cpu\n"
        "display:\n  port: 0\n"
        f"cameras:\n  belt:\n    source: {json.dumps(str(source))}\n{indented}{more}"
    )
    return file


@contextlib.contextmanager
def running(file: Path, *words: str, python: str = sys.executable) -> Iterator[RunningLine]:
    """A line, started; whatever is left of it is killed at the end. `python` is what runs it, and its roles."""
    log_file = file.with_suffix(".log")
    command = [python, "-m", "stream", "run", str(file), "--until-end", "--json", *words]
    with log_file.open("w") as log:
        process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True
        )
    line = RunningLine(process, data_dir_of(file), log_file)
    try:
        yield line
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def data_dir_of(file: Path) -> Path:
    return Path(file.read_text().splitlines()[0].removeprefix("data_dir: "))


def run_to_end(file: Path, *words: str) -> tuple[dict[str, Any], int, str]:
    """Runs a line to its end: its summary, exit code and what it said."""
    with running(file, *words) as line:
        summary = line.summary()
        return summary, line.process.returncode, line.said()


def rows(data_dir: Path, query: str) -> list[tuple[Any, ...]]:
    """What the log has; nothing where there is none yet."""
    path = data_dir / "log.sqlite"
    if not path.exists():
        return []
    with contextlib.closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=60)) as db:
        try:
            return db.execute(query).fetchall()
        except sqlite3.OperationalError:
            return []


def intervals(data_dir: Path) -> list[Interval]:
    return [Interval(*row) for row in rows(data_dir, "SELECT start, stop, outcome FROM ledger ORDER BY run, start")]
