"""Which part a picture is of: cameras that run by themselves, cameras that take a picture on order."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream.announced import NOBODY, TAKEN_MAX, Announced, Told
from stream.messages import PARTS_MAX, PartBegin
from stream.part_names import PartError, checked, part_in
from stream.run_account import RunAccount


@dataclass
class Played:
    """A camera's announcements and its one run."""

    ordered: bool
    begun: list[PartBegin] = field(default_factory=list)
    account: RunAccount = field(default_factory=lambda: RunAccount("belt", 1, "s", "synthetic:", live=True))

    def __post_init__(self) -> None:
        self.announced = Announced(
            ordered=self.ordered, note=lambda _, begun: self.begun.append(begun), move=lambda *_: None
        )

    def tell(self, part: str, now_ns: int = 0) -> str:
        told = Told(part, "user 0", 7, now_ns)
        waiting = len(self.account.unconfirmed_parts)
        return (
            self.announced.order(told, waiting) if self.ordered else self.announced.follow(told, self.account, waiting)
        )

    def picture(self, arrived_ns: int = 1) -> str:
        """The part that it is of."""
        self.announced.picture(self.account, arrived_ns)
        self.account.take_seq()
        return self.account.part

    def parts(self) -> list[tuple[str, int]]:
        return [(begun.part, begun.seq) for begun in self.begun]


def test_a_camera_that_runs_by_itself_is_followed() -> None:
    played = Played(ordered=False)
    seen = [played.picture()]
    played.tell("A")
    seen += [played.picture(), played.picture()]
    played.tell("B")
    seen.append(played.picture())
    assert seen == ["", "A", "A", "B"]
    assert played.parts() == [("A", 1), ("B", 3)]


def test_a_picture_that_came_before_the_announcement_and_waited_is_of_the_part_before() -> None:
    played = Played(ordered=False)
    played.tell("A", 10)
    played.tell("B", 20)
    played.tell("C", 30)
    assert [played.picture(at) for at in (5, 12, 15, 30, 31)] == ["", "A", "A", "C", "C"]
    assert [(part.part, part.seq) for part in played.account.unconfirmed_parts] == [("A", 1), ("B", 3), ("C", 3)]


def test_the_same_part_again_before_its_first_picture_goes_on() -> None:
    played = Played(ordered=False)
    for at in (10, 11):
        played.tell("A", at)
    assert played.picture(5) == "" and played.picture(12) == "A"
    played.announced.nobody(played.account, 9, 20)
    assert [played.picture(at) for at in (19, 20)] == ["A", ""]


def test_in_a_lull_what_was_announced_is_on_its_way_to_the_log_without_a_picture() -> None:
    played = Played(ordered=False)
    played.picture(5)
    played.tell("A", 10)
    played.tell("B", 20)
    played.announced.lull(played.account, 15)
    report = played.account.report(())
    assert report is not None and [(part.part, part.seq) for part in report.parts] == [("A", 1)]
    assert played.picture(18) == "A", "it came after the camera was heard, and before B was announced"
    assert [(part.part, part.seq) for part in played.account.unconfirmed_parts] == [("A", 1), ("B", 2)]


def test_the_first_pictures_of_a_run_that_came_before_the_announcement_are_of_no_part() -> None:
    played = Played(ordered=False)
    assert "gives no pictures" in played.announced.follow(Told("A", "user 0", 7, 10), None, 0)
    played.announced.run_begins(played.account)
    assert [played.picture(at) for at in (5, 10)] == ["", "A"]
    assert [(part.part, part.seq) for part in played.account.unconfirmed_parts] == [("A", 1)]


def test_what_was_announced_after_the_last_picture_is_a_part_without_one_when_the_run_ends() -> None:
    played = Played(ordered=False)
    played.picture(5)
    played.tell("A", 10)
    report = played.account.report(())
    assert report is not None and report.parts == (), "where it begins is not known"
    played.announced.run_ends(played.account)
    report = played.account.report(())
    assert report is not None and [(part.part, part.seq) for part in report.parts] == [("A", 1)]


@given(st.lists(st.sampled_from(["arrive", "number", "tell", "report", "confirm"]), max_size=80))
def test_however_long_pictures_wait_each_is_of_the_part_that_was_announced_before_it_came(actions: list[str]) -> None:
    waiting, wanted = list[tuple[int, str]](), list[str]()
    played, reported = Played(ordered=False), dict[int, PartBegin]()
    part, noted = "", dict[int, int]()
    played.announced = Announced(
        ordered=False,
        note=lambda _, begun: noted.update({begun.number: begun.seq}),
        move=lambda _, begun: noted.update({begun.number: begun.seq}),
    )
    for now_ns, action in enumerate([*actions, *["number"] * len(actions)], 1):
        if action == "arrive":
            waiting.append((now_ns, part))
        elif action == "number" and waiting:
            arrived_ns, of = waiting.pop(0)
            wanted.append(of)
            assert played.picture(arrived_ns) == of
        elif action == "tell":
            part = f"P-{now_ns}"
            assert played.tell(part, now_ns) == ""
        elif action in ("report", "confirm") and (report := played.account.report(())):
            reported |= {begun.number: begun for begun in report.parts}
            assert report.captured == len(wanted)
            assert parts_of(reported, report.captured) == wanted, "what the recorder hears is so already"
            if action == "confirm":
                played.account.confirm(report.serial)
    played.announced.run_ends(played.account)
    reported |= {begun.number: begun for begun in played.account.unconfirmed_parts}
    assert parts_of(reported, len(wanted)) == wanted
    assert sorted(reported) == list(range(len(reported))) and len(reported) == actions.count("tell")
    assert {number: begun.seq for number, begun in reported.items()} == noted, "as a successor would find them"


