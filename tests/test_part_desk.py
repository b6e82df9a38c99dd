"""Parts at the desk of a capture: in its ring, over its death, and of a camera that takes its pictures on order."""

from __future__ import annotations

import errno
import queue
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from stream.announced import Told
from stream.connection import Connection
from stream.desk import Desk
from stream.intake import Intake
from stream.ledger import Ledger
from stream.messages import PARTS_MAX
from stream.places import Places
from stream.ring import Ring, RingError
from stream.run_account import RunAccount
from stream.settings import CameraSettings, ControlSettings, PartsSettings
from stream.sources.source import Picture, SourceError, Waiting
from tests.line import wait_for
from tests.recordings import numbered_frame

FREE = CameraSettings("belt", "synthetic:", parts=PartsSettings("control"), slots=8)
ORDERED = replace(FREE, source="basler:1", control=ControlSettings(trigger="software"))
NO_ORDER: Callable[[], str] = lambda: "no order here"  # noqa: E731


def at(camera: CameraSettings, places: Places) -> Desk:
    return Desk(camera, places, "session", camera.source)


def tell(desk: Desk, part: str) -> str:
    return desk.parts.announce(Told(part, "user 0", 7, 0), NO_ORDER)


def place(desk: Desk, account: RunAccount) -> None:
    seq = account.captured
    assert desk.place(account, Picture(numbered_frame(seq), seq, None), mono_ns=seq + 1, utc_ns=seq + 1)


def in_slots(desk: Desk) -> list[tuple[int, str]]:
    """Number and part of each picture in the ring, as its headers say."""
    held = [holding.place.header() for holding in desk.slots.lease("inspect 1", 99, 1)]
    return [(header.seq, header.part) for header in held]


def begun(account: RunAccount) -> list[tuple[int, int, str]]:
    return [(part.number, part.seq, part.part) for part in account.unconfirmed_parts]


def test_the_part_lies_in_the_ring_with_the_picture(places: Places) -> None:
    desk = at(FREE, places)
    account = desk.begin_run()
    place(desk, account)
    for part in ("A", "B"):
        assert tell(desk, part) == ""
        place(desk, account)
    assert in_slots(desk) == [(0, ""), (1, "A"), (2, "B")]
    desk.close()


def test_a_picture_that_waited_is_of_the_part_before_it_came_also_for_a_successor(places: Places) -> None:
    dead = at(FREE, places)
    account = dead.begin_run()
    place(dead, account)
    for number, part in enumerate("AB"):
        assert dead.parts.announce(Told(part, "user 0", 7, 10 * number + 2), NO_ORDER) == ""
    for arrived_ns in (1, 2, 11):
        seq = account.captured
        assert dead.place(account, Picture(numbered_frame(seq), seq, None), mono_ns=arrived_ns, utc_ns=seq + 1)
    assert begun(account) == [(0, 2, "A"), (1, 4, "B")]
    desk = at(FREE, places)
    assert begun(desk.accounts[account.run]) == [(0, 2, "A"), (1, 4, "B")]
    assert in_slots(desk) == [(1, ""), (2, "A"), (3, "A")], "the newest three"


def test_a_part_that_was_moved_past_a_picture_which_nobody_numbered_begins_where_the_run_ended(places: Places) -> None:
    dead = at(FREE, places)
    account = dead.begin_run()
    place(dead, account)
    assert dead.parts.announce(Told("A", "user 0", 7, 10), NO_ORDER) == ""
    account.comes(5)  # the picture that it died with
    (path,) = places.rings("belt")
    Ring.adopt(path).parts.move(account.run, account.unconfirmed_parts[0])
    assert [part.seq for _, part in Ring.view(path).parts.open()] == [2]
    assert begun(at(FREE, places).accounts[account.run]) == [(0, 1, "A")]


def test_parts_survive_the_capture_until_the_log_has_them_and_the_next_run_begins_without_one(places: Places) -> None:
    dead = at(FREE, places)
    account = dead.begin_run()
    for part in ("A", "B", "C"):
        tell(dead, part)
        place(dead, account)
    tell(dead, "D")
    report = account.report(())
    assert report is not None
    desk = at(FREE, places)
    adopted = desk.accounts[account.run]
    assert begun(adopted) == [(0, 0, "A"), (1, 1, "B"), (2, 2, "C"), (3, 3, "D")]
    assert in_slots(desk) == [(0, "A"), (1, "B"), (2, "C")]
    again = adopted.report(())
    assert again is not None and [part.part for part in again.parts] == ["A", "B", "C", "D"]
    assert report.parts == again.parts[:3], "D had no picture yet"
    adopted.confirm(again.serial)
    desk.parts.confirmed(adopted)
    assert begun(at(FREE, places).accounts[account.run]) == []
    fresh = desk.begin_run()
    place(desk, fresh)
    assert fresh.part == "", "what was announced while no capture listened is not known"


