"""How the recorder is, for people: what is on record of this session, and what alarms it has."""

from __future__ import annotations

import time
from pathlib import Path

from stream.absent import Absent
from stream.bookkeeping import NEWEST_INCIDENTS, Bookkeeping
from stream.challenge_desk import ChallengeDesk
from stream.committing import Committer
from stream.evidence_desk import EvidenceDesk
from stream.keeping import evidence_folder
from stream.measured import Measured
from stream.messages import IncidentRecord, InspectorUp, LineStatus
from stream.metrics import added
from stream.retention import Retention
from stream.run_book import RunBook
from stream.tally import counts, newest_parts


class RecorderStatus:
    """Reads what the recorder's parts say of themselves."""

    def __init__(
        self,
        data_dir: Path,
        books: Bookkeeping,
        committer: Committer,
        evidence: EvidenceDesk,
        challenges: ChallengeDesk,
        retention: Retention,
        absent: Absent,
        measured: Measured,
    ) -> None:
        self._data_dir = data_dir
        self._books = books
        self._committer = committer
        self._evidence = evidence
        self._challenges = challenges
        self._retention = retention
        self._absent = absent
        self._measured = measured
        self._engine, self._bundle_id = "", ""

    def judged_by(self, up: InspectorUp) -> None:
        """An inspector has come up, and says what it judges with."""
        self._engine, self._bundle_id = up.engine, up.bundle_id

    def status(self) -> LineStatus:
        """What is on record of this session."""
        books = list(self._books.books())
        latencies = added(book.latencies for book in books)
        return LineStatus(
            session=self._books.session,
            engine=self._engine,
            bundle_id=self._bundle_id,
            cameras=tuple(counts(name, books) for name in dict.fromkeys(book.camera for book in books)),
            incidents=self._newest_incidents(books),
            latency_p50_ms=latencies.percentile(0.5),
            latency_p99_ms=latencies.percentile(0.99),
            alarms=self._alarms(),
            parts=newest_parts(books),
            commits=not (self._committer.error or self._committer.stalled_s),
            challenges=self._challenges.status(),
            figures=self._measured.taken(self._evidence.waiting),
        )

    def _alarms(self) -> tuple[str, ...]:
        alarms = []
        if self._committer.error:
            alarms.append(f"Nothing can be recorded: {self._committer.error}")
        if self._committer.stalled_s:
            alarms.append(f"The disk has taken {self._committer.stalled_s:.0f} s over one commit; inspection goes on")
        if self._evidence.error:
            alarms.append(f"No evidence can be kept: {self._evidence.error}")
        if self._evidence.unrecorded:
            alarms.append(
                f"{self._evidence.unrecorded} BAD frames have no evidence: the disk refused for too long (unrecorded)"
            )
        if self._books.full:
            alarms.append("Inspection stands still: too many verdicts wait for the disk")
        return (*alarms, *self._challenges.alarms, *self._retention.alarms, *self._absent.alarms(time.monotonic()))

    def _newest_incidents(self, books: list[RunBook]) -> tuple[IncidentRecord, ...]:
        records = [
            IncidentRecord(
                camera=book.camera,
                run=book.run,
                first_seq=incident.first_seq,
                last_seq=incident.last_seq,
                worst_seq=incident.worst.seq,
                worst_score=incident.worst.score,
                frames=incident.frames,
                captured_utc_ns=incident.worst.captured_utc_ns,
                evidence=self._evidence_of(book.camera, book.run, incident.worst.seq),
                part=incident.worst.part,
            )
            for book in books
            for incident in book.incidents.newest(NEWEST_INCIDENTS)
        ]
        records.sort(key=lambda record: -record.captured_utc_ns)
        return tuple(records[:NEWEST_INCIDENTS])

    def _evidence_of(self, camera: str, run: int, seq: int) -> str | None:
        name = evidence_folder(camera, run, seq)
        return name if Path(self._data_dir, name).is_dir() else None
