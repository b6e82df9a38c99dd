"""What becomes of one frame in the next commit: its row, its minute, its place in an incident. Pure.

Whoever calls has asked the ledger first: each frame enters once.
"""

from __future__ import annotations

from collections.abc import Iterable

from stream.incidents import BadFrame
from stream.keeping import evidence_folder
from stream.log_batch import VerdictRow
from stream.messages import Judged, VerdictRecord
from stream.minutes import Minute, minute_of, of_judged
from stream.run_book import RunBook
from stream.staged import Staged


def enter_product(
    staged: Staged, book: RunBook, judged: Judged, evidence: str | None, evidence_sha256: bytes | None
) -> None:
    """What a verdict on the product counts, and where it stands; that on a challenge is told in the challenge."""
    frame, verdict = judged.frame, judged.verdict
    staged.batch.add_minute(frame.camera, minute_of(frame.captured_utc_ns), of_judged(judged))
    if judged.judged_mono_ns > frame.captured_mono_ns:
        book.latencies.add((judged.judged_mono_ns - frame.captured_mono_ns) / 1e6)
    if verdict.state != "GOOD":
        staged.batch.verdicts.append(_row(judged, evidence, evidence_sha256))
    if verdict.state == "BAD" and verdict.score is not None:
        _place(staged, book, BadFrame(frame.seq, verdict.score, frame.captured_utc_ns, frame.part), evidence)


def enter_unknown(staged: Staged, book: RunBook, seqs: Iterable[int], reason: str) -> None:
    """Frames that their capture gave up: they have rows, and no picture."""
    verdict = VerdictRecord("UNKNOWN", None, reason, (), None, "", "", "", (0.0, 0.0, 0.0, 0.0))
    for seq in seqs:
        staged.batch.verdicts.append(VerdictRow(book.camera, book.run, seq, verdict, part=book.parts.name_at(seq)))


def count_at(staged: Staged, book: RunBook, now_utc_ns: int, counted: Minute) -> None:
    """Frames without a picture: nobody knows any more when they were captured."""
    if not book.challenge:
        staged.batch.add_minute(book.camera, minute_of(now_utc_ns), counted)


def _row(judged: Judged, evidence: str | None, evidence_sha256: bytes | None) -> VerdictRow:
    frame = judged.frame
    return VerdictRow(
        camera=frame.camera,
        run=frame.run,
        seq=frame.seq,
        verdict=judged.verdict,
        frame=frame,
        judged_mono_ns=judged.judged_mono_ns,
        inspector=judged.inspector,
        evidence=evidence,
        part=frame.part,
        evidence_sha256=evidence_sha256,
    )


def _place(staged: Staged, book: RunBook, frame: BadFrame, evidence: str | None) -> None:
    """Enters a BAD frame into its incident; evidence of a frame that is not the worst goes."""
    placed = book.incidents.add(frame)
    outdated = list(placed.superseded)
    if evidence is not None and placed.incident.worst.seq != frame.seq:
        outdated.append(frame.seq)
    for seq in outdated:
        staged.batch.moved_evidence.append((book.camera, book.run, seq))
        staged.outdated.append(evidence_folder(book.camera, book.run, seq))
