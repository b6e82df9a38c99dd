"""The mark of a challenge on an incident: taken off and put back by hand, and the same for those who reckon it anew."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream.audit_incidents import check_incidents
from stream.bookkeeping import Bookkeeping
from stream.challenge import Begun, Outcome, Wish, outcome_act, says_caught
from stream.challenge_command import words_of
from stream.challenge_log import Told, acts_of, told, with_marks
from stream.challenge_marks import taken_off_by
from stream.defect_log import DefectLog, open_for_reading
from stream.messages import Act, Noted
from stream.places import SHM
from stream.report_reading import facts_of
from stream.report_words import how_of
from stream.shifts import Shift
from tests.frames import RUN, judged
from tests.line import rows
from tests.test_noting import act

GAP = 3
INCIDENTS = "SELECT first_seq, last_seq, challenge FROM incidents ORDER BY first_seq"


ENDS = {"caught": "BAD", "missed": "GOOD", "undecided": "UNKNOWN"}


def begun(name: str) -> Begun:
    return Begun(name, "belt", Wish("part"), RUN * 1000, "eve")


def ended(name: str, seq: int, result: str) -> Act:
    """The outcome of a challenge that was decided by that frame."""
    outcome = Outcome("belt", result, "it was an incident", "part", "", RUN * 1000, "eve", ENDS[result])
    return outcome_act(begun(name), outcome, f"belt/{RUN}/{seq}", RUN * 1000 + 1)


def caught(name: str, seq: int) -> Act:
    return ended(name, seq, "caught")


def asked(name: str) -> Act:
    wish = msgspec.json.encode(begun(name).wish).decode()
    return Act(name, RUN * 1000, "eve", "operator", "challenge", "belt", "", wish)


def hand(name: str, seq: int, new: str) -> Act:
    said = act(name, "known_bad", f"belt/{RUN}/{seq}", new)
    return msgspec.structs.replace(said, utc_ns=RUN * 1000 + 9 * 3_600_000_000_000)


class Marked:
    """A log whose every step is a commit of its own."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.log = DefectLog(data_dir, GAP)
        self.log.begin_session("s", 1_000, "line", '{"recorder": {"incident_gap_frames": 3}}', "Ada")
        self.books = Bookkeeping("s", "recorder 1", GAP, lambda c, r: self.log.book(c, r, GAP))

    def bad(self, *seqs: int) -> None:
        for seq in seqs:
            self.books.judged(judged(seq, "BAD"))
            self.log.write(self.books.take().batch)

    def acts(self, *acts: Act) -> list[Noted]:
        answers: list[Noted] = []
        for one in acts:
            self.books.act(one)
            batch = self.books.take().batch
            self.log.write(batch)
            answers += batch.noted
        return answers

    def incidents(self) -> list[tuple[object, ...]]:
        return rows(self.data_dir, INCIDENTS)

    def findings(self) -> list[str]:
        with contextlib.closing(open_for_reading(self.data_dir)) as db:
            return [finding.text for finding in check_incidents(db)]


@pytest.fixture
def marked(tmp_path: Path) -> Iterator[Marked]:
    made = Marked(tmp_path)
    with contextlib.closing(made.log):
        yield made


def test_a_mark_that_was_taken_off_stays_off_while_the_incident_goes_on_and_can_be_put_back(marked: Marked) -> None:
    marked.bad(3)
    marked.acts(asked("c"), caught("c", 3))
    assert marked.incidents() == [(3, 3, 1)]
    marked.bad(4)
    (off,) = marked.acts(hand("a", 4, "0"))
    marked.bad(5)
    assert off.ok and marked.incidents() == [(3, 5, 0)] and marked.findings() == []
    marked.acts(hand("b", 5, "1"))
    assert marked.incidents() == [(3, 5, 1)] and marked.findings() == []
    assert rows(marked.data_dir, "SELECT old, new FROM acts WHERE kind='known_bad' ORDER BY number") == [
        ("1", "0"),
        ("0", "1"),
    ]
    marked.log._db.execute("UPDATE incidents SET challenge=0")
    marked.log._db.commit()
    assert marked.findings() == [f"incident belt/{RUN}/3: changed, by the acts its challenge is 0 and should be 1"]


def test_who_took_it_off_stands_beside_what_came_of_the_challenge(marked: Marked) -> None:
    marked.bad(3)
    marked.acts(asked("c"), caught("c", 3))

    def listed() -> tuple[str, str]:
        with contextlib.closing(open_for_reading(marked.data_dir)) as db:
            (one,) = with_marks(db, told(acts_of(db)))
        return one.taken_off_by, how_of(one)

    kept = f"it was an incident: belt/{RUN}/3, not counted as a defect"
    assert listed() == ("", kept)
    marked.acts(hand("a", 3, "0"))
    assert listed() == ("Jürgen", f"it was an incident: belt/{RUN}/3, counted as a defect, says Jürgen")
    marked.acts(hand("b", 3, "1"))
    assert listed() == ("", kept)


