"""Pictures as they travel, and the ages of what travelled."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream import sent_pictures
from stream.far_clock import FarClock
from stream.far_door import IN_HAND_MAX, FarDoor
from stream.messages import FrameRef, Lease, SentPicture, Waiting
from stream.sent_pictures import jpeg_size, pack, unpack
from stream.wire import PICTURES_MAX_BYTES, WireError
from tests.frames import frame

PICTURE = np.arange(24 * 32 * 3, dtype=np.uint8).reshape(24, 32, 3)


def test_raw_pixels_come_out_as_they_went_in() -> None:
    assert np.array_equal(unpack(pack(PICTURE, "raw", 90), 24, 32), PICTURE)


def test_a_jpeg_says_so_and_comes_out_the_same_each_time() -> None:
    sent = pack(PICTURE, "jpeg", 90)
    assert sent.kind == "jpeg" and jpeg_size(sent.content) == (32, 24)
    assert np.array_equal(unpack(sent, 24, 32), unpack(sent, 24, 32))
    assert not unpack(sent, 24, 32).flags.writeable


def test_a_picture_too_large_to_travel_raw_goes_as_jpeg_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    assert PICTURES_MAX_BYTES > 3840 * 2160 * 3, "4K travels raw"
    monkeypatch.setattr(sent_pictures, "PICTURES_MAX_BYTES", sent_pictures.BESIDE_BYTES + 100)
    assert pack(PICTURE, "raw", 90).kind == "jpeg"


SENT = pack(PICTURE, "jpeg", 90).content


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(SentPicture("raw", b"x" * (24 * 32 * 3 - 1)), id="one byte missing"),
        pytest.param(SentPicture("jpeg", b""), id="empty"),
        pytest.param(SentPicture("jpeg", SENT[:40]), id="cut off"),
        pytest.param(SentPicture("jpeg", pack(PICTURE[:8], "jpeg", 90).content), id="another size"),
        pytest.param(SentPicture("jpeg", SENT.replace(b"\x00\x18\x00\x20", b"\xff\xff\xff\xff", 1)), id="a bomb"),
    ],
)
def test_what_is_no_such_picture_is_refused(sent: SentPicture) -> None:
    with pytest.raises(WireError):
        unpack(sent, 24, 32)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_picture_or_refused(content: bytes) -> None:
    jpeg_size(content)
    for kind in ("raw", "jpeg"):
        with pytest.raises(WireError):
            unpack(SentPicture(kind, content), 24, 32)


@given(
    start_ns=st.integers(0, 10**15),
    theirs_ns=st.integers(0, 10**15),
    ways=st.lists(st.tuples(st.integers(0, 10**9), st.integers(0, 10**9), st.integers(0, 10**9)), min_size=1),
)
def test_an_age_across_hosts_is_off_by_at_most_half_the_quickest_round_trip(
    start_ns: int, theirs_ns: int, ways: list[tuple[int, int, int]]
) -> None:
    """Two clocks that have nothing to do with each other, and any delays there, at the capture and back."""
    clock, now_ns = FarClock(), start_ns
    for there_ns, thought_ns, back_ns in ways:
        asked_ns, sent_at_ns, arrived_ns = (
            now_ns,
            now_ns + there_ns + thought_ns,
            now_ns + there_ns + thought_ns + back_ns,
        )
        offset_ns = clock.answered(asked_ns=asked_ns, sent_ns=sent_at_ns + theirs_ns, arrived_ns=arrived_ns)
        error_ns = -theirs_ns - offset_ns  # how much older a frame seems than it is
        assert clock.quickest_ns is not None
        assert -clock.quickest_ns / 2 - 1 <= error_ns <= there_ns + thought_ns
        now_ns = arrived_ns


def test_a_first_answer_counts_half_its_round_trip_and_a_slow_picture_all_its_time() -> None:
    clock = FarClock()
    assert clock.answered(asked_ns=0, sent_ns=1000, arrived_ns=100) == 100 - 50 - 1000
    assert clock.answered(asked_ns=1000, sent_ns=2050, arrived_ns=3000) == 3000 - (2000 - 50) - 2050
    assert clock.told(sent_ns=5000, arrived_ns=4200) == 4200 - 50 - 5000


def lease(*frames: FrameRef, pictures: int | None = None) -> Lease:
    sent = tuple(SentPicture("raw", b"") for _ in range(len(frames) if pictures is None else pictures))
    return Lease(frames, Waiting("belt", 1, 7_000, False, sent_mono_ns=9_000), 100, sent)


def test_a_far_doors_times_become_ours_and_its_pictures_wait_in_hand() -> None:
    door = FarDoor(now_ns=lambda: 300)
    heard = door.leased(lease(frame(5)))
    assert heard.waiting.oldest_mono_ns == max(1, 7_000 - 9_000 + 300 - 100), "2000 ns old, 100 ns on the way"
    came = door.take(frame(5))
    assert came is not None and came.offset_ns == 300 - 100 - 9_000
    assert door.take(frame(5)) is None and heard.pictures == ()


def test_a_frame_that_came_without_its_picture_is_none_and_pictures_in_hand_are_bounded() -> None:
    door = FarDoor(now_ns=lambda: 300)
    assert door.leased(lease(frame(5), pictures=0)).frames == ()
    for seq in range(3 * IN_HAND_MAX):
        door.leased(lease(frame(seq)))
    assert len(door._frames) == IN_HAND_MAX
