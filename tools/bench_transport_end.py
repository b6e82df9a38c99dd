"""One end of a transport in a process of its own: `python -m tools.bench_transport_end JOB`, JOB as JSON.

Says `ready` when it can begin, begins when it is told, and prints what it measured. Pictures carry the time at which
they were sent in their first 8 bytes. Readers count what arrives: a way that queues a picture without copying it sends
what the buffer holds by then, so as fast as it goes no number in it could be trusted.
"""

from __future__ import annotations

import json
import os
import select
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .bench_transport_table import WAYS
from .bench_transport_ways import Meeting, Reader, Sender

STAMP_BYTES = 8
SOURCES = 8  # pictures of the camera's, sent in turn: more than any cache holds, and more than a queue
CALL_EVERY_S = 0.02
SILENT_S = 60.0  # a reader without a picture for so long gives up


@dataclass(frozen=True)
class Job:
    """What one end has to do."""

    way: str
    reader: int | None  # its index; None: the sender
    folder: str
    port: int
    readers: int
    height: int
    width: int
    warm: int  # pictures before measuring begins
    frames: int  # pictures after them
    per_s: float  # 0: as fast as it goes

    @property
    def meeting(self) -> Meeting:
        return Meeting(Path(self.folder), self.port, self.readers, (self.height, self.width, 3))


@dataclass(frozen=True)
class Sent:
    """What the sender measured."""

    cpu_s: float  # of the whole process, for the measured pictures
    took_s: float  # until the last was handed over
    began_s: float  # monotonic, of the first measured one


@dataclass(frozen=True)
class Received:
    """What a reader measured."""

    frames: int  # measured ones that arrived
    cpu_s: float
    last_s: float  # monotonic: when the last arrived
    ages_ms: list[float]  # from before the sending to the hand of the reader


def send(sender: Sender, job: Job) -> Sent:
    rng = np.random.default_rng(0)
    pictures = [rng.integers(0, 256, (job.height, job.width, 3), np.uint8) for _ in range(SOURCES)]
    _call_until_told(sender)
    began_s, cpu_s, due_s = time.monotonic(), time.process_time(), time.monotonic()
    for number in range(job.warm + job.frames):
        if number == job.warm:
            began_s, cpu_s = time.monotonic(), time.process_time()
        if job.per_s:
            due_s += 1 / job.per_s
            time.sleep(max(0.0, due_s - time.monotonic()))
        picture = pictures[number % SOURCES]
        picture.reshape(-1)[:STAMP_BYTES].view(np.uint64)[0] = time.monotonic_ns()
        sender.send(picture)
    took_s = time.monotonic() - began_s
    _call_until_told(sender)  # that the readers have all of it
    return Sent(time.process_time() - cpu_s, took_s, began_s)


def receive(reader: Reader, job: Job) -> Received:
    """Reads until the last picture, or until a call says that there will be no more."""
    arrived, last_s, cpu_s = 0, 0.0, 0.0
    ages_ms: list[float] = []
    said_ready = False
    while arrived < job.warm + job.frames:
        picture = reader.receive(SILENT_S)
        if picture is None:
            raise SystemExit(f"{job.way}: no picture for {SILENT_S:g} s; is the other end alive?")
        if picture.shape[0] == 1:
            if arrived:
                break
            said_ready = said_ready or _say_ready()
            continue
        last_s = time.monotonic()
        sent_ns = int(np.ascontiguousarray(picture[0, :3]).reshape(-1)[:STAMP_BYTES].view(np.uint64)[0])
        int(picture[::16, ::16].sum())  # looked at, as far as pages and caches go
        arrived += 1
        if arrived == job.warm + 1:
            cpu_s = time.process_time()
        if arrived > job.warm:
            ages_ms.append(last_s * 1000 - sent_ns / 1e6)
    return Received(len(ages_ms), time.process_time() - cpu_s, last_s, ages_ms)


def _say_ready() -> bool:
    print("ready", flush=True)
    return True


def _call_until_told(sender: Sender) -> None:
    """A byte on standard input; meanwhile whoever listens is called."""
    while not select.select([sys.stdin], [], [], CALL_EVERY_S)[0]:
        sender.call()
    os.read(sys.stdin.fileno(), 1)  # not through its buffer, of which select knows nothing


def main() -> None:
    job = Job(**json.loads(sys.argv[1]))
    way = WAYS[job.way]
    if job.reader is None:
        sender = way.sender(job.meeting)
        _say_ready()
        measured: Sent | Received = send(sender, job)
        print(json.dumps(measured.__dict__), flush=True)
        sender.close()
        return
    assert way.reader is not None
    reader = way.reader(job.meeting, job.reader)
    if not way.calls:
        _say_ready()
    measured = receive(reader, job)
    print(json.dumps(measured.__dict__), flush=True)
    reader.close()


if __name__ == "__main__":
    main()
