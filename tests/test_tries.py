"""How often a token may be tried."""

from __future__ import annotations

from stream.web.tries import ALL, EACH, OF_NAME, PEERS_MAX, LoginTries, Tries


def test_a_few_wrong_tokens_at_once_then_one_every_so_often() -> None:
    tries = Tries()
    for _ in range(EACH.at_once):
        assert tries.wait_s("10.0.0.7", 100.0) == 0
        tries.wrong("10.0.0.7", 100.0)
    assert tries.wait_s("10.0.0.7", 100.0) == EACH.every_s
    assert tries.wait_s("10.0.0.7", 100.0 + EACH.every_s) == 0
    tries.wrong("10.0.0.7", 100.0 + EACH.every_s)
    assert tries.wait_s("10.0.0.7", 101.0 + EACH.every_s) > 0
    assert tries.wait_s("10.0.0.8", 101.0) == 0, "another peer is not made to wait for it"


def test_many_peers_together_are_slowed_down_too() -> None:
    tries = Tries()
    guessed = 0
    for number in range(100_000):
        now_s = number * 0.001  # a thousand guesses a second, each from an address of its own
        peer = f"fe80::{number:x}"
        if tries.wait_s(peer, now_s) == 0:
            tries.wrong(peer, now_s)
            guessed += 1
    assert guessed <= ALL.at_once + 100 / ALL.every_s


def test_memory_is_bounded() -> None:
    tries = Tries()
    for number in range(10 * PEERS_MAX):
        tries.wrong(str(number), float(number))
    assert len(vars(tries)["_each"]) <= PEERS_MAX


def test_a_few_wrong_passwords_of_a_user_and_then_the_next_user_of_that_peer_may_still_try() -> None:
    tries = LoginTries()
    for _ in range(EACH.at_once):
        assert tries.wait_s("10.0.0.7", "ann", 100.0) == 0
        tries.begin("10.0.0.7", "ann", 100.0)
    assert tries.wait_s("10.0.0.7", "ann", 100.0) == EACH.every_s
    assert tries.wait_s("10.0.0.7", "ben", 100.0) == 0
    assert tries.wait_s("10.0.0.8", "ann", 100.0) == 0


def test_who_logs_in_rightly_pays_nothing_back() -> None:
    tries = LoginTries()
    for _ in range(100):
        assert tries.wait_s("10.0.0.7", "ann", 100.0) == 0
        tries.begin("10.0.0.7", "ann", 100.0)
        tries.right("10.0.0.7", "ann")


def test_whoever_guesses_keeps_nobody_out_who_has_logged_in_from_there_before() -> None:
    tries = LoginTries()
    for peer, name in (("10.0.0.7", "ann"), ("10.0.0.1", "ben")):
        tries.begin(peer, name, 0.0)
        tries.right(peer, name)
    for number in range(2000):  # all names of many peers, and of the proxy that ben comes through
        tries.begin(f"10.1.{number % 200}.1", "ann", 1.0)
        tries.begin("10.0.0.1", f"user{number}", 1.0)
    assert tries.wait_s("10.0.0.7", "ann", 2.0) == 0 and tries.wait_s("10.0.0.1", "ben", 2.0) == 0
    assert tries.wait_s("10.0.0.9", "ann", 2.0) > 0, "who begins from elsewhere waits"


def test_passwords_are_guessed_slowly_from_however_many_peers() -> None:
    tries = LoginTries()
    guessed = 0
    for number in range(20_000):
        now_s = number * 0.005
        if tries.wait_s(f"fe80::{number:x}", "ann", now_s) == 0:
            tries.begin(f"fe80::{number:x}", "ann", now_s)
            guessed += 1
    assert guessed <= OF_NAME.at_once + 100 / OF_NAME.every_s + 1
