"""A small real line whose recorder is traced, and the next start on what a power cut left. Knows no invariant.

Capture, inspector and recorder run as roles of their own, so that the trace is of the recorder alone; it is killed
once on the way and started again, so that the trace has a recovery in it, too.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from stream.configuration import read_line
from stream.links import Links
from stream.places import places_for
from stream.recorder import Recorder
from stream.sources.numbered_picture import draw, is_bad
from tools.films import encode
from tools.power_cut_trace import strace_command
from tools.soak_check_log import UnreadableError, read_log

ROOT = Path(__file__).resolve().parent.parent
SEED, SHARE, SIZE, FPS = 5, 0.12, (320, 240), 50
CAMERA = "belt"
DEADLINE_S = 120.0


class LineError(Exception):
    """The line did not do what the experiment needs; the text says what."""


@dataclass(frozen=True)
class Traced:
    """What was traced: the folder that stands for the disk, and the recorder's traces, oldest first."""

    file: Path
    root: Path
    traces: tuple[Path, ...]


def trace_line(work: Path, frames: int) -> Traced:
    """Runs the line in the folder `work` to the end of a film of so many frames. Raises LineError."""
    traced = Traced(work / "line.yaml", work / "disk", (work / "trace.1", work / "trace.2"))
    traced.root.mkdir()
    write_film(work / "belt.mp4", frames)
    write_line(traced.file, work / "belt.mp4", traced.root / "data")
    with contextlib.ExitStack() as stack:
        recorder = stack.enter_context(_role(traced, "record", traced.traces[0]))
        stack.enter_context(_role(traced, "inspect"))
        capture = stack.enter_context(_role(traced, "capture"))
        _wait(lambda: _on_record(traced) > frames // 3, "the first verdicts", traced)
        recorder.kill()
        recorder.wait()
        recorder = stack.enter_context(_role(traced, "record", traced.traces[1]))
        _wait(lambda: _ended(traced), "the end of the film", traced)
        for role in (capture, recorder):
            role.terminate()
            role.wait(DEADLINE_S)
    _remove_places(traced.root / "data")
    return traced


def write_film(path: Path, frames: int) -> None:
    """Numbered pictures, about one in eight of them BAD."""
    pictures = (draw(n, *SIZE, bad=is_bad(SEED, CAMERA, n, SHARE)) for n in range(frames))
    encode(pictures, path, fps=FPS, crf=18, preset="ultrafast")


def write_line(file: Path, film: Path, data_dir: Path) -> None:
    document = {
        "data_dir": str(data_dir),
        "inspector": {"bundle": str(ROOT / "tools" / "soak_bundle"), "engine": "onnxruntime", "device": "cpu"},
        "display": {"enabled": False},
        "cameras": {CAMERA: {"source": str(film), "pace": "recorded", "policy": "every"}},
    }
    file.write_text(json.dumps(document))  # JSON is YAML


def start_recorder(file: Path, data_dir: Path) -> None:
    """The recorder of the next start, alone and in this process, until all that it has to say is on disk.

    Shared memory is empty, as it is after a power cut.
    """
    line = read_line(file, (f"data_dir={json.dumps(str(data_dir))}",))
    places = places_for(data_dir)
    links = Links()
    try:
        recorder = Recorder(line, places, links, "after the cut")
        try:
            until = time.monotonic() + DEADLINE_S
            recorder.step(0.0)
            while recorder.busy():
                if time.monotonic() > until:
                    raise LineError("the recorder of the next start does not come to rest")
                recorder.step(0.002)
        finally:
            recorder.close()
    finally:
        links.close()
        _remove_places(data_dir)


def start_line(file: Path, data_dir: Path) -> tuple[int, str]:
    """The whole line, started as after a reboot, to the end of its film; its exit code and what it said."""
    changed = ("--set", f"data_dir={json.dumps(str(data_dir))}", "--set", f"cameras.{CAMERA}.pace=fast")
    command = [sys.executable, "-m", "stream", "run", str(file), "--until-end", *changed]
    try:
        done = subprocess.run(
            command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=DEADLINE_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise LineError(f"the line did not end within {DEADLINE_S:.0f} s: {error.stderr!r}") from error
    finally:
        _remove_places(data_dir)
    return done.returncode, done.stderr


@contextlib.contextmanager
def _role(traced: Traced, role: str, trace: Path | None = None) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "stream", role, str(traced.file)]
    with traced.file.with_name(f"{role}.log").open("ab") as log:
        words = [*(strace_command(trace) if trace else []), *command]
        process = subprocess.Popen(words, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    tracer = 0
    try:
        if trace is not None:
            _wait(lambda: _tracer_of(process.pid), f"strace; may processes be traced here? {role}.log says", traced)
            tracer = _tracer_of(process.pid)
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(DEADLINE_S)
        finally:
            process.kill()
            process.wait()
            if tracer:  # its last lines are written when the process is gone
                _wait(lambda: not Path(f"/proc/{tracer}").exists(), "the end of strace", traced)


def _tracer_of(pid: int) -> int:
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("TracerPid:"):
                return int(line.split()[1])
    return 0


def _wait(what: Callable[[], object], said: str, traced: Traced) -> None:
    """Raises LineError where it does not come about in time."""
    until = time.monotonic() + DEADLINE_S
    while not what():
        if time.monotonic() > until:
            raise LineError(f"waited {DEADLINE_S:.0f} s in vain for {said}; its words stand in {traced.file.parent}")
        time.sleep(0.02)


def _on_record(traced: Traced) -> int:
    try:
        return sum(span.stop - span.start for span in read_log(traced.root / "data").spans)
    except UnreadableError:
        return 0


def _ended(traced: Traced) -> bool:
    try:
        runs = read_log(traced.root / "data").runs
    except UnreadableError:
        return False
    return bool(runs) and all(run.ended for run in runs) and _on_record(traced) == sum(run.captured for run in runs)


def _remove_places(data_dir: Path) -> None:
    """The runtime folder of an experiment."""
    shutil.rmtree(places_for(data_dir).folder, ignore_errors=True)
