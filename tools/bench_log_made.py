"""A defect log as a long time leaves it, seeded: written by the recorder's own code, without pictures.

What is spared is waiting for the disk, a commit at a time: many of the recorder's transactions share one here. Each
still gets its entry of the chain, and rows and indexes are to the byte what a line writes.
"""

from __future__ import annotations

import contextlib
import math
import random
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from stream.defect_log import DefectLog
from stream.incidents import BadFrame, IncidentBook
from stream.keeping import evidence_folder
from stream.log_batch import Batch, Minute, VerdictRow
from stream.log_writing import write_batch
from stream.messages import Act, DefectRecord, FrameRef, VerdictRecord
from stream.minutes import MINUTE_NS, minute_of
from stream.run_book import RunBook

FIRST_NS = 1_750_000_000_000_000_000
GAP = 10
TOGETHER = 500  # batches that share a transaction here
KEPT = 12  # incidents that stay in memory, as in the recorder
MS = 40.0  # from capture to verdict
REASONS = ("", "", "", "glare", "blurred: out of focus")


@dataclass(frozen=True)
class Plan:
    """What is made."""

    name: str
    cameras: int
    incidents: int  # of each camera
    every: int  # frames from one incident to the next
    fps: float
    worst: int  # BAD frames of one incident, at most
    reviewed: float  # share of incidents

    @property
    def frames(self) -> int:
        return self.cameras * self.incidents * self.every


MILLION = Plan("1,000,000 frames, 50,000 incidents", 4, 12_500, 20, 30.0, 4, 0.1)
YEAR = Plan("a year of a camera at 30 frames/s, 1 BAD in 1,000", 1, 946_080, 1000, 30.0, 1, 0.001)


def make_log(data_dir: Path, plan: Plan, seed: int) -> None:
    """Writes the log of that plan into an empty folder."""
    with contextlib.closing(DefectLog(data_dir, GAP)) as log:
        log.begin_session("bench", FIRST_NS, "bench", "{}")
        log.note_engine("bench", "onnxruntime cpu", "codes@0")
    with contextlib.closing(sqlite3.connect(log.path, isolation_level=None)) as db:
        db.execute("PRAGMA synchronous=OFF")
        db.execute("PRAGMA cache_size=-200000")
        bar = tqdm(_batches(plan, seed), plan.name, plan.cameras * plan.incidents, unit="incident", disable=None)
        for number, (batch, now_ns) in enumerate(bar):
            if number % TOGETHER == 0:
                db.execute("COMMIT" if number else "SELECT 1")
                db.execute("BEGIN")
            batch.freeze()
            write_batch(db, batch, now_ns)
        db.execute("COMMIT")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _batches(plan: Plan, seed: int) -> Iterator[tuple[Batch, int]]:
    """What the recorder commits: one batch an incident, camera by camera, and the time of each."""
    chance = random.Random(seed)
    for camera in range(plan.cameras):
        name = f"camera{camera + 1}"
        run = FIRST_NS // 1000 + camera
        book = RunBook(name, run, IncidentBook(GAP), session="bench", source=f"rtsp://{name}/1", live=True)
        for number in range(plan.incidents):
            batch, frames = Batch(), chance.randint(1, plan.worst)
            first = number * plan.every
            now_ns = _utc_ns(run, first, plan.fps)
            for seq in range(first, first + frames):
                _judge(chance, batch, book, name, run, seq, plan.fps)
            book.account(first + frames, first + plan.every, "GOOD")
            book.captured = first + plan.every
            for minute, good in _minutes(run, first + frames, book.captured, plan.fps):
                batch.add_minute(name, minute, Minute(good=good, latency_ms_sum=MS * good, latency_ms_max=MS))
            if chance.random() < plan.reviewed:
                _review(chance, batch, name, run, first, now_ns)
            batch.note(book)
            yield batch, now_ns
            book.settle(None, KEPT)


def _judge(chance: random.Random, batch: Batch, book: RunBook, camera: str, run: int, seq: int, fps: float) -> None:
    """A BAD frame, as Bookkeeping enters it."""
    score = round(0.5 + chance.random() / 2, 6)
    utc_ns, bundle = _utc_ns(run, seq, fps), f"codes@{chance.randrange(3)}1b2c3d4e5f6"
    x, y, length = chance.randrange(1800), chance.randrange(1000), round(chance.uniform(3, 300), 2)
    defect = DefectRecord("scratch", score, (x, y, x + 40, y + 40), int(length * 3), length, 3.1, "code")
    where = FrameRef(
        *(camera, run, seq, utc_ns % 10**15, utc_ns, seq / fps, "inspection-pc", f"{run:032x}"),
        *(f"{camera}.1.ring", 0, 2, 1080, 1920),
    )
    part = f"A-{seq // 40:08d}" if chance.random() < 0.5 else ""
    verdict = VerdictRecord(
        *("BAD", score, None, (defect,), None, f"{chance.getrandbits(256):064x}", bundle, f"{run % 3:064x}"),
        (1.0, 2.0, 3.0, 0.4),
        recipe=("", "lid", "cup")[run % 3],
    )
    placed = book.incidents.add(BadFrame(seq, score, utc_ns, part))
    batch.moved_evidence += [(camera, run, other) for other in placed.superseded]
    evidence = evidence_folder(camera, run, seq) if placed.incident.worst.seq == seq else None
    hashed = chance.randbytes(32) if evidence else None
    row = (where, where.captured_mono_ns + round(MS * 1e6), "inspect 1", evidence, part, hashed)
    batch.verdicts.append(VerdictRow(camera, run, seq, verdict, *row))
    batch.add_minute(camera, minute_of(utc_ns), Minute(bad=1, latency_ms_sum=MS, latency_ms_max=MS))
    book.judge(seq, "BAD", score, verdict.mask_sha256)
    book.latencies.add(chance.uniform(20, 60))


def _minutes(run: int, start: int, stop: int, fps: float) -> Iterator[tuple[int, int]]:
    """The minutes in which the frames from `start` to `stop` were captured, and how many in each."""
    while start < stop:
        minute = minute_of(_utc_ns(run, start, fps))
        following = math.ceil(((minute + 1) * MINUTE_NS - run * 1000) * fps / 1e9)
        until = min(stop, max(following, start + 1))
        yield minute, until - start
        start = until


def _review(chance: random.Random, batch: Batch, camera: str, run: int, seq: int, now_ns: int) -> None:
    word = chance.choice(("defect", "defect", "false_alarm", "unsure"))
    said = f'{{"verdict":"{word}","comment":"seen under the lamp","boxes":[]}}'
    name = f"{chance.getrandbits(128):032x}"
    batch.acts[name] = Act(name, now_ns, "Ada", "operator", "review", f"{camera}/{run}/{seq}", "", said)
    if chance.random() < 0.05:
        batch.acts[f"p{name}"] = Act(f"p{name}", now_ns, "Ada", "operator", "pin", f"{camera}/{run}/{seq}", "", "1")


def _utc_ns(run: int, seq: int, fps: float) -> int:
    return run * 1000 + round(seq * 1e9 / fps)
