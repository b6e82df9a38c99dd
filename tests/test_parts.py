"""What becomes of the parts of a run: whatever is repeated, reordered, refused by the disk or killed, is on record."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from stream.bookkeeping import Bookkeeping
from stream.defect_log import DefectLog, open_for_reading
from stream.ledger import Ledger
from stream.log_schema import VERSION
from stream.messages import Judged, PartBegin, Reported
from stream.parts import Part, PartBook, state_of
from stream.places import SHM
from stream.run_account import RunAccount
from tests.frames import RUN, judged
from tests.test_bookkeeping import GAP, PlayedRecorder

FATES = ["GOOD", "GOOD", "BAD", "UNKNOWN", "dropped:newest", "poison"]
UTC_NS = 1_760_000_000_000_000_000


@pytest.mark.parametrize(
    ("outcomes", "state"),
    [
        pytest.param({}, "UNKNOWN", id="no-frame"),
        pytest.param({"dropped:newest": 3}, "UNKNOWN", id="no-frame-judged"),
        pytest.param({"GOOD": 3}, "GOOD", id="all-good"),
        pytest.param({"GOOD": 3, "dropped:newest": 9}, "GOOD", id="judged-ones-good"),
        pytest.param({"GOOD": 3, "UNKNOWN": 1}, "UNKNOWN", id="one-unknown"),
        pytest.param({"GOOD": 3, "UNKNOWN": 1, "BAD": 1}, "BAD", id="one-bad"),
    ],
)
def test_a_part_is_as_its_worst_frame_and_unknown_without_one(outcomes: dict[str, int], state: str) -> None:
    assert state_of(outcomes) == state


class PartedRecorder(PlayedRecorder):
    """One whose camera is told of parts."""

    def start(self) -> None:
        super().start()
        parted = frozenset({"belt"})
        self.books = Bookkeeping("s", f"recorder {self.starts}", GAP, lambda c, r: self.log.book(c, r, GAP), parted)


@dataclass
class PlayedCapture:
    """A capture's account of one live run: frames, whose fates are given, and parts that begin before some of them."""

    fates: list[str]
    begins: list[int]  # of each part, the first frame
    account: RunAccount = field(
        default_factory=lambda: RunAccount("belt", RUN, "s", "synthetic:", live=True, serial=1_000)
    )

    @property
    def part(self) -> str:
        return self.account.part

    def capture(self) -> None:
        """The next frame, and the parts that begin with it."""
        account = self.account
        if account.captured >= len(self.fates):
            return
        self.begin()
        seq = account.take_seq()
        fate = self.fates[seq]
        if fate == "poison":
            account.decide(seq, seq + 1, "UNKNOWN", "poison")
        elif fate.startswith("dropped"):
            account.decide(seq, seq + 1, fate)

    def begin(self) -> None:
        account = self.account
        while account.part_number < len(self.begins) and self.begins[account.part_number] <= account.captured:
            account.begin_part(account.captured, f"P-{account.part_number}", "user 0", UTC_NS + account.part_number)

    def end(self) -> None:
        while self.account.captured < len(self.fates):
            self.capture()
        self.begin()
        self.account.ended = True

    def part_of(self, seq: int) -> str:
        """As the begins say it."""
        before = [number for number, begin in enumerate(self.begins) if begin <= seq]
        return f"P-{before[-1]}" if before else ""

    def verdict(self, seq: int) -> Judged | None:
        """The inspector's word on the frame, where it has one."""
        if seq >= self.account.captured or self.fates[seq] not in ("GOOD", "BAD", "UNKNOWN"):
            return None
        said = judged(seq, self.fates[seq])
        return replace(said, frame=replace(said.frame, part=self.part_of(seq)))


def rows(data_dir: Path) -> list[tuple[str, int, int, str | None]]:
    """Name, first frame, frames and state of each part in the log."""
    db = open_for_reading(data_dir)
    try:
        return db.execute("SELECT part, first_seq, frames, state FROM parts ORDER BY run, number").fetchall()
    finally:
        db.close()


