"""How often a token or a password may be tried: a few times at once, then seldom. Pure: it is told the time.

Whoever has the page open already is not asked: its cookie cannot be guessed. Only who begins anew waits while somebody
guesses.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

PEERS_MAX = 256  # remembered; beyond them the longest silent one is forgotten, and the limit on all together holds
KNOWN_MAX = 1024


@dataclass(frozen=True)
class Allowance:
    """So many wrong words at once, and a further one each `every_s`."""

    at_once: int
    every_s: float


EACH = Allowance(at_once=5, every_s=10.0)  # tokens by a peer; passwords of one user by one peer
ALL = Allowance(at_once=30, every_s=1.0)
OF_PEER = Allowance(at_once=20, every_s=2.0)  # passwords of any users by a peer, which may be everybody's proxy
OF_NAME = Allowance(at_once=20, every_s=30.0)  # passwords of one user by any peers


class Debts:
    """What was tried in vain, as debts that time pays off, each by its key."""

    def __init__(self, allowance: Allowance) -> None:
        self._allowance = allowance
        self._paid_s: dict[Hashable, float] = {}  # when each debt will be paid off

    def wait_s(self, key: Hashable, now_s: float) -> float:
        """How long until this one may try; 0: now."""
        allowed = (self._allowance.at_once - 1) * self._allowance.every_s
        return max(0.0, self._paid_s.get(key, now_s) - now_s - allowed)

    def owe(self, key: Hashable, now_s: float) -> None:
        self._paid_s[key] = max(now_s, self._paid_s.pop(key, now_s)) + self._allowance.every_s
        if len(self._paid_s) > PEERS_MAX:
            del self._paid_s[next(iter(self._paid_s))]

    def forgive(self, key: Hashable) -> None:
        """The last one was not in vain."""
        if key in self._paid_s:
            self._paid_s[key] -= self._allowance.every_s

    def __len__(self) -> int:
        return len(self._paid_s)


class Tries:
    """Wrong tokens so far."""

    def __init__(self) -> None:
        self._each, self._all = Debts(EACH), Debts(ALL)

    def wait_s(self, peer: str, now_s: float) -> float:
        """How long until this peer may try a token; 0: now."""
        return max(self._each.wait_s(peer, now_s), self._all.wait_s("", now_s))

    def wrong(self, peer: str, now_s: float) -> None:
        """A wrong token."""
        self._each.owe(peer, now_s)
        self._all.owe("", now_s)


class LoginTries:
    """Wrong passwords so far.

    Whoever has logged in from a peer before is slowed down there by wrong passwords of that very name alone, so that
    no stranger who guesses, from wherever, keeps the others out. What is tried counts from its beginning: a hundred
    that are compared at once are a hundred.
    """

    def __init__(self) -> None:
        self._pair, self._peer, self._name, self._all = Debts(EACH), Debts(OF_PEER), Debts(OF_NAME), Debts(ALL)
        self._known: dict[tuple[str, str], None] = {}

    def wait_s(self, peer: str, name: str, now_s: float) -> float:
        """How long until this peer may try a password of that user; 0: now."""
        mine = self._pair.wait_s((peer, name), now_s)
        if (peer, name) in self._known:
            return mine
        others = (self._peer.wait_s(peer, now_s), self._name.wait_s(name, now_s), self._all.wait_s("", now_s))
        return max(mine, *others)

    def begin(self, peer: str, name: str, now_s: float) -> None:
        """A password is compared."""
        for debts, key in self._all_of(peer, name):
            debts.owe(key, now_s)

    def right(self, peer: str, name: str) -> None:
        """It was right."""
        for debts, key in self._all_of(peer, name):
            debts.forgive(key)
        self._known.pop((peer, name), None)
        self._known[peer, name] = None
        if len(self._known) > KNOWN_MAX:
            del self._known[next(iter(self._known))]

    def _all_of(self, peer: str, name: str) -> tuple[tuple[Debts, Hashable], ...]:
        return ((self._pair, (peer, name)), (self._peer, peer), (self._name, name), (self._all, ""))
