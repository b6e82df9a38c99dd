"""Who may come in over the network: the protocol's questions and answers, and the record of the refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.arrivals import NOT_OURS, TOLD, UNPROVEN, Arrivals
from stream.refusals import AGAIN_S, MOST_S, STRANGERS_MAX, Refusals
from stream.zap import DOMAIN, Knock, answer, host_let_in, read_knock

KEY = bytes(range(32))
QUESTION = [b"1.0", b"7", DOMAIN, b"192.0.2.7", b"", b"CURVE", KEY]


def test_a_known_key_is_let_in_by_its_hosts_name() -> None:
    knock = read_knock(QUESTION)
    assert knock == Knock(b"7", "192.0.2.7", "CURVE", KEY)
    assert host_let_in(knock, {KEY: "gpu"}) == "gpu"
    assert answer(knock, "gpu") == [b"1.0", b"7", b"200", b"", b"gpu", b""]


def test_an_unknown_key_is_refused() -> None:
    knock = read_knock(QUESTION)
    assert knock is not None and host_let_in(knock, {bytes(32): "gpu"}) is None
    assert answer(knock, None)[2] == b"300"


def test_no_other_way_to_prove_oneself_is_a_key() -> None:
    for parts in (
        [*QUESTION[:5], b"NULL"],
        [*QUESTION[:5], b"PLAIN", KEY, KEY],
        [*QUESTION[:6], KEY[:31]],
        [*QUESTION[:6], KEY, KEY],
        [*QUESTION[:2], b"another", *QUESTION[3:]],
    ):
        knock = read_knock(parts)
        assert knock is not None and host_let_in(knock, {KEY: "gpu"}) is None
    assert read_knock([b"2.0", *QUESTION[1:]]) is None
    assert read_knock(QUESTION[:5]) is None


@given(st.lists(st.binary(max_size=40), max_size=9))
def test_whatever_is_asked_is_answered_or_ignored(parts: list[bytes]) -> None:
    knock = read_knock(parts)
    assert knock is None or host_let_in(knock, {}) is None


def test_who_was_refused_is_told_from_who_came_in_and_left() -> None:
    arrivals = Arrivals()
    for descriptor, address in ((5, "192.0.2.1"), (6, "192.0.2.2"), (7, "192.0.2.3"), (8, "192.0.2.4")):
        arrivals.came(descriptor, address)
    arrivals.proven({"192.0.2.2"})
    assert arrivals.ended(6) is None, "it had proven its key"
    arrivals.failed(UNPROVEN)
    assert arrivals.ended(5) == ("192.0.2.1", UNPROVEN)
    assert arrivals.ended(7) == ("192.0.2.3", NOT_OURS), "nothing was said before its end: a foreign greeting"
    arrivals.failed(TOLD)
    assert arrivals.ended(8) is None and arrivals.ended(8) is None
    arrivals.came(5, "192.0.2.5")
    arrivals.clear()
    assert arrivals.ended(5) is None


def test_a_stranger_is_on_record_at_once_and_again_only_after_a_while_with_its_count() -> None:
    refusals = Refusals()
    refusals.note("192.0.2.7", "the key ab is not known here")
    assert refusals.due(0.0) == ["a connection from 192.0.2.7 was refused: the key ab is not known here"]
    for _ in range(40):
        refusals.note("192.0.2.7", "the key ab is not known here")
    assert refusals.due(AGAIN_S - 1) == []
    said = "a connection from 192.0.2.7 was refused, 40 times: the last: the key ab is not known here"
    assert refusals.due(AGAIN_S) == [said]
    assert refusals.due(3 * AGAIN_S) == [] and refusals.count == 41


@pytest.mark.parametrize("addresses", [1, 3 * STRANGERS_MAX])
def test_a_stranger_with_a_new_key_each_time_does_not_fill_the_log(addresses: int) -> None:
    """A day of it, two knocks a second."""
    refusals, said = Refusals(), 0
    for now_s in range(0, 86_400):
        for knock in (2 * now_s, 2 * now_s + 1):
            refusals.note(f"192.0.2.{knock % addresses}", f"the key {knock:012x} is not known here")
        said += len(refusals.due(float(now_s)))
    assert 20 <= said <= 32 * min(addresses, STRANGERS_MAX + 1) and refusals.count == 2 * 86_400


@given(st.lists(st.tuples(st.integers(0, 2 * STRANGERS_MAX), st.floats(0, AGAIN_S))))
def test_no_refusal_is_left_out_of_the_count_and_memory_is_bounded(knocks: list[tuple[int, float]]) -> None:
    refusals, now_s, said = Refusals(), 0.0, []
    for address, later_s in knocks:
        refusals.note(str(address), "why")
        now_s += later_s
        said += refusals.due(now_s)
    said += refusals.due(now_s + MOST_S)
    times = [int(text.split(", ")[1].split(" ")[0]) if " times: " in text else 1 for text in said]
    assert sum(times) == len(knocks) == refusals.count
    assert len(refusals._strangers) <= STRANGERS_MAX + 1