def expected(capture: PlayedCapture) -> list[tuple[str, int, int, str]]:
    stops = [*capture.begins[1:], len(capture.fates)]
    found = []
    for number, (start, stop) in enumerate(zip(capture.begins, stops, strict=False)):
        counts: dict[str, int] = {}
        for fate in capture.fates[start:stop]:
            word = "UNKNOWN" if fate == "poison" else fate
            counts[word] = counts.get(word, 0) + 1
        found.append((f"P-{number}", start, stop - start, state_of(counts)))
    return found


def act(recorder: PlayedRecorder, capture: PlayedCapture, action: int | str) -> None:
    if isinstance(action, int):
        if (said := capture.verdict(action)) is not None:
            recorder.hear(said)
    elif action == "capture":
        capture.capture()
    elif action == "report":
        if capture.account.captured and (report := capture.account.report(())) is not None:
            recorder.hear(report)
    elif action == "evidence":
        recorder.write_evidence()
    elif action == "die":
        recorder.die()
    else:
        recorder.commit(refused=action == "refuse")
        for answer in recorder.answers:
            if isinstance(answer.message, Reported):
                capture.account.confirm(answer.message.serial)


def finish(recorder: PlayedRecorder, capture: PlayedCapture) -> None:
    """Everything is said until it is on disk."""
    capture.end()
    for _ in range(3):
        for seq in range(len(capture.fates)):
            act(recorder, capture, seq)
        act(recorder, capture, "report")
        while recorder.jobs:
            recorder.write_evidence()
        act(recorder, capture, "commit")
    assert capture.account.settled


ACTIONS = st.lists(
    st.integers(0, 11) | st.sampled_from(["capture", "capture", "report", "commit", "refuse", "evidence", "die"]),
    max_size=60,
)
BEGINS = st.lists(st.integers(0, 12), max_size=5).map(sorted)


@settings(max_examples=80)
@given(st.lists(st.sampled_from(FATES), min_size=1, max_size=12), BEGINS, ACTIONS)
def test_whatever_is_repeated_refused_or_killed_each_part_ends_as_its_frames(
    fates: list[str], begins: list[int], actions: list[int | str]
) -> None:
    with tempfile.TemporaryDirectory(prefix="lw-", dir=SHM) as folder:
        recorder = PartedRecorder(Path(folder))
        capture = PlayedCapture(fates, [min(begin, len(fates)) for begin in begins])
        for action in actions:
            act(recorder, capture, action)
        finish(recorder, capture)
        assert rows(Path(folder)) == expected(capture)
        db = open_for_reading(Path(folder))
        named = dict(db.execute("SELECT seq, part FROM verdicts"))
        db.close()
        assert named == {seq: capture.part_of(seq) for seq in named}
        assert not recorder.books.book("belt", RUN).parts, "a run that is over keeps no part in memory"
        recorder.log.close()


def test_a_part_is_decided_when_the_next_one_has_begun_and_its_own_frames_are_all_known(tmp_path: Path) -> None:
    recorder, capture = PartedRecorder(tmp_path), PlayedCapture(["GOOD"] * 6, [0, 3])
    for _ in range(5):
        capture.capture()
    for action in ("report", 0, 1, 3, "commit"):
        act(recorder, capture, action)
    assert rows(tmp_path) == [("P-0", 0, 0, None), ("P-1", 3, 0, None)], "frame 2 is not judged"
    act(recorder, capture, 2)
    act(recorder, capture, "commit")
    assert rows(tmp_path) == [("P-0", 0, 3, "GOOD"), ("P-1", 3, 0, None)], "nobody knows what comes after P-1"
    recorder.log.close()


def test_frames_that_are_on_disk_before_their_part_is_known_count_for_it(tmp_path: Path) -> None:
    recorder, capture = PartedRecorder(tmp_path), PlayedCapture(["GOOD", "BAD", "GOOD"], [0, 2])
    for _ in range(3):
        capture.capture()
    for action in (0, 1, "evidence", 2, "commit", "commit", "die", 0, "commit"):
        act(recorder, capture, action)
    finish(recorder, capture)
    assert rows(tmp_path) == [("P-0", 0, 2, "BAD"), ("P-1", 2, 1, "GOOD")]
    recorder.log.close()


