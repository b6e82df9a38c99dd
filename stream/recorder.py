"""The recorder: keeps every verdict, every account and the evidence, and says so only when it is on disk.

The shell around bookkeeping.py (what goes into the next commit), defect_log.py (the commit), evidence.py and film.py.
"""

from __future__ import annotations

import logging
import secrets
import time
from dataclasses import replace
from pathlib import Path

from detector.verdict import Box
from stream.bookkeeping import Bookkeeping, Staged, capture_name
from stream.committing import Committer, SessionRow
from stream.configuration import dump_line
from stream.evidence_desk import EvidenceDesk
from stream.filming import Filming
from stream.heart import Heart
from stream.keeping import evidence_folder
from stream.links import Claim, Link, Links
from stream.messages import (
    Event,
    IncidentRecord,
    InspectorUp,
    Judged,
    LineStatus,
    Message,
    Recall,
    Release,
    Report,
)
from stream.metrics import added
from stream.places import Places
from stream.ring import RingViews
from stream.run_book import RunBook
from stream.secrets import redact
from stream.settings import LineSettings
from stream.tally import counts

log = logging.getLogger("linewatch")
STATUS_EVERY_S = 0.25
NEWEST_INCIDENTS = 12


def run(line: LineSettings, places: Places, heart: Heart, session: str) -> None:
    """Records until the heart says stop; then finishes what it has in hand."""
    claim = Claim(places.lock("record"), "a recorder of this line")
    links = Links()
    recorder = Recorder(line, places, links, session)
    try:
        while heart.beat():
            recorder.step(timeout_s=line.recorder.commit_ms / 1000)
        recorder.step(timeout_s=0.05)  # what came while it was told to stop
        until = time.monotonic() + line.supervisor.stop_s
        while recorder.busy() and time.monotonic() < until:
            heart.alive()
            recorder.step(timeout_s=0.005)
    finally:
        recorder.close()
        links.flush_and_close(linger_s=0.2)
        claim.close()


