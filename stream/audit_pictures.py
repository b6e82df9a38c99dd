"""Whether the log still points to the evidence it had: in its place, or taken away by a worse frame or by retention.

Of the files themselves audit_evidence.py knows. The worst frame of an incident keeps its picture until retention says,
in an act, that it deleted some of that time.
"""

from __future__ import annotations

import sqlite3
from bisect import bisect_right
from collections.abc import Iterator

import msgspec

from stream.audit_check import Finding
from stream.audit_forms import formed
from stream.audit_settings import Gaps
from stream.keeping import EVIDENCE_FOLDER

MISPLACED = f"""
SELECT camera, run, seq, evidence FROM verdicts WHERE evidence IS NOT NULL AND {formed("verdicts", "run", "seq")}
  AND evidence <> '{EVIDENCE_FOLDER}/' || camera || '/' || run || '/' || printf('%08d', seq)
"""
LOST = f"""
SELECT i.camera, i.run, i.worst_seq, i.utc_ns, (SELECT session FROM runs r WHERE r.camera=i.camera AND r.run=i.run)
FROM incidents i CROSS JOIN verdicts v ON v.camera=i.camera AND v.run=i.run AND v.seq=i.worst_seq
WHERE i.evidence IS NULL AND v.evidence IS NULL AND v.evidence_sha256 IS NOT NULL AND {formed("incidents", of="i")}
"""
DELETED = "SELECT new FROM acts WHERE kind = 'delete' AND subject = 'evidence' AND role = 'system' ORDER BY number"


class _Deleted(msgspec.Struct):
    """Of an act of retention, what matters here."""

    from_utc_ns: int
    to_utc_ns: int


def check_pictures(db: sqlite3.Connection) -> Iterator[Finding]:
    """Every pointer to evidence, and those that are gone without a word."""
    for camera, run, seq, evidence in db.execute(MISPLACED):
        yield Finding(f"frame {camera}/{run}/{seq}: its evidence is {evidence!r}, which is not its place")
    gaps, gone = Gaps(db), _spans(db)
    for camera, run, seq, utc_ns, session in db.execute(LOST):
        if len(gaps.of(session)) > 1:
            continue  # another gap may have made it the worst after its picture had gone
        at = bisect_right(gone, (utc_ns, 2**63))
        if not (at and gone[at - 1][1] >= utc_ns):
            yield Finding(f"frame {camera}/{run}/{seq}: its evidence was taken from the log, no act says that it went")


def _spans(db: sqlite3.Connection) -> list[tuple[int, int]]:
    """The times of which retention deleted evidence, in order, none within another: a turn is one, so they are few."""
    spans: list[tuple[int, int]] = []
    found = []
    for (new,) in db.execute(DELETED):
        try:
            said = msgspec.json.decode(new, type=_Deleted)
        except (msgspec.DecodeError, TypeError, RecursionError):
            continue
        found.append((said.from_utc_ns, said.to_utc_ns))
    for start, stop in sorted(found):
        if spans and start <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(stop, spans[-1][1]))
        else:
            spans.append((start, stop))
    return spans