def test_of_a_run_that_nobody_goes_on_with_frames_of_an_untold_part_count_for_no_other(tmp_path: Path) -> None:
    recorder, capture = PartedRecorder(tmp_path), PlayedCapture(["dropped:newest", "GOOD", "GOOD"], [0, 1])
    capture.capture()
    act(recorder, capture, "report")
    capture.capture()
    capture.capture()
    for action in (1, 2, "commit"):
        act(recorder, capture, action)
    recorder.books.abandon("belt", RUN)
    act(recorder, capture, "commit")
    assert rows(tmp_path) == [("P-0", 0, 1, "UNKNOWN")], "frames 1 and 2 are of P-1, whose beginning was lost"
    recorder.log.close()


def test_an_endless_part_stays_small_in_memory(tmp_path: Path) -> None:
    fates = ["GOOD" if seq % 10 else "BAD" for seq in range(400)]
    recorder, capture = PartedRecorder(tmp_path), PlayedCapture(fates, [0])
    for seq in range(len(fates)):
        capture.capture()
        act(recorder, capture, seq)
        act(recorder, capture, "evidence")
        if seq % 7 == 0:
            act(recorder, capture, "report")
            act(recorder, capture, "commit")
    assert len(recorder.books.book("belt", RUN).ledger.intervals()) <= 4
    finish(recorder, capture)
    assert rows(tmp_path) == [("P-0", 0, 400, "BAD")]
    recorder.log.close()


def test_decided_parts_leave_memory_but_the_newest() -> None:
    book = PartBook()
    account = RunAccount("belt", RUN, "s", "synthetic:", live=True)
    ledger = Ledger()
    for _ in range(100):
        seq = account.captured
        book.begin(account.begin_part(seq, f"P-{account.part_number}", "user 0", 1))
        ledger.add(seq, seq + 1, "GOOD")
        book.told(account.take_seq() + 1)
        book.decide(ledger, ended=False)
        book.take_changes()
    assert [part.begun.part for part in book.newest] == [f"P-{number}" for number in range(87, 99)]
    assert book.take_changes() == ()
    book.begin(PartBegin(3, 3, "P-3", "user 0", 1))
    assert book.take_changes() == (), "said again, it changes nothing"


def test_a_log_of_the_version_before_parts_is_read_as_it_is_and_extended_when_it_is_opened(tmp_path: Path) -> None:
    recorder = PlayedRecorder(tmp_path)
    recorder.hear(judged(0, "UNKNOWN"))
    recorder.commit()
    db = recorder.log._db
    for (index,) in db.execute("SELECT name FROM sqlite_master WHERE type='index' AND sql IS NOT NULL").fetchall():
        db.execute(f"DROP INDEX {index}")
    for newer in ("incidents", "acts", "reviews", "samples", "minutes", "chain"):
        db.execute(f"DROP TABLE {newer}")
    for column in ("part", "evidence_sha256", "entry"):
        db.execute(f"ALTER TABLE verdicts DROP COLUMN {column}")
    db.executescript("DROP TABLE parts; PRAGMA user_version=1;")
    assert recorder.book().ledger.outcome(0) == "UNKNOWN"
    recorder.die()
    recorder.hear(replace(judged(1, "UNKNOWN"), frame=replace(judged(1).frame, part="A-1")))
    recorder.commit()
    found = recorder.log._db.execute("SELECT seq, part FROM verdicts ORDER BY seq").fetchall()
    assert found == [(0, ""), (1, "A-1")]
    assert recorder.log._db.execute("PRAGMA user_version").fetchone() == (VERSION,)
    recorder.log.close()
    DefectLog(tmp_path).close()


def test_parts_change_no_digest(tmp_path: Path) -> None:
    digests = []
    for begins in ([], [0, 2]):
        folder = tmp_path / str(len(begins))
        recorder, capture = PartedRecorder(folder), PlayedCapture(["GOOD", "BAD", "poison", "UNKNOWN"], list(begins))
        finish(recorder, capture)
        digests.append(recorder.book().digest)
        recorder.log.close()
    assert digests[0] == digests[1] != 0


def test_a_part_knows_how_many_frames_it_has() -> None:
    begun = PartBegin(0, 5, "A", "user 0", 1)
    assert Part(begun).frames == 0
    assert Part(begun, "GOOD", 8).frames == 3
