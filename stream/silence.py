"""Since when a role has not beaten, less the time in which it stood ready with no processor free."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from stream.heart import last_beat
from stream.starved import waited_s

SUSPECT_S = 0.3  # silent for so long: from now on it is asked whether it gets a processor at all


@dataclass
class Silence:
    """Of one role, whose process changes."""

    heart: Path
    _suspect: tuple[int, float] = (0, 0.0)  # the beat after which it was silent, and what it had waited until then

    def process_begins(self, has_waited_s: float) -> None:
        """`has_waited_s`: for a processor, before it became this role."""
        self._suspect = (0, has_waited_s)

    def began_s(self, now_s: float) -> float:
        """When its last beat was."""
        _, mono_ns = last_beat(self.heart)
        unread = not mono_ns and self.heart.exists()  # it has beaten: the watcher has no descriptor free to see it
        return now_s if unread else mono_ns / 1e9

    def of_its_own_s(self, silent_s: float, pid: int) -> float:
        """What is left of its silence without the time in which it stood ready.

        To kill it for that would make it worse: its successor has to load, on the same processors.
        """
        return max(0.0, silent_s - self._starved_s(pid)) if silent_s > SUSPECT_S else silent_s

    def _starved_s(self, pid: int) -> float:
        """Since its silence was noticed (before the first beat: since its start) it stood ready for so long."""
        beats, waited = last_beat(self.heart)[0], waited_s(pid)
        if beats != self._suspect[0]:
            self._suspect = (beats, waited)
        return waited - self._suspect[1]