def test_the_command_says_which_frame_was_taken_for_the_known_bad_part() -> None:
    picture = Told("c", 1, "belt", "picture", "eve", "caught", "it was judged BAD", state="BAD", frame=f"belt/{RUN}/0")
    part = msgspec.structs.replace(picture, what="part", said="it was an incident")
    late = msgspec.structs.replace(part, result="missed", said="no incident began within 60 s", state="", frame="")
    assert words_of(picture) == "belt: caught: it was judged BAD"
    assert words_of(part) == f"belt: caught: it was an incident; taken for it: belt/{RUN}/0, look at it"
    assert words_of(late) == "belt: missed: no incident began within 60 s"


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (hand("a", 99, "0"), "no incident holds the frame"),
        (hand("a", 3, "1"), "no challenge was caught by the incident that holds the frame"),
        (hand("a", 3, "0"), "no challenge was caught by the incident that holds the frame"),
    ],
    ids=["of no incident", "put on by hand", "never there"],
)
def test_a_mark_that_no_challenge_has_set_is_nobodys_to_set(marked: Marked, one: Act, words: str) -> None:
    marked.bad(3)
    marked.acts(asked("c"), caught("c", 40))
    (answer,) = marked.acts(one)
    assert not answer.ok and words in answer.text
    assert marked.incidents() == [(3, 3, 0)] and rows(marked.data_dir, "SELECT 1 FROM acts WHERE id='a'") == []


def test_a_mark_that_was_taken_off_in_a_later_shift_is_among_the_changes_of_that_shift(marked: Marked) -> None:
    marked.bad(3)
    off = hand("a", 3, "0")
    marked.acts(asked("c"), caught("c", 3), off)
    with contextlib.closing(open_for_reading(marked.data_dir)) as db:
        found = facts_of(db, Shift(off.utc_ns, off.utc_ns + 1, "later"))
    assert (off.utc_ns > RUN * 1000 + 1, found.challenges) == (True, ()), "it was challenged before"
    assert [(a.kind, a.subject, a.old, a.new) for a in found.changes] == [("known_bad", off.subject, "1", "0")]


@pytest.mark.parametrize("result", ["missed", "undecided"])
def test_a_challenge_that_was_not_caught_marks_nothing_and_lets_nobody_mark(marked: Marked, result: str) -> None:
    marked.bad(3, 5)
    assert all(answer.ok for answer in marked.acts(asked("c"), ended("c", 4, result)))
    assert marked.incidents() == [(3, 5, 0)] and marked.findings() == []
    (answer,) = marked.acts(hand("a", 3, "1"))
    assert not answer.ok and "no challenge was caught" in answer.text
    assert marked.incidents() == [(3, 5, 0)] and marked.findings() == []


@pytest.mark.parametrize("result", ["missed", "undecided"])
def test_a_mark_that_an_older_release_gave_for_a_challenge_that_was_not_caught_is_no_finding(
    marked: Marked, result: str
) -> None:
    marked.bad(3, 5)
    marked.acts(asked("c"), ended("c", 4, result))
    marked.bad(20)
    marked.log._db.execute("UPDATE incidents SET challenge=1 WHERE first_seq=3")
    marked.log._db.commit()
    assert marked.findings() == []
    (off,) = marked.acts(hand("a", 3, "0"))
    assert off.ok and marked.incidents()[0] == (3, 5, 0) and marked.findings() == []
    marked.log._db.execute("UPDATE incidents SET challenge=1")
    marked.log._db.commit()
    assert marked.findings() == [
        f"incident belt/{RUN}/{first}: changed, by the acts its challenge is 1 and should be 0" for first in (3, 20)
    ]


@pytest.mark.parametrize(
    "new", ["", "caught", "[]", "{}", '{"result": 1}', '"caught"', "[" * 9000, "\ud800", None, 7, b"{}"]
)
def test_of_words_that_are_no_outcome_nothing_was_caught(new: object) -> None:
    assert not says_caught(new)
    assert says_caught('{"result": "caught", "camera": "belt"}')


def test_of_what_is_no_frame_or_no_incident_nobody_has_taken_a_mark_off(marked: Marked) -> None:
    marked.bad(3)
    with contextlib.closing(open_for_reading(marked.data_dir)) as db:
        assert [taken_off_by(db, subject) for subject in ("belt", f"belt/{RUN}/3", f"belt/{RUN}/9", "")] == [""] * 4


STEPS = st.lists(st.tuples(st.sampled_from(["bad", "bad", *ENDS, "off", "on", "pin"]), st.integers(0, 14)), max_size=14)


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_whatever_comes_in_whatever_order_the_audit_reckons_the_same_marks(steps: list[tuple[str, int]]) -> None:
    with tempfile.TemporaryDirectory(prefix="lw-", dir=SHM) as folder:
        marked = Marked(Path(folder))
        with contextlib.closing(marked.log):
            marked.bad(7)
            for number, (what, seq) in enumerate(steps):
                name = f"n{number}"
                if what == "bad":
                    marked.bad(seq)
                elif what in ENDS:
                    marked.acts(asked(name), ended(name, seq, what))
                elif what == "pin":
                    marked.acts(act(name, "pin", f"belt/{RUN}/{seq}", "1"))
                else:
                    marked.acts(hand(name, seq, "1" if what == "on" else "0"))
            assert marked.findings() == []
