"""One step of the suite `cameras`: a line with so many live cameras, started, measured over a window, ended."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from stream.asking import ask
from stream.defect_log import LogError, open_for_reading
from stream.metrics import Latencies
from stream.places import Places, places_for

from .bench_watch import SUPERVISOR, latencies_in, use_of
from .soak_processes import children_of, command_of, gone, role_in

SOAK_BUNDLE = Path(__file__).parent / "soak_bundle"
SETTLE_S = 3.0  # after the last capture came up: the first pictures of each are no measure
END_S = 60.0
LOOK_S = 0.25
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


class StepError(Exception):
    """The line did not come up, or ended by itself; the text says what was seen."""


@dataclass(frozen=True)
class Load:
    """What a line is to bear."""

    cameras: int
    inspectors: int
    fps: float  # of each camera
    width: int
    height: int
    bad: float  # share of the frames
    bundle: str  # shipped | soak
    threads: int  # of each inspector
    device: str = "cpu"
    batch: int = 1  # frames judged at once


@dataclass(frozen=True)
class Step:
    """How it bore it."""

    load: Load
    seconds: float  # of the window
    judged_per_s: float  # on record, within the window
    bad_per_s: float
    captured_per_s: float
    dropped: Mapping[str, int]  # within the window, by reason
    p50_ms: float  # of the frames recorded in the window, capture to verdict
    p99_ms: float
    cores: Mapping[str, float]  # processors used, by role
    pss_mb: Mapping[str, float]  # by role
    descriptors: int  # of all processes
    descriptors_share: float  # of what it may have, the process that is nearest to its limit
    memory_free_share: float  # of the machine's
    shm_free_share: float
    restarted: tuple[str, ...]  # roles that died or hung since the start
    up_s: float  # from the start to the first beat of the last capture

    @property
    def cpu_ms_a_frame(self) -> float:
        return 1000 * sum(self.cores.values()) / self.judged_per_s if self.judged_per_s else 0.0


@dataclass(frozen=True)
class Moment:
    """What is counted at one moment."""

    at_s: float
    cpu_s: Mapping[str, float]  # by process: role and number
    outcomes: Mapping[str, int]  # frames on record
    latencies: Mapping[int, int]


def observe(load: Load, arguments: argparse.Namespace) -> Step:
    """Runs one step; nothing of it is left, whatever happens. Raises StepError."""
    with tempfile.TemporaryDirectory(prefix="cameras-") as name:
        folder = Path(name)
        places = places_for(folder / "data")
        try:
            with _running(folder, load) as line:
                began_s = time.monotonic()
                _until_up(line, places, load, began_s + arguments.starting)
                up_s = time.monotonic() - began_s
                _sleep(line, SETTLE_S)
                before = _moment(line.pid, folder / "data")
                _sleep(line, arguments.seconds)
                return _step(load, line.pid, before, _moment(line.pid, folder / "data"), places, up_s)
        finally:
            shutil.rmtree(places.folder, ignore_errors=True)


def written(folder: Path, load: Load) -> Path:
    """The line's YAML."""
    source = f"numbered:?fps={load.fps:g}&size={load.width}x{load.height}&bad={load.bad:g}"
    cameras = {f"camera{n:02d}": {"source": f"{source}&seed={n}"} for n in range(load.cameras)}
    line = {
        "data_dir": str(folder / "data"),
        "display": {"port": 0},
        "inspector": {
            "count": load.inspectors,
            "bundle": str(SOAK_BUNDLE) if load.bundle == "soak" else None,
            "engine": "onnxruntime",
            "device": load.device,
            "threads": load.threads,
            "batch": load.batch,
        },
        "cameras": cameras,
    }
    file = folder / "line.yaml"
    file.write_text(json.dumps(line))  # JSON is YAML
    return file


@contextlib.contextmanager
def _running(folder: Path, load: Load) -> Iterator[subprocess.Popen[bytes]]:
    """The line; SIGTERM at the end, SIGKILL where that does not help: its roles die with it."""
    command = [sys.executable, "-m", "stream", "run", str(written(folder, load))]
    with (
        (folder / "said.log").open("wb") as said,
        subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=said, stderr=said) as line,
    ):
        try:
            yield line
        except StepError as error:
            raise StepError(f"{error}; it said last:\n{_last_words(folder)}") from error
        finally:
            line.send_signal(signal.SIGTERM)
            try:
                line.wait(END_S)
            except subprocess.TimeoutExpired:
                line.kill()


