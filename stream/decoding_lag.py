"""Whether a camera's pictures are taken as fast as they come, in words. Pure: it is told what was left out, and when.

What is left out is told once as it begins and once when it is over, and stands as an alarm in between. Where the newest
wins, judging holds up no decoding. Where each is wanted it does: a full ring is waited for, and what comes meanwhile
waits to be decoded. Which of the two it was cannot be told from here, so both are named.
"""

from __future__ import annotations

from dataclasses import dataclass

BEHIND = "behind"  # why such pictures were dropped, in the ledger; and the kind of event
CALM_S = 10.0  # nothing was left out for so long: it is over
WORD = "TOO MANY PICTURES"
NEWEST = "decodes", "Give the line more processor, or set the camera to fewer or smaller pictures"
EVERY = "decodes or judges", f"{NEWEST[1]}, or add an inspector: it may be judging that is slower than the camera"


@dataclass
class DecodingLag:
    """One camera's, over all its runs; `newest`: its newest picture wins."""

    newest: bool = True
    _since_s: float | None = None
    _last_s: float = 0.0
    _left_out: int = 0

    def left_out(self, pictures: int, waited_s: float, now_s: float) -> str:
        """So many were left out, of which one had waited so long. What to say, where that is news."""
        begins = self._since_s is None
        self._since_s = now_s if self._since_s is None else self._since_s
        self._last_s = now_s
        self._left_out += pictures
        if not begins:
            return ""
        does, do = self._words
        return f"{WORD}: they come faster than this computer {does} them; one waited {waited_s:.1f} s. {do}."

    def step(self, now_s: float) -> str:
        """What to say, where it is over."""
        if self._since_s is None or now_s - self._last_s < CALM_S:
            return ""
        said = f"{WORD}: over, {self._left_out} pictures in {self._last_s - self._since_s:.1f} s were not inspected"
        self._since_s, self._left_out = None, 0
        return said

    @property
    def alarm(self) -> str:
        """In words; empty: well."""
        if self._since_s is None:
            return ""
        lasts = f"so {self._left_out} pictures were left out and not inspected"
        does, do = self._words
        return f"Pictures come faster than this computer {does} them, {lasts}. {do}."

    @property
    def _words(self) -> tuple[str, str]:
        """What is too slow, and what to do."""
        return NEWEST if self.newest else EVERY
