"""What the log keeps, as the columns of its tables. Pure."""

from __future__ import annotations

import msgspec

from stream.log_batch import Minute, VerdictRow
from stream.messages import DefectRecord
from stream.parts import Part


def defects_from(text: str) -> tuple[DefectRecord, ...]:
    """The defects of a row."""
    return msgspec.json.decode(text, type=tuple[DefectRecord, ...])


def verdict_columns(row: VerdictRow, entry: int) -> tuple[object, ...]:
    """`entry`: of the chain, that vouches for the row."""
    v, f = row.verdict, row.frame
    return (
        row.camera,
        row.run,
        row.seq,
        v.state,
        v.score,
        v.reason,
        msgspec.json.encode(v.defects).decode(),
        v.mask_sha256,
        v.bundle_id,
        v.settings_id,
        f and f.captured_utc_ns,
        f and f.captured_mono_ns,
        row.judged_mono_ns,
        f and f.pts_s,
        f and f.host,
        f and f.boot_id,
        row.inspector,
        f and f.attempt,
        row.evidence,
        row.part,
        row.evidence_sha256,
        entry,
    )


def part_columns(camera: str, run: int, part: Part, now_utc_ns: int) -> tuple[object, ...]:
    b, decided = part.begun, part.state is not None
    last_seq = part.stop - 1 if part.frames else None
    how = (last_seq, part.frames, part.state, now_utc_ns if decided else None)
    return (camera, run, b.number, b.part, b.seq, b.by, b.told_utc_ns, *how)


def minute_columns(camera: str, minute: int, brought: Minute) -> tuple[object, ...]:
    m = brought
    counts = (m.good, m.bad, m.unknown, m.dropped, m.lost, m.latency_ms_sum, m.latency_ms_max)
    return (camera, minute, *counts, msgspec.json.encode(dict(m.reasons), order="sorted").decode())