def _until_up(line: subprocess.Popen[bytes], places: Places, load: Load, until_s: float) -> None:
    wanted = load.cameras + load.inspectors + 2
    up = 0
    while time.monotonic() < until_s:
        _sleep(line, LOOK_S)
        answer = ask(places, "status", timeout_s=2.0)
        up = sum(role.state == "running" for role in answer.house.roles) if answer and answer.house else 0
        if up >= wanted:
            return
    raise StepError(f"{up} of {wanted} roles were up when the time to come up was over")


def _sleep(line: subprocess.Popen[bytes], seconds: float) -> None:
    """Raises StepError where the line ends meanwhile."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        line.wait(seconds)
        raise StepError(f"the line ended by itself with exit code {line.returncode}")


def _moment(supervisor: int, data_dir: Path) -> Moment:
    outcomes: Counter[str] = Counter()
    with contextlib.suppress(LogError), contextlib.closing(open_for_reading(data_dir)) as db:
        outcomes.update(dict(db.execute("SELECT outcome, sum(stop - start) FROM ledger GROUP BY outcome")))
    cpu_s = {f"{role}|{pid}": _cpu_s(pid) for role, pid in _processes(supervisor)}
    return Moment(time.monotonic(), cpu_s, outcomes, latencies_in(data_dir))


def _step(load: Load, supervisor: int, before: Moment, after: Moment, places: Places, up_s: float) -> Step:
    seconds = after.at_s - before.at_s
    frames = {name: count - before.outcomes.get(name, 0) for name, count in after.outcomes.items()}
    dropped = {name.split(":", 1)[1]: n for name, n in frames.items() if name.startswith("dropped:") and n}
    judged = sum(frames.values()) - sum(dropped.values())
    ages = Latencies({bucket: count - before.latencies.get(bucket, 0) for bucket, count in after.latencies.items()})
    uses = {pid: (role, use_of(pid)) for role, pid in _processes(supervisor)}
    pss: Counter[str] = Counter()
    for role, use in uses.values():
        pss[role] += use.pss_mb  # type: ignore[assignment]
    answer = ask(places, "status")
    roles = answer.house.roles if answer and answer.house else ()
    shm = shutil.disk_usage(places.folder)
    return Step(
        load,
        seconds,
        judged / seconds,
        frames.get("BAD", 0) / seconds,
        sum(frames.values()) / seconds,
        dropped,
        ages.percentile(0.5) or 0.0,
        ages.percentile(0.99) or 0.0,
        _cores(before, after),
        pss,
        sum(use.descriptors for _, use in uses.values()),
        max(use.descriptors / _descriptors_most(pid) for pid, (_, use) in uses.items()),
        _memory_free_share(),
        shm.free / shm.total,
        tuple(role.role for role in roles if role.restarts),
        up_s,
    )


def _cores(before: Moment, after: Moment) -> dict[str, float]:
    """Processors used, by role. What a process used that came or went meanwhile is left out."""
    found: dict[str, float] = {}
    for name in before.cpu_s.keys() & after.cpu_s.keys():
        role, used_s = name.split("|")[0], after.cpu_s[name] - before.cpu_s[name]
        found[role] = found.get(role, 0.0) + used_s / (after.at_s - before.at_s)
    return found


def _processes(supervisor: int) -> Iterator[tuple[str, int]]:
    """Each living process of the line, by the kind of its role."""
    yield SUPERVISOR, supervisor
    for child in children_of(supervisor):
        if not gone(child):
            yield (role_in(command_of(child)) or "spare").split(" ")[0], child


def _cpu_s(pid: int) -> float:
    """Processor time of a process, all threads (proc(5), stat: utime, stime); 0 where it is gone."""
    with contextlib.suppress(OSError, IndexError):
        fields = (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS_PER_S
    return 0.0


def _descriptors_most(pid: int) -> float:
    lines = (Path("/proc") / str(pid) / "limits").read_text().splitlines()
    limit = next(line.split()[3] for line in lines if line.startswith("Max open files"))
    return float("inf") if limit == "unlimited" else float(limit)


def _memory_free_share() -> float:
    fields = dict(line.split(":") for line in Path("/proc/meminfo").read_text().splitlines())
    return int(fields["MemAvailable"].split()[0]) / int(fields["MemTotal"].split()[0])


def _last_words(folder: Path) -> str:
    return "\n".join((folder / "said.log").read_text(errors="replace").splitlines()[-8:])