def test_a_part_that_moved_on_in_a_grown_ring_has_its_new_place_for_a_successor(places: Places) -> None:
    dead = at(FREE, places)
    account = dead.begin_run()
    place(dead, account)
    assert dead.parts.announce(Told("A", "user 0", 7, 10), NO_ORDER) == ""
    larger = Picture(numbered_frame(1).repeat(2, axis=0), 1, None)
    assert dead.place(account, larger, mono_ns=9, utc_ns=2)
    assert len(places.rings("belt")) == 2, "the old one holds a picture still"
    assert begun(at(FREE, places).accounts[account.run]) == [(0, 2, "A")]


def test_a_run_that_begins_with_a_ring_is_known_to_a_successor_with_its_part(places: Places) -> None:
    before = at(FREE, places)
    place(before, before.begin_run())
    dead = at(FREE, places)
    account = dead.begin_run()
    tell(dead, "A")
    assert begun(at(FREE, places).accounts[account.run]) == [(0, 0, "A")], "no picture was numbered"


def test_a_camera_that_waits_for_its_trigger_lets_announced_parts_begin(places: Places) -> None:
    desk = at(FREE, places)
    account = desk.begin_run()
    place(desk, account)
    assert desk.parts.announce(Told("A", "user 0", 7, time.monotonic_ns()), NO_ORDER) == ""
    Connection(FREE, desk, lambda *_: None, None).waits(account, Waiting("its trigger"))
    report = account.report(())
    assert report is not None and [part.part for part in report.parts] == ["A"]
    desk.close()


def test_a_ring_that_grows_takes_the_parts_along(places: Places) -> None:
    dead = at(FREE, places)
    account = dead.begin_run()
    tell(dead, "A")
    place(dead, account)
    larger = Picture(numbered_frame(1).repeat(2, axis=0), 1, None)
    assert dead.place(account, larger, mono_ns=2, utc_ns=2)
    old, _ = places.rings("belt")
    old.unlink()
    assert begun(at(FREE, places).accounts[account.run]) == [(0, 0, "A")]


def test_a_ring_that_cannot_remember_parts_gives_way_to_one_that_can(places: Places) -> None:
    before = at(replace(FREE, parts=PartsSettings()), places)
    place(before, before.begin_run())
    desk = at(FREE, places)
    account = desk.begin_run()
    tell(desk, "A")
    place(desk, account)
    assert [len(Ring.view(path).parts) for path in places.rings("belt")] == [0, PARTS_MAX]
    desk.close()


def test_a_camera_that_is_told_of_no_parts_refuses_them_and_its_ring_has_no_place_for_any(places: Places) -> None:
    desk = at(replace(FREE, parts=PartsSettings()), places)
    account = desk.begin_run()
    assert "is told of no parts" in tell(desk, "A")
    place(desk, account)
    (path,) = places.rings("belt")
    assert len(Ring.view(path).parts) == 0 and begun(account) == []
    desk.close()


@pytest.mark.parametrize("harm", [b"\xff\xfe", b"=1+1", b" A", b"a\0b"], ids=repr)
@pytest.mark.parametrize("where", ["slot", "part", "by"])
def test_a_name_that_no_message_may_carry_is_damage(places: Places, where: str, harm: bytes) -> None:
    desk = at(FREE, places)
    account = desk.begin_run()
    tell(desk, "A")
    place(desk, account)
    (path,) = places.rings("belt")
    ring = Ring.adopt(path)
    table, column = (ring.table, "part") if where == "slot" else (ring.parts.rows, where)
    table[column][0] = harm
    with pytest.raises(RingError, match="the name of a part"):
        Ring.adopt(path)


# --- on order --------------------------------------------------------------------------------------------------------


