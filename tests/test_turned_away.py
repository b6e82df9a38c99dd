"""What the page refused is counted at once and told seldom."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from stream.web.turned_away import MOST_S, PEERS_MAX, TurnedAway

DAY_S = 86_400.0


def test_the_first_refusal_is_told_at_once_and_the_next_ones_as_a_sum() -> None:
    account = TurnedAway()
    account.note("wrong host", "10.0.0.7", "the page does not answer to the name 'evil'", 100.0)
    assert account.due(100.0) == ["page, wrong host: the page does not answer to the name 'evil'; from 10.0.0.7"]
    for second in range(50):
        account.note("wrong host", "10.0.0.7", "again", 101.0 + second)
    assert account.due(151.0) == []
    (told,) = account.due(161.0)
    assert "50 times since this was last told" in told and "10.0.0.7" in told
    assert account.counts == {"wrong host": 51}


@given(st.integers(1, 400), st.floats(0.5, 600.0))
def test_no_flood_of_any_rate_or_number_of_peers_fills_the_log(peers: int, every_s: float) -> None:
    account = TurnedAway()
    told = 0
    now_s = 0.0
    for number in range(min(2000, int(DAY_S / every_s))):
        now_s = number * every_s
        account.note("no token", f"10.0.0.{number % peers}", "GET without the token", now_s)
        told += len(account.due(now_s))
    hours = now_s / 3600 + 1
    assert told <= (PEERS_MAX + 1) * (6 + hours)  # the gaps double from one minute: six tellings in the first hour


def test_nothing_is_lost_of_the_sum() -> None:
    account = TurnedAway()
    sums = 0
    for number in range(1000):
        account.note("malformed", f"peer {number % 50}", "what came was no request", number * 1.0)
    for told in account.due(1000.0) + account.due(1000.0 + MOST_S):
        sums += int(told.split(": ")[1].split(" times")[0])
    assert sums == 1000 == account.counts["malformed"]


def test_a_peer_that_was_silent_for_long_makes_room() -> None:
    account = TurnedAway()
    for number in range(PEERS_MAX):
        account.note("method", f"peer {number}", "x", 0.0)
    account.due(0.0)
    account.due(2 * MOST_S)
    account.note("method", "a new one", "x", 2 * MOST_S)
    assert account.due(2 * MOST_S) == ["page, method: x; from a new one"]
