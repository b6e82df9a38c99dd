"""What became of each picture, from what a decoder said: in display order, none missing, none trusted too early."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.sources.damage import HELD_MOST, Damage, Seen


@dataclass(frozen=True)
class Coded:
    """A picture in coding order: I (key), P (copies from what was coded before) or B (the same, shown earlier)."""

    pts: int
    key: bool = False
    fate: str = "whole"  # whole | corrupt (the decoder says so) | torn (the container says so) | lost


def group(first: int, *fates: tuple[int, str]) -> list[Coded]:
    """A closed group of seven pictures in coding order, as encoders write it: I0 P3 B1 B2 P6 B4 B5."""
    known = dict(fates)
    return [Coded(first + at, at == 0, known.get(at, "whole")) for at in (0, 3, 1, 2, 6, 4, 5)]


def seen(coded: list[Coded], delay: int = 3) -> list[Seen[int]]:
    """What comes out when a decoder gives the pictures in display order, `delay` packets late."""
    damage: Damage[int] = Damage()
    out: list[Seen[int]] = []
    waiting: list[Coded] = []

    def show(left: int) -> None:
        while len(waiting) > left:
            one = min(waiting, key=lambda c: c.pts)
            waiting.remove(one)
            if one.fate != "lost":
                out.extend(damage.decoded(one.pts, one.pts, key=one.key, corrupt=one.fate == "corrupt"))

    for one in coded:
        out += damage.coded(one.pts, key=one.key, corrupt=one.fate == "torn")
        waiting.append(one)
        show(delay)
    show(0)
    return out + damage.over()


def damaged(coded: list[Coded]) -> list[int | None]:
    return [one.pts for one in seen(coded) if one.damaged]


@pytest.mark.parametrize(
    ("fates", "wanted"),
    [
        pytest.param([], [], id="whole"),
        pytest.param([(0, "corrupt")], [0, 1, 2, 3, 4, 5, 6], id="the key picture spoils all"),
        pytest.param([(3, "corrupt")], [1, 2, 3, 4, 5, 6], id="pictures shown before it copy from it too"),
        pytest.param([(1, "torn")], [1, 2, 4, 5, 6], id="what was coded before it stays whole"),
        pytest.param([(5, "corrupt")], [5], id="the last one spoils nothing"),
        pytest.param([(2, "lost")], [2, 4, 5, 6], id="a lost one spoils as well"),
        pytest.param([(6, "lost")], [4, 5, 6], id="a lost one at the end"),
    ],
)
def test_damage_goes_on_in_coding_order_to_the_next_key_picture(
    fates: list[tuple[int, str]], wanted: list[int]
) -> None:
    assert damaged(group(0, *fates) + group(7)) == wanted


def test_pictures_shown_before_a_key_picture_and_coded_after_it_copy_from_before_it() -> None:
    open_group = [Coded(0, True), Coded(1, fate="corrupt"), Coded(4, True), Coded(2), Coded(3), Coded(5)]
    assert damaged(open_group) == [1, 2, 3]


def test_a_lost_picture_keeps_its_place_without_a_frame() -> None:
    out = seen(group(0, (2, "lost"), (3, "lost")))
    assert [(one.pts, one.frame) for one in out] == [(0, 0), (1, 1), (2, None), (3, None), (4, 4), (5, 5), (6, 6)]


def test_a_clock_that_goes_back_in_the_middle_loses_nothing() -> None:
    damage: Damage[int] = Damage()
    out: list[Seen[int]] = []
    for pts in (100, 101, 102):
        out += damage.coded(pts, key=pts == 100, corrupt=False)
    out += damage.decoded(100, 0, key=True, corrupt=False)
    for pts in (0, 1):
        out += damage.coded(pts, key=pts == 0, corrupt=False)
    for frame, pts in enumerate((101, 102, 0, 1), 1):
        out += damage.decoded(pts, frame, key=pts == 0, corrupt=False)
    assert [one.frame for one in out + damage.over()] == [0, 1, 2, 3, 4]
    assert not any(one.damaged for one in out)


def test_pictures_of_which_nothing_is_ever_heard_again_are_not_waited_for() -> None:
    damage: Damage[int] = Damage()
    out = [one for pts in range(2 * HELD_MOST) for one in damage.coded(pts, key=False, corrupt=False)]
    assert [one.pts for one in out] == list(range(HELD_MOST)) and all(one.damaged for one in out)


def test_a_picture_that_was_not_announced_is_trusted_until_one_is_refused() -> None:
    damage: Damage[int] = Damage()
    out = damage.decoded(None, 0, key=True, corrupt=False) + damage.decoded(None, 1, key=False, corrupt=False)
    out += damage.refused() + damage.decoded(None, 3, key=False, corrupt=False)
    out += damage.decoded(None, 4, key=True, corrupt=False)
    assert [(one.frame, one.damaged) for one in out] == [(0, False), (1, False), (None, True), (3, True), (4, False)]


FATES = st.sampled_from(["whole", "whole", "whole", "corrupt", "torn", "lost"])


@given(st.lists(st.tuples(*[FATES] * 7), min_size=1, max_size=5), st.integers(2, 6))
def test_whatever_happens_each_picture_comes_once_in_order_and_no_spoilt_one_is_trusted(
    groups: list[tuple[str, ...]], delay: int
) -> None:
    coded = [one for n, fates in enumerate(groups) for one in group(7 * n, *enumerate(fates))]
    out = seen(coded, delay)
    assert [one.pts for one in out] == list(range(7 * len(groups)))
    spoilt, wanted = False, set()
    for one in coded:
        spoilt = one.fate != "whole" or (spoilt and not one.key)
        wanted |= {one.pts} if spoilt else set()
    assert {one.pts for one in out if one.damaged} == wanted