@dataclass
class OrderedCamera:
    """A source as source.Triggered says: the n-th order since the opening is the n-th picture."""

    orders: queue.Queue[str]

    def pictures(self, first_index: int = 0) -> Iterator[Picture | Waiting]:
        index = first_index
        while (order := self.orders.get()) != "close":
            if order == "lose":
                raise SourceError("the camera is gone")
            if order == "wait":
                yield Waiting("its trigger")
            else:
                yield Picture(numbered_frame(index), index, None)
                index += 1

    def trigger(self) -> None:
        if self.orders.qsize() > 9:
            raise SourceError("too many orders wait")
        self.orders.put("picture")

    def close(self) -> None:
        self.orders.put("close")


@dataclass
class PlayedCapture:
    """Desk and intake of a camera on order, whose sources the test holds."""

    desk: Desk
    intake: Intake
    opened: list[OrderedCamera]
    told: list[tuple[int, str, str]]

    def tell(self, part: str) -> str:
        return self.desk.parts.announce(Told(part, "user 0", 7, 0), self.intake.order)

    def open_account(self) -> RunAccount:
        return max(self.desk.accounts.values(), key=lambda account: account.run)


@pytest.fixture
def capture(places: Places, monkeypatch: pytest.MonkeyPatch) -> Iterator[PlayedCapture]:
    opened: list[OrderedCamera] = []
    told: list[tuple[int, str, str]] = []

    def open_source(*_: object) -> OrderedCamera:
        opened.append(OrderedCamera(queue.Queue()))
        return opened[-1]

    monkeypatch.setattr("stream.connection.open_source", open_source)
    desk = at(ORDERED, places)
    intake = Intake(ORDERED, desk, lambda run, kind, text: told.append((run, kind, text)))
    played = PlayedCapture(desk, intake, opened, told)
    refused = played.tell("early")
    assert "not open" in refused
    thread = threading.Thread(target=intake.run, args=(Ledger(),))
    thread.start()
    wait_for(lambda: intake.order() == "" or None, "the camera")
    wait_for(lambda: desk.accounts, "the first picture, of no part")
    yield played
    intake.stop()
    thread.join()
    desk.accounts.clear()
    desk.close()


def test_each_order_is_a_picture_of_its_part(capture: PlayedCapture) -> None:
    for part in ("A", "B", ""):
        assert capture.tell(part) == ""
    wait_for(lambda: capture.desk.slots.waiting == 4, "all pictures, in their slots")
    assert in_slots(capture.desk) == [(0, ""), (1, "A"), (2, "B"), (3, "#2")]


