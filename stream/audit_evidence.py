"""Whether the evidence on disk is what was recorded: the log vouches for evidence.json, and that for each picture.

Knows files and rows. What the log says has no evidence any more is not looked for: a worse frame took its place, or its
time was up.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import msgspec

from stream.audit_check import Finding
from stream.evidence import DESCRIPTION
from stream.keeping import evidence_folder
from stream.log_reading import open_for_reading

KEPT = "SELECT camera, run, seq, evidence, evidence_sha256 FROM verdicts WHERE evidence IS NOT NULL"
STILL = "SELECT 1 FROM verdicts WHERE camera=? AND run=? AND seq=? AND evidence IS NOT NULL"
CHUNK = 1 << 20
_described = msgspec.json.Decoder(dict[str, msgspec.Raw])
_hashes = msgspec.json.Decoder(dict[str, str])


@dataclass(frozen=True)
class Looked:
    """A folder of evidence was looked at. `bound` False: it is from before the log vouched for it."""

    bound: bool


def check_evidence(db: sqlite3.Connection, data_dir: Path) -> Iterator[Looked | Finding]:
    """Every folder that the log points to, and what is wrong."""
    for camera, run, seq, evidence, expected in db.execute(KEPT):
        name = f"evidence of frame {camera}/{run}/{seq}"
        frame = isinstance(camera, str) and isinstance(run, int) and isinstance(seq, int)  # a column takes anything
        if not frame or evidence != evidence_folder(camera, run, seq):
            yield Finding(f"{name}: the log points to {evidence!r}, which is not its place")
            continue
        found = list(_wrong_with(data_dir / evidence, expected))
        if found and not _still(data_dir, (camera, run, seq)):
            continue  # it has gone while this was reading
        yield from (Finding(f"{name}: {said}") for said in found)
        yield Looked(expected is not None)


def _still(data_dir: Path, frame: tuple[str, int, int]) -> bool:
    """Whether the log points to it at this moment: the connection that reads sees the log as it was when it began."""
    with closing(open_for_reading(data_dir)) as now:
        return now.execute(STILL, frame).fetchone() is not None


def _wrong_with(folder: Path, expected: bytes | None) -> Iterator[str]:
    try:
        content = (folder / DESCRIPTION).read_bytes()
        there = {path.name for path in folder.iterdir()} - {DESCRIPTION}
    except OSError as error:
        yield f"{DESCRIPTION} cannot be read: {error.strerror}"
        return
    if expected is not None and hashlib.sha256(content).digest() != expected:
        yield f"{DESCRIPTION} was changed"
        return
    try:
        hashes = _hashes.decode(_described.decode(content)["files_sha256"])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, KeyError):
        yield f"{DESCRIPTION} names no hashes"
        return
    for file, wanted in sorted(hashes.items()):
        if file not in there:
            yield f"{file} is missing"
        elif _hash_of(folder / file) != wanted:
            yield f"{file} was changed"
    yield from (f"{file} was added" for file in sorted(there - hashes.keys()))


def _hash_of(path: Path) -> str:
    whole = hashlib.sha256()
    try:
        with path.open("rb") as opened:
            while chunk := opened.read(CHUNK):
                whole.update(chunk)
    except OSError:
        return ""
    return whole.hexdigest()
