"""What the recorder does with what it hears, between two commits. Knows the words and the books; no socket, no clock.

`Bookkeeping` takes verdicts and reports, decides what goes into the next batch and which answers may leave once that
batch is on disk. It is driven by recorder.py, which owns sockets, disk and threads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from stream.defect_log import Batch, VerdictRow
from stream.incidents import BadFrame, IncidentBook
from stream.keeping import evidence_folder
from stream.messages import (
    Event,
    Judged,
    Key,
    Known,
    Message,
    Recall,
    Recorded,
    Release,
    Report,
    Reported,
    VerdictRecord,
)
from stream.run_book import RunBook

LoadBook = Callable[[str, int], "RunBook | None"]
REPLIES_MAX = 20_000  # answers that wait for a disk that refuses; past it none is kept: what is asked again is answered
MEMORY_MAX = 20_000  # BAD and UNKNOWN verdicts that wait in memory for a disk that refuses; past it none is taken


@dataclass(frozen=True)
class Reply:
    """An answer that may leave only when the batch it belongs to is on disk."""

    to: str  # a capture's or an inspector's name on the recorder's socket
    message: Message


@dataclass
class Staged:
    """The next transaction, and what follows it."""

    batch: Batch = field(default_factory=Batch)
    replies: list[Reply] = field(default_factory=list)
    said: set[Reply] = field(default_factory=set)  # an answer leaves once, however often it was asked for meanwhile
    outdated: list[str] = field(default_factory=list)  # evidence folders that no row will point to
    early: list[tuple[str, Key]] = field(default_factory=list)  # frames whose pixels could be let go before the commit

    def __bool__(self) -> bool:
        return bool(self.batch) or bool(self.replies)

    def join(self, newer: Staged) -> None:
        """What came later goes with it."""
        self.batch.join(newer.batch)
        self.replies += [reply for reply in newer.replies if reply not in self.said]
        self.said |= newer.said
        self.outdated += newer.outdated
        self.early += newer.early

    def early_releases(self) -> dict[str, tuple[Key, ...]]:
        """The disk refuses: frames whose verdict waits in memory and whose pixels nobody needs, by camera, once."""
        by_camera: dict[str, list[Key]] = {}
        for camera, key in self.early:
            by_camera.setdefault(camera, []).append(key)
        self.early.clear()
        return {camera: tuple(keys) for camera, keys in by_camera.items()}


def capture_name(camera: str) -> str:
    """A capture's name on the recorder's socket."""
    return f"capture {camera}"


class Bookkeeping:
    """The books of all runs, and what is staged for the disk."""

    def __init__(self, session: str, recorder: str, gap: int, load: LoadBook) -> None:
        self.session = session
        self.staged = Staged()
        self._recorder = recorder
        self._gap = gap
        self._load = load
        self._books: dict[tuple[str, int], RunBook] = {}
        self._in_hand: set[tuple[str, int, int]] = set()  # BAD frames whose evidence is being written

    def books(self) -> Iterable[RunBook]:
        """The runs of this session."""
        return (book for book in self._books.values() if book.session == self.session)

    def book(self, camera: str, run: int) -> RunBook:
        """The run's book: from memory, from the log, or a new one."""
        key = (camera, run)
        if key not in self._books:
            book = self._load(camera, run)
            self._books[key] = book or RunBook(camera, run, IncidentBook(self._gap), session=self.session)
        return self._books[key]

    def wants_pixels(self, judged: Judged) -> bool:
        """Whether this frame becomes the worst of its incident: its picture is evidence, and must be kept first."""
        frame, verdict = judged.frame, judged.verdict
        if verdict.state != "BAD" or verdict.score is None or self.knows(judged):
            return False
        incidents = self.book(frame.camera, frame.run).incidents
        return incidents.worst_if_added(BadFrame(frame.seq, verdict.score))

    def knows(self, judged: Judged) -> bool:
        """Whether the frame has its outcome already, or its evidence is being written."""
        frame = judged.frame
        return self.in_hand(judged) or self.book(frame.camera, frame.run).ledger.outcome(frame.seq) is not None

    def in_hand(self, judged: Judged) -> bool:
        """Whether its evidence is being written."""
        return (judged.frame.camera, judged.frame.run, judged.frame.seq) in self._in_hand

    def hold(self, judged: Judged) -> None:
        """Its evidence is being written: a repeat of the verdict is no news."""
        self._in_hand.add((judged.frame.camera, judged.frame.run, judged.frame.seq))

    @property
    def full(self) -> bool:
        """Whether the disk has refused for so long that memory, too, has no place left."""
        return len(self.staged.batch.verdicts) >= MEMORY_MAX

    def judged(self, judged: Judged, evidence: str | None = None) -> None:
        """Stages a verdict, with its evidence where there is one, and the answers that follow it."""
        frame, verdict = judged.frame, judged.verdict
        self._in_hand.discard((frame.camera, frame.run, frame.seq))
        book = self.book(frame.camera, frame.run)
        if book.judge(frame.seq, verdict.state, verdict.score, verdict.mask_sha256):
            if judged.judged_mono_ns > frame.captured_mono_ns:
                book.latencies.add((judged.judged_mono_ns - frame.captured_mono_ns) / 1e6)
            if verdict.state != "GOOD":
                self._enter(judged, evidence)
            if verdict.state == "BAD" and verdict.score is not None:
                self._place(book, BadFrame(frame.seq, verdict.score, frame.captured_utc_ns), evidence)
            self.staged.early.append((frame.camera, frame.key))
            self.staged.batch.note(book)
        elif evidence is not None and book.ledger.outcome(frame.seq) != "BAD":
            self.staged.outdated.append(evidence)  # capture decided while the picture was written: no row points to it
        self._answer(Reply(judged.inspector, Recorded(frame.camera, (frame.key,))))
        self._answer(Reply(capture_name(frame.camera), Release(frame.camera, (frame.key,))))

    def report(self, report: Report) -> None:
        """Stages a capture's account of a run."""
        book = self.book(report.camera, report.run)
        if not book.source:
            book.session, book.source, book.live = report.session or self.session, report.source, report.live
        book.captured, book.lost = max(book.captured, report.captured), max(book.lost, report.lost)
        book.expired = max(book.expired, report.expired)
        book.ended, book.note = book.ended or report.ended, report.note or book.note
        for outcome in report.outcomes:
            for start, stop in book.account(outcome.start, outcome.stop, outcome.outcome):
                if outcome.outcome == "UNKNOWN":
                    self._enter_unknown(report, range(start, stop), outcome.reason or "")
        known = tuple(key for key in report.pending if self._on_record(report.camera, key))
        if known:
            self._answer(Reply(capture_name(report.camera), Release(report.camera, known)))
        self.staged.batch.note(book)
        answer = Reported(report.camera, report.run, report.serial, self._recorder)
        self._answer(Reply(capture_name(report.camera), answer))

    def recall(self, recall: Recall) -> None:
        """Answers, once all that is staged is on disk, what the log has of a run."""
        book = self.book(recall.camera, recall.run)
        self._answer(Reply(capture_name(recall.camera), Known(recall.camera, recall.run, book.ledger.spans())))

    def event(self, event: Event) -> None:
        self.staged.batch.events.append(event)

    def take(self) -> Staged:
        """What is staged, to be written. Where the disk refuses, `restore` puts it back."""
        staged, self.staged = self.staged, Staged()
        staged.batch.freeze()
        return staged

    def restore(self, staged: Staged) -> None:
        """Puts back what could not be written, before what has come meanwhile."""
        staged.join(self.staged)
        self.staged = staged

    def _on_record(self, camera: str, key: Key) -> bool:
        in_hand = (camera, key.run, key.seq) in self._in_hand
        return not in_hand and self.book(camera, key.run).ledger.outcome(key.seq) is not None

    def _enter(self, judged: Judged, evidence: str | None) -> None:
        frame = judged.frame
        self.staged.batch.verdicts.append(
            VerdictRow(
                camera=frame.camera,
                run=frame.run,
                seq=frame.seq,
                verdict=judged.verdict,
                frame=frame,
                judged_mono_ns=judged.judged_mono_ns,
                inspector=judged.inspector,
                evidence=evidence,
            )
        )

    def _enter_unknown(self, report: Report, seqs: Iterable[int], reason: str) -> None:
        verdict = VerdictRecord("UNKNOWN", None, reason, (), None, "", "", "", (0.0, 0.0, 0.0, 0.0))
        for seq in seqs:
            self.staged.batch.verdicts.append(VerdictRow(report.camera, report.run, seq, verdict))

    def _place(self, book: RunBook, frame: BadFrame, evidence: str | None) -> None:
        """Enters a BAD frame into its incident; evidence of a frame that is not the worst goes."""
        placed = book.incidents.add(frame)
        outdated = list(placed.superseded)
        if evidence is not None and placed.incident.worst.seq != frame.seq:
            outdated.append(frame.seq)
        for seq in outdated:
            self.staged.batch.moved_evidence.append((book.camera, book.run, seq))
            self.staged.outdated.append(evidence_folder(book.camera, book.run, seq))

    def _answer(self, reply: Reply) -> None:
        if reply not in self.staged.said and len(self.staged.replies) < REPLIES_MAX:
            self.staged.said.add(reply)
            self.staged.replies.append(reply)