def test_a_camera_that_goes_away_leaves_what_was_ordered_as_a_part_without_a_picture(
    capture: PlayedCapture, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = capture.open_account()
    monkeypatch.setattr(OrderedCamera, "trigger", lambda _: None)  # it takes the order, and dies of it
    assert capture.tell("A") == ""
    capture.opened[0].orders.put("lose")
    wait_for(lambda: account.ended, "the end of the run")
    assert begun(account) == [(0, 1, "A")]
    assert account.captured == 1


def test_an_order_that_the_camera_does_not_take_is_refused_and_no_later_picture_is_of_it(
    capture: PlayedCapture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: OrderedCamera) -> None:
        raise SourceError("too many orders wait")

    with monkeypatch.context() as patched:
        patched.setattr(OrderedCamera, "trigger", refuse)
        assert capture.tell("A") == "too many orders wait"
    assert capture.tell("B") == ""
    wait_for(lambda: capture.desk.slots.waiting == 2, "the picture, in its slot")
    assert in_slots(capture.desk) == [(0, ""), (1, "B")]


# --- a capture that dies with orders --------------------------------------------------------------------------------


def ordering(places: Places, *parts: str) -> Desk:
    """A desk that has taken these orders, each told a nanosecond later; no picture has come."""
    desk = at(ORDERED, places)
    for number, part in enumerate(parts):
        assert desk.parts.announce(Told(part, "user 0", 100 + number, 0), lambda: "") == ""
    return desk


def without_pictures(desk: Desk) -> dict[int, list[tuple[int, int, str]]]:
    """The runs that have ended without a picture, with their parts."""
    return {account.run: begun(account) for account in desk.accounts.values() if account.ended and not account.captured}


def confirm(desk: Desk, run: int) -> None:
    """As the recorder does once a run is on disk."""
    account = desk.accounts[run]
    report = account.report(())
    assert report is not None and report.ended
    account.confirm(report.serial)
    assert account.settled
    desk.forget(account)


def test_orders_of_a_capture_that_died_before_any_picture_are_parts_without_one(places: Places) -> None:
    ordering(places, "A", "", "B")
    desk = at(ORDERED, places)
    ((run, parts),) = without_pictures(desk).items()
    assert parts == [(0, 0, "A"), (1, 0, "#1"), (2, 0, "B")]
    assert [part.part for part in desk.parts.ordered_in_vain] == ["A", "#1", "B"]
    assert "died before their pictures came" in desk.accounts[run].note


def test_whoever_dies_before_the_log_has_them_leaves_the_same_parts_under_the_same_name(places: Places) -> None:
    ordering(places, "A", "B")
    first = without_pictures(at(ORDERED, places))
    again = at(ORDERED, places)
    assert without_pictures(again) == first and len(first) == 1
    (run,) = first
    confirm(again, run)
    assert without_pictures(at(ORDERED, places)) == {}
    assert not places.orders("belt").exists()


def test_an_order_is_of_its_picture_or_lost_and_never_both(places: Places) -> None:
    dead = ordering(places, "A", "B", "C")
    account = dead.begin_run()
    place(dead, account)
    place(dead, account)
    desk = at(ORDERED, places)
    assert begun(desk.accounts[account.run]) == [(0, 0, "A"), (1, 1, "B")]
    assert list(without_pictures(desk).values()) == [[(0, 0, "C")]]


def test_an_order_that_has_begun_and_still_stands_in_the_file_is_not_lost_as_well(places: Places) -> None:
    """The capture dies between the ring and the file."""
    dead = ordering(places, "A", "B")
    before = places.orders("belt").read_bytes()
    account = dead.begin_run()
    place(dead, account)
    places.orders("belt").write_bytes(before)
    desk = at(ORDERED, places)
    assert begun(desk.accounts[account.run]) == [(0, 0, "A")]
    assert list(without_pictures(desk).values()) == [[(0, 0, "B")]]


def test_a_camera_that_goes_away_before_its_first_picture_leaves_what_was_ordered_in_a_run_without_pictures(
    places: Places,
) -> None:
    desk = ordering(places, "A")
    assert [told.part for told in desk.parts.unanswered("its cable is out")] == ["A"]
    ((run, parts),) = without_pictures(desk).items()
    assert parts == [(0, 0, "A")] and desk.accounts[run].note == "its cable is out"
    assert without_pictures(at(ORDERED, places)) == {run: parts}, "kept until the log has it"


def test_what_was_refused_is_not_kept(places: Places) -> None:
    desk = at(ORDERED, places)
    assert "no order here" in tell(desk, "A")
    assert without_pictures(at(ORDERED, places)) == {}


def test_an_order_that_memory_has_no_room_for_is_refused(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    desk = at(ORDERED, places)
    monkeypatch.setattr(Path, "write_bytes", full)
    assert "make /dev/shm larger" in tell(desk, "A")
    account = desk.begin_run()
    place(desk, account)
    assert in_slots(desk) == [(0, "")]


def test_an_order_that_was_refused_is_no_part_that_was_lost(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    desk = at(ORDERED, places)
    with monkeypatch.context() as refusing:
        refusing.setattr(Path, "write_bytes", full)
        assert "does not take the order" in tell(desk, "A")
    desk.parts.unanswered("its cable is out")
    assert without_pictures(desk) == {}
    desk.close()


@pytest.mark.parametrize("harm", [b"", b"{", b'{"session": "s", "waiting": [["=1+1", "u", 1]]}'], ids=repr)
def test_a_file_of_orders_that_is_none_is_let_go(places: Places, harm: bytes, caplog: pytest.LogCaptureFixture) -> None:
    places.orders("belt").write_bytes(harm)
    assert without_pictures(at(ORDERED, places)) == {}
    assert "not what was ordered" in caplog.text and not places.orders("belt").exists()


def test_the_rings_of_a_line_without_parts_are_as_large_as_ever(tmp_path: Path) -> None:
    without, with_parts = (
        Ring.create(tmp_path / f"belt.{parts}.ring", slots=2, slot_bytes=4096, parts=parts) for parts in (0, PARTS_MAX)
    )
    sizes = [ring.path.stat().st_size for ring in (without, with_parts)]
    assert sizes[0] == 4096 * 4 and sizes[1] - sizes[0] <= 48 * 1024
    for ring in (without, with_parts):
        ring.close()
