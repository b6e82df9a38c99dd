"""What waits between reading a camera and decoding it: bounded, in order, each picture taken or left out by number."""

from __future__ import annotations

import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.settings import CameraSettings
from stream.sources.room import BYTES_MOST, HELD_MOST, Arrived, Bounds, Room, bounds_for, surplus
from stream.sources.source import LeftOut, SourceError

DEADLINE_S = 60.0
LATE = Bounds(100)  # ns
EACH = Bounds(None, pictures=4)


def waiting(*pictures: tuple[int, bool], size: int = 1) -> list[Arrived[int]]:
    """When each came, in ns, and whether it is a key picture."""
    return [Arrived(number, size, key, mono_ns) for number, (mono_ns, key) in enumerate(pictures)]


@pytest.mark.parametrize(
    ("queue", "bounds", "left_out"),
    [
        ([], LATE, 0),
        (waiting((900, True), (950, False)), LATE, 0),
        (waiting((899, True), (950, False)), LATE, 2),
        (waiting((1, True)), LATE, 0),
        (waiting((1, False)), LATE, 1),
        (waiting((100, False), (200, True), (300, False)), LATE, 1),
        (waiting((100, False), (200, True), (300, False), (990, True), (995, False)), LATE, 3),
        (waiting((100, True), (200, True), (300, True)), LATE, 2),
        (waiting((1, True), (2, False), (3, True), (4, True)), EACH, 0),
        (waiting((1, True), (2, False), (3, True), (4, False), (5, True)), EACH, 2),
        (waiting((1, True), (2, False), (3, False), (4, False), (5, False)), EACH, 5),
        (waiting((999, True), (1000, True), size=BYTES_MOST), LATE, 1),
    ],
    ids=[
        "nothing waits",
        "fresh",
        "late, and no later key picture",
        "late, and nothing newer is to be had",
        "late, and it copies from what is left out",
        "late, up to the key picture",
        "late, up to the newest key picture",
        "late, each a key picture: the newest",
        "each is wanted, however late",
        "each is wanted, too many: up to the next key picture",
        "each is wanted, too many, no key picture",
        "too many bytes",
    ],
)
def test_what_is_left_out(queue: list[Arrived[int]], bounds: Bounds, left_out: int) -> None:
    assert surplus(queue, 1000, bounds) == left_out


@given(
    st.lists(st.tuples(st.integers(0, 1000), st.booleans()), max_size=12),
    st.sampled_from([Bounds(None, 5), Bounds(100, 5), Bounds(100, 512), Bounds(None, 512)]),
)
def test_what_stays_begins_with_a_key_picture_or_nothing_was_left_out(
    pictures: list[tuple[int, bool]], bounds: Bounds
) -> None:
    queue = waiting(*sorted(pictures))
    count = surplus(queue, 1000, bounds)
    assert 0 <= count <= len(queue)
    assert count in (0, len(queue)) or queue[count].key


def test_half_of_the_deadline_may_pass_before_decoding_and_of_what_is_wanted_however_late_any_time() -> None:
    newest, every = CameraSettings("belt", "rtsp://camera/"), CameraSettings("belt", "0", policy="every")
    assert bounds_for(newest) == Bounds(500_000_000, HELD_MOST)
    assert bounds_for(every) == Bounds(None, HELD_MOST)


def test_what_the_network_brings_in_one_piece_is_not_too_much_where_the_newest_is_wanted() -> None:
    """More than may wait in the ring: whoever decodes had no turn since the first of them was read."""
    camera = CameraSettings("belt", "http://camera/", deadline_ms=10 * 60_000)
    room: Room[int] = Room(bounds_for(camera))
    for number in range(4 * camera.waiting_max):
        room.put(number, size=1)
    room.end(SourceError("it is over"))
    taken: list[int | LeftOut] = []
    with pytest.raises(SourceError, match="it is over"):
        for one in room.given():
            taken.append(one if isinstance(one, LeftOut) else one.coded)
    assert taken == list(range(4 * camera.waiting_max))


def test_whoever_reads_never_waits_and_each_picture_is_taken_or_left_out_in_order() -> None:
    room: Room[int] = Room(EACH)
    hour_ago_ns = time.monotonic_ns() - 3_600_000_000_000
    for number in range(7):
        room.put(number, size=1, key=number in (0, 3, 6), lost=number == 1, mono_ns=hour_ago_ns)
    room.end(SourceError("it is over"))
    taken = []
    with pytest.raises(SourceError, match="it is over"):
        for one in room.given():
            taken.append(one)
    left, *rest = taken
    assert isinstance(left, LeftOut) and (left.pictures, left.lost) == (3, 1) and left.waited_s >= 3600
    assert [one.coded for one in rest if isinstance(one, Arrived)] == [3, 4, 5, 6]


def test_after_all_was_left_out_what_comes_is_too_until_a_key_picture() -> None:
    room: Room[int] = Room(Bounds(None, pictures=2))
    for number in range(8):
        room.put(number, size=1, key=number in (0, 6))
    given_ones = room.given()
    left = next(given_ones)
    assert isinstance(left, LeftOut) and left.pictures == 6
    assert [one.coded for one in (next(given_ones), next(given_ones)) if isinstance(one, Arrived)] == [6, 7]


def test_a_picture_bears_the_time_at_which_it_came_and_not_that_at_which_it_was_taken() -> None:
    room: Room[str] = Room(EACH)
    before_ns = time.monotonic_ns()
    room.put("read", size=1)
    after_ns = time.monotonic_ns()
    room.put("stamped by the driver", size=1, mono_ns=before_ns - 3_600_000_000_000)
    read = next(room.given())
    assert isinstance(read, Arrived) and before_ns <= read.mono_ns <= after_ns
    assert 3600 <= room.waits_s() <= 3600 + (time.monotonic_ns() - before_ns) / 1e9
    stamped = next(room.given())
    assert isinstance(stamped, Arrived) and stamped.mono_ns == before_ns - 3_600_000_000_000
    assert room.waits_s() == 0.0


def test_one_that_is_closed_gives_nothing_takes_nothing_and_wakes_who_waits() -> None:
    room: Room[int] = Room(EACH)
    got: list[object] = []
    thread = threading.Thread(target=lambda: got.extend(room.given()))
    thread.start()
    room.close()
    room.close()
    thread.join(DEADLINE_S)
    room.put(1, size=1)
    room.end(SourceError("too late to be told"))
    assert not thread.is_alive() and room.closed and list(room.given()) == got == []