def parts_of(begun: dict[int, PartBegin], pictures: int) -> list[str]:
    """Of each picture, the part of the highest number that begins with it or before."""
    parts = [begun[number] for number in sorted(begun)]
    return [next((part.part for part in reversed(parts) if part.seq <= seq), "") for seq in range(pictures)]


def test_a_part_that_passes_between_two_pictures_has_none() -> None:
    played = Played(ordered=False)
    for part in ("A", "B"):
        played.tell(part)
    assert played.picture() == "B"
    assert played.parts() == [("A", 0), ("B", 0)]


def test_the_part_that_is_before_the_camera_already_goes_on() -> None:
    played = Played(ordered=False)
    for part in ("A", "A", "B", "A"):
        assert played.tell(part) == ""
        played.picture()
    assert played.parts() == [("A", 0), ("B", 2), ("A", 3)]


@pytest.mark.parametrize("ordered", [False, True])
def test_a_part_without_a_name_gets_its_number(ordered: bool) -> None:
    played = Played(ordered)
    assert [played.tell("") or played.picture() for _ in range(3)] == ["#0", "#1", "#2"]


def test_the_nth_order_is_the_nth_picture() -> None:
    played = Played(ordered=True)
    for part in ("A", "B", "B", "C"):
        assert played.tell(part) == ""
    assert [played.picture() for _ in range(5)] == ["A", "B", "B", "C", ""]
    assert played.parts() == [("A", 0), ("B", 1), ("C", 3), ("", 4)]
    assert played.begun[-1].by == NOBODY


def test_what_was_ordered_and_never_came_is_a_part_without_a_picture() -> None:
    played = Played(ordered=True)
    played.tell("A")
    played.tell("B")
    played.picture()
    assert played.announced.run_ends(played.account) == ()
    assert played.parts() == [("A", 0), ("B", 1)]
    played.tell("C")
    assert [told.part for told in played.announced.run_ends(None)] == ["C"]
    played.announced.cancel()


def test_the_part_is_the_same_when_the_camera_comes_back_unless_nobody_knows() -> None:
    played = Played(ordered=False)
    played.tell("A")
    played.announced.run_ends(played.account)
    played.account = RunAccount("belt", 2, "s", "synthetic:", live=True)
    played.announced.run_begins(played.account)
    assert played.picture() == "A"
    played.announced.nobody(played.account, 9, 0)
    assert played.picture() == ""
    played.announced.run_begins(RunAccount("belt", 3, "s", "synthetic:", live=True))
    assert played.parts() == [("A", 0), ("A", 0), ("", 1)]


def test_a_part_that_is_announced_while_the_camera_is_away_is_refused_in_words_and_its_pictures_are_of_it() -> None:
    played = Played(ordered=False)
    assert "gives no pictures" in played.announced.follow(Told("A", "user 0", 7, 0), None, 0)
    played.announced.run_begins(played.account)
    assert played.picture() == "A"


@pytest.mark.parametrize("ordered", [False, True])
@settings(max_examples=4)
@given(st.lists(st.sampled_from(["tell", "picture"]), min_size=3 * PARTS_MAX, max_size=4 * PARTS_MAX))
def test_what_the_recorder_does_not_confirm_is_bounded_and_then_pictures_are_of_no_part(
    ordered: bool, actions: list[str]
) -> None:
    played, refused = Played(ordered), 0
    for number, action in enumerate(actions):
        if action == "picture":
            played.picture()
        elif played.tell(f"P-{number}"):
            refused += 1
            assert ordered or played.picture() == ""
        assert len(played.account.unconfirmed_parts) < PARTS_MAX - 2
    assert refused >= actions.count("tell") - TAKEN_MAX


GOOD_NAMES = ["A", "A-1017", "#17", "_x", "0", "4711/2 left, upper", "a" * 64, "A<b>&amp;", 'x"; DROP TABLE parts; --']
BAD_NAMES = [
    *(" A", "A ", "=1+1", "+1", "-1", "@x", "a" * 65, "ä", "A\n", "A\x00B", "A\x1b[2J", "\u202eA", "A\u2028", "'x"),
    "A\ud800",
]


@pytest.mark.parametrize("name", ["", *GOOD_NAMES])
def test_a_name_of_printable_signs_is_taken(name: str) -> None:
    assert checked(name) == name


@pytest.mark.parametrize("name", BAD_NAMES, ids=ascii)
def test_what_would_harm_a_picture_a_table_or_a_spreadsheet_is_no_name(name: str) -> None:
    with pytest.raises(PartError, match="not a part's name"):
        checked(name)


@pytest.mark.parametrize(
    ("payload", "part"),
    [(b"A-1", "A-1"), (b' {"part": "A-1", "at": 3}', "A-1"), (b"", ""), (b" \r\n", ""), (b"A-1\n", "A-1")],
)
def test_a_name_comes_alone_or_in_json(payload: bytes, part: str) -> None:
    assert part_in(payload) == part


@given(st.binary(max_size=1200) | st.text(max_size=80).map(str.encode))
def test_whatever_is_sent_is_a_name_or_refused(payload: bytes) -> None:
    try:
        assert checked(part_in(payload)) is not None
    except PartError as error:
        assert str(error).isprintable() and len(str(error)) < 600


@pytest.mark.parametrize(
    "payload", [b"{", b"{}", b'{"part": 7}', b'{"part": "=x"}', b"{" * 900, b"x" * 1025, b"\xff\xfe"]
)
def test_what_is_neither_is_refused(payload: bytes) -> None:
    with pytest.raises(PartError):
        part_in(payload)
