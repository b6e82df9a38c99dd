"""BAD frames keep their slots while nothing can be recorded: all of them up to the bound, the newest past it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from stream.kept_back import KeptBack
from stream.messages import Key

seqs = st.lists(st.integers(0, 60), unique=True).map(sorted)


def keys(*of: int) -> list[Key]:
    return [Key(1, seq) for seq in of]


def odd(key: Key) -> bool:
    return key.seq % 2 == 1


def test_a_bad_frame_keeps_its_slot_and_a_good_one_does_not() -> None:
    assert KeptBack(2).let_go("belt", keys(1, 2, 3, 4), odd, 0) == (Key(1, 2), Key(1, 4))


def test_past_the_bound_the_oldest_gives_way() -> None:
    kept = KeptBack(2)
    kept.let_go("belt", keys(1, 3), odd, 0)
    assert kept.let_go("belt", keys(5), odd, 0) == (Key(1, 1),)


def test_frames_that_wait_for_their_picture_count_with_them() -> None:
    kept = KeptBack(2)
    assert kept.let_go("belt", keys(1, 3), odd, 1) == (Key(1, 1),)
    assert kept.let_go("belt", [], odd, 2) == (Key(1, 3),)


def test_what_is_on_disk_makes_room() -> None:
    kept = KeptBack(1)
    kept.let_go("belt", keys(1), odd, 0)
    kept.committed("belt", keys(1))
    assert kept.let_go("belt", keys(3), odd, 0) == ()


def test_each_camera_has_its_own() -> None:
    kept = KeptBack(1)
    assert kept.let_go("one", keys(1), odd, 0) == kept.let_go("two", keys(1), odd, 0) == ()


@given(batches=st.lists(seqs, max_size=5), most=st.integers(0, 6), elsewhere=st.integers(0, 8))
def test_never_more_than_the_bound_and_nothing_but_bad_is_kept(
    batches: list[list[int]], most: int, elsewhere: int
) -> None:
    kept, given_in, let_go = KeptBack(most), set(), set()
    for number, batch in enumerate(batches):
        arrived = [Key(number, seq) for seq in batch]
        given_in.update(arrived)
        let_go.update(kept.let_go("belt", arrived, odd, elsewhere))
    held = given_in - let_go
    assert len(held) <= max(0, most - elsewhere) and all(odd(key) for key in held)