class Recorder:
    """Sockets, disk and threads of the recorder; `step` is one turn of its work loop."""

    def __init__(self, line: LineSettings, places: Places, links: Links, session: str) -> None:
        self._line = line
        self._data_dir = line.data_dir
        self._links = links
        self._peers: Link = links.serve(places.socket("record"))
        self._live: Link = links.publish(places.socket("record-live"))
        self._views = RingViews(places.folder)
        self._started_utc_ns = time.time_ns()
        self._session = session
        self._books = Bookkeeping(session, secrets.token_hex(8), line.recorder.incident_gap_frames, self._load_book)
        self._committer = Committer(line.data_dir, self._session_row(), line.recorder.commit_ms)
        self._evidence = EvidenceDesk(line.data_dir, self._views, self._books, line.recorder)
        self._filming = Filming(line.data_dir, self._views)
        self._engine, self._bundle_id = "", ""
        self._status_at = 0.0
        self._garbage = 0

    def step(self, timeout_s: float) -> None:
        """Takes what has arrived, and answers what is on disk."""
        self._links.wait(min(timeout_s, 0.005) if self._committer.waiting(self._books) else timeout_s)
        for _, message in self._peers.receive():
            self._take(message)
        self._filming.step()
        self._evidence.step()
        written = self._committer.step(self._books)
        if written is not None:
            self._answer(written)
            self._end_films(written)
        self._release_early()
        now = time.monotonic()
        if now >= self._status_at:
            self._status_at = now + STATUS_EVERY_S
            self._mind_garbage()
            self._live.send(self.status())

    def busy(self) -> bool:
        """Whether something is not on disk yet that could get there."""
        return self._committer.busy(self._books) or self._evidence.busy() or self._filming.busy()

    def close(self) -> None:
        self._evidence.close()
        self._filming.close()
        self._views.close()
        self._committer.close()

    def _session_row(self) -> SessionRow:
        cameras = tuple(replace(c, source=redact(c.source)) for c in self._line.cameras)
        settings = dump_line(replace(self._line, cameras=cameras))
        return SessionRow(self._session, self._started_utc_ns, self._line.name, settings)

    # --- what arrives ---

    def _take(self, message: Message) -> None:
        if isinstance(message, Judged):
            self._judged(message)
        elif isinstance(message, Report):
            if not self._must_wait(message.run):
                self._books.report(message)
        elif isinstance(message, Recall):
            if self._committer.log is not None:
                self._books.recall(message)
        elif isinstance(message, Event):
            self._books.event(message)
        elif isinstance(message, InspectorUp):
            self._engine, self._bundle_id = message.engine, message.bundle_id
            self._committer.judged_by(message.engine, message.bundle_id)

    def _must_wait(self, run: int) -> bool:
        """Without the log nobody knows what is on record of a run from before."""
        return self._committer.log is None and run * 1000 < self._started_utc_ns

    def _judged(self, judged: Judged) -> None:
        if self._must_wait(judged.frame.run) or self._books.full:
            return  # unacknowledged: the inspector will say it again
        if self._books.knows(judged):
            if not self._books.in_hand(judged):
                self._books.judged(judged)
            return
        region, newest = self._settings_of(judged.frame.camera)
        if self._line.recorder.overlay_video:
            self._filming.take(judged, region, may_wait=not newest)
        if not (self._books.wants_pixels(judged) and self._evidence.take(judged, region)):
            self._books.judged(judged)

    def _mind_garbage(self) -> None:
        """Messages that were none of ours are dropped, counted, and on record."""
        if self._peers.garbage > self._garbage:
            self._garbage = self._peers.garbage
            said = f"{self._garbage} messages so far were none of this line's; they were dropped"
            self._books.event(Event("", 0, "garbage", said, time.time_ns()))

    # --- the disk ---

    def _answer(self, staged: Staged) -> None:
        """What is on disk may be acknowledged, and released where no film waits for it."""
        waiting = self._filming.waiting()
        for reply in staged.replies:
            message = reply.message
            if isinstance(message, Release) and any((message.camera, key) in waiting for key in message.keys):
                self._books.staged.replies.append(reply)  # with the next commit, when the film has the frame
            else:
                self._peers.send(message, to=reply.to.encode())

    def _end_films(self, staged: Staged) -> None:
        """A run whose every frame is accounted for needs its encoder no more."""
        for book in staged.batch.books.values():
            if book.closed:
                self._filming.end(book.camera, book.run)

    def _release_early(self) -> None:
        """The disk refuses or stalls: inspection goes on with the slots of frames whose pixels nobody needs."""
        filmed = self._filming.waiting()
        for camera, keys in self._committer.early_releases(self._books).items():
            free = tuple(key for key in keys if (camera, key) not in filmed)
            self._peers.send(Release(camera, free, committed=False), to=capture_name(camera).encode())

    def _load_book(self, camera: str, run: int) -> RunBook | None:
        if self._committer.log is None:
            return None
        return self._committer.log.book(camera, run, self._line.recorder.incident_gap_frames)

    # --- for people ---

    def status(self) -> LineStatus:
        """What is on record of this session."""
        books = list(self._books.books())
        latencies = added(book.latencies for book in books)
        return LineStatus(
            session=self._session,
            engine=self._engine,
            bundle_id=self._bundle_id,
            cameras=tuple(counts(name, books) for name in dict.fromkeys(book.camera for book in books)),
            incidents=self._newest_incidents(books),
            latency_p50_ms=latencies.percentile(0.5),
            latency_p99_ms=latencies.percentile(0.99),
            alarms=self._alarms(),
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
        return tuple(alarms)

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
            )
            for book in books
            for incident in book.incidents.newest(NEWEST_INCIDENTS)
        ]
        records.sort(key=lambda record: -record.captured_utc_ns)
        return tuple(records[:NEWEST_INCIDENTS])

    def _evidence_of(self, camera: str, run: int, seq: int) -> str | None:
        name = evidence_folder(camera, run, seq)
        return name if Path(self._data_dir, name).is_dir() else None

    def _settings_of(self, camera: str) -> tuple[Box | None, bool]:
        """The camera's region, and whether its oldest frames give way; a camera of an earlier line has neither."""
        known = {c.name: (c.region, c.newest) for c in self._line.cameras}
        return known.get(camera, (None, True))
