"""Which files are written to their end: told by looks at a folder, one after the other."""

from __future__ import annotations

from stream.sources.settling import TRIED_AFTER_S, Mark, Ready, Settling

HALF, WHOLE = Mark(500, 1), Mark(1000, 2)


def given(*looks: tuple[float, dict[str, Mark]]) -> list[list[Ready]]:
    settling = Settling()
    return [settling.look(now_s, found) for now_s, found in looks]


def test_a_file_is_ready_once_it_has_stood_still() -> None:
    looks = given((0.0, {"a": WHOLE}), (0.2, {"a": WHOLE}), (0.4, {"a": WHOLE}))
    assert looks == [[], [], [Ready("a", WHOLE, last=False)]]


def test_a_file_that_grows_is_not_ready() -> None:
    looks = given((0.0, {"a": HALF}), (5.0, {"a": WHOLE}), (5.2, {"a": WHOLE}), (5.4, {"a": WHOLE}))
    assert looks == [[], [], [], [Ready("a", WHOLE, last=False)]]


def test_one_that_is_not_taken_is_given_again_a_stated_number_of_times() -> None:
    _, *looks = given(*((n / 10, {"a": WHOLE}) for n in range(60)))
    tries = [look[0] for look in looks if look]
    assert [one.last for one in tries[:3]] == [False, False, True] and len(TRIED_AFTER_S) == 3
    begins_s = [at / 10 for at, look in enumerate(looks, 1) if look][:3]
    assert begins_s == [0.3, 1.0, 3.0]


def test_an_empty_file_is_ready_only_when_nobody_fills_it() -> None:
    looks = given(*((n / 2, {"a": Mark(0, 1)}) for n in range(8)))
    assert next(look for look in looks if look) == [Ready("a", Mark(0, 1), last=True)] and looks[6]


def test_a_file_with_the_name_of_one_that_went_begins_anew() -> None:
    looks = given((0.0, {"a": WHOLE}), (0.2, {}), (0.4, {"a": WHOLE}), (0.8, {"a": WHOLE}))
    assert looks == [[], [], [], [Ready("a", WHOLE, last=False)]]


def test_the_order_is_that_in_which_they_were_done() -> None:
    found = {"b": Mark(1, 10), "a": Mark(1, 30), "c": Mark(1, 20), "d": Mark(1, 20)}
    assert [one.name for one in given((0.0, found), (1.0, found))[1]] == ["b", "c", "d", "a"]
