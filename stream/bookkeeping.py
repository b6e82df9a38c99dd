"""What the recorder does with what it hears, between two commits. Knows the words and the books; no socket, no clock.

`Bookkeeping` takes verdicts and reports, decides what goes into the next batch and which answers may leave once that
batch is on disk. It is driven by recorder.py, which owns sockets, disk and threads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from stream.entering import count_at, enter_product, enter_unknown
from stream.incidents import BadFrame, IncidentBook
from stream.ledger import SETTLED, Ledger
from stream.messages import (
    CHALLENGE_SOURCE,
    Act,
    Event,
    Judged,
    Key,
    Known,
    Noted,
    Recall,
    Recorded,
    Release,
    Report,
    Reported,
)
from stream.minutes import of_fate, of_lost
from stream.run_book import LINE_DIED, RunBook
from stream.staged import Reply, Staged, capture_name

LoadBook = Callable[[str, int], "RunBook | None"]
# A ring remembers that a run has ended, not why: a capture that dies before its report is on record takes that along.
UNSAID = "it had ended; the capture died before it could say why"
NEWEST_INCIDENTS = 12  # of a run, that stay in memory for people
MEMORY_MAX = 20_000  # BAD and UNKNOWN verdicts that wait in memory for a disk that refuses; past it none is taken


class Bookkeeping:
    """The books of all runs, and what is staged for the disk."""

    def __init__(
        self,
        session: str,
        recorder: str,
        gap: int,
        load: LoadBook,
        parted: frozenset[str] = frozenset(),
        now_utc_ns: Callable[[], int] = lambda: 0,
    ) -> None:
        """`parted`: the cameras that are told of parts. `now_utc_ns`: when frames count that no picture dates."""
        self.session = session
        self.staged = Staged()
        self.recorder = recorder  # its name: another one has another memory
        self._gap = gap
        self._now_utc_ns = now_utc_ns
        self._parted = parted
        self._load = load
        self.on_new: list[Callable[[Judged, RunBook], None]] = []  # who hears of each verdict, once
        self._books: dict[tuple[str, int], RunBook] = {}
        self._in_hand: set[tuple[str, int, int]] = set()  # BAD frames whose evidence is being written
        self._entered: set[tuple[str, int]] = set()  # runs that are on disk

    def books(self) -> Iterable[RunBook]:
        """The runs of this session."""
        return (book for book in self._books.values() if book.session == self.session)

    def book(self, camera: str, run: int) -> RunBook:
        """The run's book: from memory, from the log, or a new one."""
        key = (camera, run)
        if key not in self._books:
            book = self._load(camera, run)
            if book is not None:
                self._entered.add(key)
            self._enter(book or RunBook(camera, run, IncidentBook(self._gap), session=self.session))
        return self._books[key]

    def _enter(self, book: RunBook) -> None:
        self._books[book.camera, book.run] = book
        if book.camera in self._parted:
            book.parts.expect()

    def has(self, camera: str, run: int) -> bool:
        """Whether the run's book is in memory."""
        return (camera, run) in self._books

    def remember(self, book: RunBook) -> None:
        """A run that is in the log counts, whether anything more is heard of it or not."""
        self._enter(book)
        self._entered.add((book.camera, book.run))
        book.settle(None, NEWEST_INCIDENTS)

    def wants_pixels(self, judged: Judged) -> bool:
        """Whether this frame becomes the worst of its incident: its picture is evidence, and must be kept first."""
        frame, verdict = judged.frame, judged.verdict
        if verdict.state != "BAD" or verdict.score is None or frame.challenge or self.knows(judged):
            return False
        incidents = self.book(frame.camera, frame.run).incidents
        return incidents.worst_if_added(BadFrame(frame.seq, verdict.score))

    def knows(self, judged: Judged) -> bool:
        """Whether the frame has its outcome already, or its evidence is being written."""
        frame = judged.frame
        return self.in_hand(judged) or self.book(frame.camera, frame.run).ledger.outcome(frame.seq) is not None

    def is_bad(self, camera: str, key: Key) -> bool:
        """Whether the frame's verdict is BAD."""
        return self.book(camera, key.run).ledger.outcome(key.seq) == "BAD"

    def in_hand(self, judged: Judged) -> bool:
        """Whether its evidence is being written."""
        return (judged.frame.camera, judged.frame.run, judged.frame.seq) in self._in_hand

    def hold(self, judged: Judged) -> None:
        """Its evidence is being written: a repeat of the verdict is no news. Its run enters the log before that."""
        camera, run = judged.frame.camera, judged.frame.run
        self._in_hand.add((camera, run, judged.frame.seq))
        if not self.entered(camera, run):
            self.staged.batch.note(self.book(camera, run))

    def entered(self, camera: str, run: int) -> bool:
        """Whether the log has this run: evidence of one that it never had would be nobody's, for ever."""
        return (camera, run) in self._entered

    def written(self, staged: Staged) -> None:
        """This is on disk now."""
        self._entered |= staged.batch.books.keys()
        waits: dict[tuple[str, int], int] = {}
        for camera, run, start in self.staged.batch.ledger:
            waits[camera, run] = min(start, waits.get((camera, run), start))
        for key, book in staged.batch.books.items():
            book.settle(waits.get(key), NEWEST_INCIDENTS)

    @property
    def full(self) -> bool:
        """Whether the disk has refused for so long that memory, too, has no place left."""
        return len(self.staged.batch.verdicts) >= MEMORY_MAX

    def judged(self, judged: Judged, evidence: str | None = None, evidence_sha256: bytes | None = None) -> None:
        """Stages a verdict, with its evidence where there is one, and the answers that follow it."""
        frame, verdict = judged.frame, judged.verdict
        self._in_hand.discard((frame.camera, frame.run, frame.seq))
        book = self.book(frame.camera, frame.run)
        if frame.challenge and not book.source:
            book.source = CHALLENGE_SOURCE  # the report that says which picture it is comes later
        if book.judge(frame.seq, verdict.state, verdict.score, verdict.mask_sha256):
            if book.ended:  # without its capture, perhaps, which died before it could tell of this frame
                book.captured = max(book.captured, frame.seq + 1)
            if not book.challenge:
                enter_product(self.staged, book, judged, evidence, evidence_sha256)
            for hears in self.on_new:
                hears(judged, book)
            self.staged.early.append((frame.camera, frame.key))
            self.staged.batch.note(book)
        elif evidence is not None and book.ledger.outcome(frame.seq) not in ("BAD", SETTLED):
            self.staged.outdated.append(evidence)  # capture decided while the picture was written: no row points to it
        self.staged.answer(Reply(judged.inspector, Recorded(frame.camera, (frame.key,))))
        self.staged.answer(Reply(capture_name(frame.camera), Release(frame.camera, (frame.key,))))

    def report(self, report: Report) -> None:
        """Stages a capture's account of a run."""
        book = self.book(report.camera, report.run)
        if book.source in ("", CHALLENGE_SOURCE):
            book.session, book.source, book.live = report.session or self.session, report.source, report.live
        if report.lost > book.lost:
            count_at(self.staged, book, self._now_utc_ns(), of_lost(report.lost - book.lost))
        book.captured, book.lost = max(book.captured, report.captured), max(book.lost, report.lost)
        for begun in report.parts:
            book.parts.begin(begun)
        book.parts.told(report.captured)
        book.expired = max(book.expired, report.expired)
        book.ended = book.ended or report.ended
        book.note = report.note or book.note or (UNSAID if report.ended else "")
        for outcome in report.outcomes:
            for start, stop in book.account(outcome.start, outcome.stop, outcome.outcome):
                count_at(self.staged, book, self._now_utc_ns(), of_fate(outcome.outcome, stop - start, outcome.reason))
                if outcome.outcome == "UNKNOWN" and not book.challenge:
                    enter_unknown(self.staged, book, range(start, stop), outcome.reason or "")
        known = tuple(key for key in report.pending if self._on_record(report.camera, key))
        if known:
            self.staged.answer(Reply(capture_name(report.camera), Release(report.camera, known)))
        self.staged.batch.note(book)
        answer = Reported(report.camera, report.run, report.serial, self.recorder)
        self.staged.answer(Reply(capture_name(report.camera), answer))

    def recall(self, recall: Recall) -> None:
        """Answers, once all that is staged is on disk, what the log has of a run; a question begins no book."""
        book = self._books.get((recall.camera, recall.run)) or self._load(recall.camera, recall.run)
        spans = book.ledger.spans() if book is not None else ()
        known = Known(recall.camera, recall.run, spans, recorder=self.recorder)
        self.staged.answer(Reply(capture_name(recall.camera), known))

    def recall_now(self, recall: Recall) -> Reply:
        """The disk refuses: what the log has of a run, and apart from it what waits in memory; may leave at once.

        Raises what loading a book raises.
        """
        written = self._load(recall.camera, recall.run)
        on_disk = Ledger() if written is None else written.ledger
        book = self._books.get((recall.camera, recall.run))
        waiting = [] if book is None else book.ledger.spans()
        early = tuple(gap for start, stop in waiting for gap in on_disk.missing(start, stop))
        known = Known(recall.camera, recall.run, on_disk.spans(), early, self.recorder)
        return Reply(capture_name(recall.camera), known)

    def abandon(self, camera: str, run: int, *, challenge: bool = False) -> int:
        """Closes a run that nobody goes on with; how many of its frames were on their way, and are gone.

        `challenge`: its ring says that its pictures are no product; the log may not know it yet.
        """
        book = self.book(camera, run)
        if challenge and not book.source:
            book.source = CHALLENGE_SOURCE
        spans = book.ledger.spans()
        book.captured = max(book.captured, spans[-1][1] if spans else 0)
        gone = book.account(0, book.captured, "dropped:line_died")
        for start, stop in gone:
            count_at(self.staged, book, self._now_utc_ns(), of_fate("dropped:line_died", stop - start))
        book.ended, book.note = True, book.note or LINE_DIED
        self.staged.batch.note(book)
        return sum(stop - start for start, stop in gone)

    def event(self, event: Event) -> None:
        self.staged.batch.events.append(event)

    def act(self, act: Act, asker: bytes = b"") -> Noted | None:
        """Stages an act for the audit; what is refused at once is answered at once. `asker`: who hears of it."""
        return self.staged.act(act, asker)

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
