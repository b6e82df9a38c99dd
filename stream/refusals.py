"""Who was refused at a door to the network, in words for the log: each address at once, then ever more seldom. Pure.

A stranger who knocks a thousand times must not fill the log; none may be left out of the count. What he shows, a key
of his own making, tells nobody apart: he could make a new one each time.
"""

from __future__ import annotations

from dataclasses import dataclass

AGAIN_S, MOST_S = 60.0, 3600.0  # from one line about an address to the next, at first and at most
STRANGERS_MAX = 32  # addresses told apart at once; the rest is counted together
MANY = "many addresses"


@dataclass
class _Stranger:
    why: str  # of the last one
    unsaid: int = 0
    due_s: float | None = None  # None: nothing was said yet
    gap_s: float = AGAIN_S


class Refusals:
    """Refused connections, `count` of them; `due` gives what should be on record now."""

    def __init__(self) -> None:
        self.count = 0
        self._strangers: dict[str, _Stranger] = {}

    def note(self, address: str, why: str) -> None:
        """One more was refused: from where, and why (with the key's fingerprint where it showed one)."""
        self.count += 1
        if address not in self._strangers and len(self._strangers) >= STRANGERS_MAX:
            address = MANY
        stranger = self._strangers.setdefault(address, _Stranger(why))
        stranger.why = why
        stranger.unsaid += 1

    def due(self, now_s: float) -> list[str]:
        """What to put on record now, in words; each refusal is in one of them sooner or later."""
        said = []
        for address, stranger in list(self._strangers.items()):
            if stranger.due_s is not None and now_s < stranger.due_s:
                continue
            if stranger.unsaid:
                said.append(_sentence(address, stranger))
                stranger.gap_s = AGAIN_S if stranger.due_s is None else min(stranger.gap_s * 2, MOST_S)
                stranger.unsaid, stranger.due_s = 0, now_s + stranger.gap_s
            elif stranger.due_s is not None and now_s >= stranger.due_s + MOST_S:
                del self._strangers[address]  # silent for long: somebody else may have the place
        return said


def _sentence(address: str, stranger: _Stranger) -> str:
    times, last = ("", "") if stranger.unsaid == 1 else (f", {stranger.unsaid} times", "the last: ")
    return f"a connection from {address} was refused{times}: {last}{stranger.why}"
