"""Invariants of samples and of retention: rows and folders are one, numbers and budgets hold, acts only grow."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.soak_check_facts import Finding, Soak
from tools.soak_check_kept import DESCRIPTION, Folder, read_folder
from tools.soak_check_log import FILE

SAMPLES = "samples"
LATE_S = 150.0  # a sample is young for a minute, and a turn of retention comes each minute
GB = 1_000_000_000


@dataclass(frozen=True)
class Sample:
    """A row of `samples`."""

    camera: str
    run: int
    seq: int
    folder: str
    chance: float
    stays: bool  # it was reviewed, or is pinned

    @property
    def name(self) -> str:
        return f"{self.camera} run {self.run} frame {self.seq}"


@dataclass(frozen=True)
class Kept:
    """What the log says of samples and of what people and programs did."""

    samples: tuple[Sample, ...]
    numbers: tuple[int, ...]  # of acts, in order
    deletes: tuple[tuple[int, str, str], ...]  # number, kind of pictures, what was said
    settings: dict[str, Any]  # of the newest session


def samples_are_true(soak: Soak) -> Finding:
    """Each row has its folder, whole, of a frame that is GOOD in the ledger; and no folder is without its row."""
    if soak.data_dir is None:
        return Finding(0, note="no data_dir is known")
    kept = read_kept(soak.data_dir)
    folders = {path.relative_to(soak.data_dir).as_posix() for path in (soak.data_dir / SAMPLES).glob("*/*/*")}
    named = Counter(sample.folder for sample in kept.samples)
    breaks = [f"{name}: no row points to it" for name in sorted(folders - named.keys())]
    breaks += [f"{name}: {count} rows point to it" for name, count in named.items() if count > 1]
    good = {(c.name, run, seq) for c, run, seq, outcome in soak.frames() if outcome == "GOOD"}
    for sample in kept.samples:
        if sample.folder not in folders:
            breaks.append(f"{sample.name}: its folder {sample.folder} is not there")
            continue
        if sample.camera in soak.cameras and (sample.camera, sample.run, sample.seq) not in good:
            breaks.append(f"{sample.name}: a sample, and not GOOD in the ledger")
        if not 0 < sample.chance <= 1:
            breaks.append(f"{sample.name}: its chance is {sample.chance}")
        breaks += [
            f"{sample.folder}: {said}" for said in _wrong(read_folder(soak.data_dir, sample.folder), sample, soak)
        ]
    return Finding(len(kept.samples) + len(folders), tuple(breaks))


def budgets_hold(soak: Soak) -> Finding:
    """Of what is not young: no more samples of a camera, and no more bytes, than the settings allow.

    Young by the monotonic clock of their capture: a soak steps the wall clock, and that must change nothing. Looked at
    are those that had their time: some are still there to be compared, others the budgets have already taken.
    """
    if soak.data_dir is None:
        return Finding(0, note="no data_dir is known")
    kept = read_kept(soak.data_dir)
    ages = {sample: _captured_s(soak.data_dir, sample) for sample in kept.samples}
    end_s = max(ages.values(), default=0.0)
    old = [sample for sample, at_s in ages.items() if not sample.stays and at_s < end_s - LATE_S]
    most = (kept.settings.get("samples") or {}).get("kept_max")
    gb = ((kept.settings.get("retention") or {}).get("samples") or {}).get("gb")
    counts = Counter(sample.camera for sample in old)
    breaks = [f"{name}: {count} samples, {most} are allowed" for name, count in counts.items() if most and count > most]
    size = sum(_bytes(soak.data_dir / sample.folder) for sample in old)
    if gb is not None and size > gb * GB:
        breaks.append(f"samples take {size / GB:.4f} GB, {gb} GB are allowed")
    gone = soak.deleted.get(SAMPLES, 0)
    return Finding(len(old) + gone, tuple(breaks), f"of {len(ages) + gone}; {gone} deleted")


def acts_only_grow(soak: Soak) -> Finding:
    """Acts are numbered without a gap, and each sweep of retention says what it deleted."""
    if soak.data_dir is None:
        return Finding(0, note="no data_dir is known")
    kept = read_kept(soak.data_dir)
    wrong = ((wanted, number) for wanted, number in enumerate(kept.numbers, 1) if number != wanted)
    breaks = [f"act {number} stands where {wanted} should" for wanted, number in wrong][:1]
    for number, kind, said in kept.deletes:
        breaks += [f"act {number}, of {kind}: {text}" for text in _unsaid(said)]
    note = f"{len(kept.deletes)} sweeps of retention" if kept.deletes else ""
    return Finding(len(kept.numbers), tuple(breaks), note)


def read_kept(data_dir: Path) -> Kept:
    """Nothing of a log that is older than samples."""
    address = f"{(data_dir / FILE).resolve().as_uri()}?mode=ro"
    with contextlib.closing(sqlite3.connect(address, uri=True, timeout=10.0)) as db:
        if not db.execute("SELECT 1 FROM sqlite_master WHERE name='samples'").fetchone():
            return Kept((), (), (), {})
        rows = db.execute("SELECT camera, run, seq, folder, chance, review<>'' OR pinned=1 FROM samples NOT INDEXED")
        newest = db.execute("SELECT settings FROM sessions ORDER BY rowid DESC LIMIT 1").fetchone()
        return Kept(
            samples=tuple(
                Sample(camera, run, seq, folder, chance, bool(stays))
                for camera, run, seq, folder, chance, stays in rows
            ),
            numbers=tuple(row[0] for row in db.execute("SELECT number FROM acts ORDER BY number")),
            deletes=tuple(db.execute("SELECT number, subject, new FROM acts WHERE kind='delete' ORDER BY number")),
            settings=json.loads(newest[0]) if newest and newest[0] else {},
        )


def _captured_s(data_dir: Path, sample: Sample) -> float:
    """When its picture was captured, as its description says; 0 where it says nothing: another invariant tells."""
    try:
        return float(json.loads((data_dir / sample.folder / DESCRIPTION).read_bytes())["captured_mono_ns"]) / 1e9
    except (OSError, ValueError, KeyError, TypeError):
        return 0.0


def _wrong(folder: Folder, sample: Sample, soak: Soak) -> Iterator[str]:
    """What in a folder is missing, torn, or of another frame."""
    said = folder.described or {}
    hashes = said.get("files_sha256")
    if folder.described is None or not isinstance(hashes, dict):
        yield "evidence.json is missing or torn"
        return
    yield from (f"{file} is missing, or has another hash" for file in hashes if folder.hashes.get(file) != hashes[file])
    if (said.get("camera"), said.get("run"), said.get("seq")) != (sample.camera, sample.run, sample.seq):
        yield "evidence.json is of another frame"
    picture, camera = folder.pictures["frame.png"], soak.cameras.get(sample.camera)
    wanted = sample.seq if camera is None else soak.number(camera, sample.run, sample.seq)
    if picture and wanted is not None and picture.number not in (None, wanted):
        yield f"frame.png shows frame {picture.number}"


def _unsaid(text: str) -> Iterator[str]:
    try:
        said = json.loads(text)
        count, size, first, last = (said[name] for name in ("count", "bytes", "from_utc_ns", "to_utc_ns"))
    except (ValueError, KeyError, TypeError):
        yield f"does not say what was deleted: {text[:80]}"
        return
    if count < 1 or size < 0 or first > last:
        yield f"says {count} pieces, {size} bytes, from {first} to {last}"


def _bytes(folder: Path) -> int:
    if not folder.is_dir():
        return 0
    with os.scandir(folder) as entries:
        return sum(entry.stat().st_blocks * 512 for entry in entries)
