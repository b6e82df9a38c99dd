"""What the page refused: counted by kind and peer, and told to the line's log seldom. Pure: it is told the time.

Every refusal is counted; the first of a kind and peer is told at once, the next ones as a sum, at ever longer
intervals. So an attack stands in the log, and cannot fill the disk with it: at most some 1,000 lines a day.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

FIRST_S, MOST_S = 60.0, 3600.0  # from one telling to the next
PEERS_MAX = 32  # kinds and peers that are told apart; what comes beyond them is told as of others
OTHERS = "others"


@dataclass(frozen=True)
class Telling:
    """What is told of one kind from one peer."""

    kind: str
    peer: str
    said: str
    times: int
    again: bool  # since it was last told

    def __str__(self) -> str:
        if not self.again and self.times == 1:
            return f"page, {self.kind}: {self.said}; from {self.peer}"
        return f"page, {self.kind}: {self.times} times {self.since}, first: {self.said}; from {self.peer}"

    @property
    def since(self) -> str:
        return "since this was last told" if self.again else "at once"


@dataclass
class _Account:
    """One kind from one peer."""

    said: str
    untold: int
    due_s: float
    gap_s: float = FIRST_S
    told: bool = False


class TurnedAway:
    """The account of one page."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._accounts: dict[tuple[str, str], _Account] = {}

    def note(self, kind: str, peer: str, said: str, now_s: float) -> None:
        """One refusal."""
        self.counts[kind] += 1
        key = (kind, peer)
        if key not in self._accounts and len(self._accounts) >= PEERS_MAX:
            key = (kind, OTHERS)
        account = self._accounts.setdefault(key, _Account(said, 0, now_s))
        account.untold += 1

    def due(self, now_s: float) -> list[str]:
        """What is to be told now, a sentence each."""
        return [str(telling) for telling in self.tellings(now_s)]

    def tellings(self, now_s: float) -> list[Telling]:
        """What is to be told now."""
        tellings = []
        for (kind, peer), account in list(self._accounts.items()):
            if now_s < account.due_s:
                continue
            if account.untold:
                tellings.append(Telling(kind, peer, account.said, account.untold, account.told))
                account.gap_s = min(account.gap_s * 2, MOST_S) if account.told else FIRST_S
                account.untold, account.told, account.due_s = 0, True, now_s + account.gap_s
            elif now_s >= account.due_s + MOST_S:
                del self._accounts[kind, peer]
        return tellings
