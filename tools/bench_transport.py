"""The suite `transport`: pictures from one process to another, and to three, by every way on one host.

fast   as fast as it goes: frames/s that arrive
paced  at 30 frames/s: CPU a frame of sender and readers, and the time from before the sending to the reader's hand
"""

from __future__ import annotations

import argparse
import contextlib
import json
import random
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import IO

import numpy as np

from stream.places import SHM

from .bench_record import Measured
from .bench_rounds import Contender, Row, compare, row_of
from .bench_transport_end import Job, Received, Sent
from .bench_transport_table import IMAGEZMQ, IMAGEZMQ_PUB, MEMCPY, OURS, OURS_TO_MANY, WAYS

SIZES = {"1080p": (1080, 1920), "4K": (2160, 3840), "tiny": (48, 64)}
TO_ONE = (IMAGEZMQ, OURS, "NetGear REQ/REP", "pyzmq, copied", "pyzmq, copy=False", MEMCPY)
TO_THREE = (IMAGEZMQ_PUB, OURS_TO_MANY, MEMCPY)
READERS = {"one reader": (1, TO_ONE), "three readers": (3, TO_THREE)}
SENDER_CPU, MULTIPLE = "sender's CPU ms a frame", "sender's CPU, in memcpys"
PER_S = 30.0
WARM = 16  # twice the slots of the ring: every page has been touched
PORTS = range(12000, 32000)  # below those that the kernel gives to outgoing connections by itself
NOTES = (
    "ring and lease: a capture's desk, lending and links and an inspector's feed, as a line uses them; nothing is "
    "copied for the reader",
    "ring and notes: the same ring, a published note of each frame, and each reader's word that it is done",
    "imagezmq and NetGear: tcp on loopback, as they are documented; pyzmq: PUSH/PULL over ipc, 4 frames in each queue",
    "the floor of a sender is one memcpy of the picture into shared memory, at the same pace and in the same round",
    "frames/s: from the sending of the first picture to the arrival of the last, with three readers at the slowest one",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--sizes", nargs="+", choices=SIZES, default=["1080p", "4K"], help="(default: 1080p 4K)")
    says = "1080p pictures as fast as it goes, of larger ones as many bytes (default: 200)"
    parser.add_argument("--frames", type=int, default=200, help=says)
    parser.add_argument("--seconds", type=float, default=5.0, help=f"at {PER_S:g} frames/s (default: 5)")


def measure(arguments: argparse.Namespace) -> Measured:
    rows: list[Row] = []
    missing = sorted({w.library for w in WAYS.values() if w.library and find_spec(w.library) is None})
    for size in arguments.sizes:
        for readers, (count, names) in READERS.items():
            here = [name for name in names if WAYS[name].library not in missing]
            frames = frames_of(SIZES[size], arguments.frames)
            bench = Bench(SIZES[size], count, frames, round(arguments.seconds * PER_S))
            contenders = [Contender(name, bench.of(name)) for name in here]
            base = here[0] if here[0] == names[0] else None
            setting = f"{size}, {readers}"
            rows += compare(setting, contenders, arguments.rounds, base)
            rows += bench.multiples(setting, here)
    absent = [f"{library} is not installed; `make setup-bench`" for library in missing]
    libraries = [w.library for w in WAYS.values() if w.library and w.library not in missing]
    return Measured(tuple(rows), (*NOTES, *absent), ("pyzmq", *dict.fromkeys(libraries)))


def frames_of(size: tuple[int, int], frames: int) -> int:
    """As many bytes as so many 1080p pictures have: whoever queues without bound would fill the memory else."""
    height, width = size
    return min(frames, max(1, round(frames * 1080 * 1920 / (height * width))))


@dataclass
class Bench:
    """One size and number of readers."""

    size: tuple[int, int]
    readers: int
    frames: int
    paced: int
    sender_cpu: dict[str, list[float]] = field(default_factory=dict)  # ms a frame, by name, one a round

    def of(self, name: str) -> Once:
        return Once(self, name)

    def multiples(self, setting: str, names: Sequence[str]) -> list[Row]:
        """Each sender's CPU as a multiple of the memcpy of the same round."""
        floor = self.sender_cpu[MEMCPY]
        shares = {name: [a / b for a, b in zip(self.sender_cpu[name], floor, strict=True)] for name in names}
        return [row_of(setting, name, MULTIPLE, share) for name, share in shares.items()]


@dataclass(frozen=True)
class Once:
    """One round of one way."""

    bench: Bench
    name: str

    def __call__(self) -> dict[str, float]:
        bench = self.bench
        fast = exchange(self.name, bench.size, bench.readers, bench.frames, per_s=0.0)
        paced = exchange(self.name, bench.size, bench.readers, bench.paced, per_s=PER_S)
        sender_ms = paced.sent.cpu_s * 1000 / bench.paced
        bench.sender_cpu.setdefault(self.name, []).append(sender_ms)
        if not paced.received:
            return {"frames/s": bench.frames / fast.sent.took_s, SENDER_CPU: sender_ms}
        readers_ms = sum(r.cpu_s * 1000 / max(1, r.frames - 1) for r in paced.received)
        ages_ms = np.concatenate([r.ages_ms for r in paced.received])
        return {
            "frames/s": min(r.frames / (r.last_s - fast.sent.began_s) for r in fast.received),
            SENDER_CPU: sender_ms,
            "readers' CPU ms a frame": readers_ms,
            "both": sender_ms + readers_ms,
            "p50 ms": float(np.percentile(ages_ms, 50)),
            "p99 ms": float(np.percentile(ages_ms, 99)),
            "arrived, %": min(r.frames for r in fast.received) / bench.frames * 100,
        }


@dataclass(frozen=True)
class Exchanged:
    """What both ends measured."""

    sent: Sent
    received: tuple[Received, ...]


def exchange(name: str, size: tuple[int, int], readers: int, frames: int, *, per_s: float) -> Exchanged:
    """Sends so many pictures by that way, each end in a process of its own. Raises SystemExit where an end fails."""
    readers = readers if WAYS[name].reader else 0
    with tempfile.TemporaryDirectory(prefix="lw-", dir=SHM) as folder, contextlib.ExitStack() as ends:
        port = free_port()

        def start(reader: int | None) -> End:
            job = Job(name, reader, folder, port, readers, *size, WARM, frames, per_s)
            return ends.enter_context(End(job))

        listening = [start(index) for index in range(readers)]
        sender = start(None)
        for end in (sender, *listening):
            end.read()
        sender.go_on()
        received = tuple(Received(**json.loads(end.read())) for end in listening)
        sender.go_on()
        return Exchanged(Sent(**json.loads(sender.read())), received)


class End:
    """A process of one end; it does not outlive the `with`."""

    LIMIT_S = 300.0

    def __init__(self, job: Job) -> None:
        self._job = job
        command = [sys.executable, "-m", "tools.bench_transport_end", json.dumps(job.__dict__)]
        self._said = (Path(job.folder) / f"{job.reader}.said").open("w+b")
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=self._said)
        self._alarm = threading.Timer(self.LIMIT_S, self._process.kill)
        self._alarm.start()

    def __enter__(self) -> End:
        return self

    def read(self) -> str:
        """Its next line. Raises SystemExit with what it said where there is none."""
        line = _stream(self._process.stdout).readline().decode()
        if not line:
            self._said.seek(0)
            raise SystemExit(f"{self._job.way}: an end failed:\n{self._said.read().decode(errors='replace')}")
        return line.strip()

    def go_on(self) -> None:
        """What a sender waits for, before the first picture and after the last."""
        stream = _stream(self._process.stdin)
        stream.write(b".")
        stream.flush()

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(5.0)
        self._process.kill()
        self._process.wait()
        self._alarm.cancel()
        self._alarm.join()
        for stream in (self._process.stdin, self._process.stdout, self._said):
            _stream(stream).close()


def _stream(stream: IO[bytes] | None) -> IO[bytes]:
    assert stream is not None
    return stream


def free_port() -> int:
    """A tcp port of 127.0.0.1 on which nobody listens."""
    while True:
        port = random.choice(PORTS)
        with socket.socket() as trial, contextlib.suppress(OSError):
            trial.bind(("127.0.0.1", port))
            return port
