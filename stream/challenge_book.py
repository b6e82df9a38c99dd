"""The challenges of a line: which are open, what was decided, which alarms stand. Pure; its log is challenge_log.py.

Built of the acts in the order in which they entered the log, and kept up to date by the same: so a recorder that was
killed, and its successor, know the same.
"""

from __future__ import annotations

from collections.abc import Iterable

from stream.challenge import CAUGHT, MISSED, Begun, Outcome, alarm_of, begun_by, ended_in, outcome_in
from stream.messages import Act

ALARMS_MAX = 8  # that stand beside each other; the oldest gives way: it is on record


class ChallengeBook:
    """What the acts say."""

    def __init__(self, acts: Iterable[Act] = (), acknowledged: frozenset[str] = frozenset()) -> None:
        """`acts`: of challenges, oldest first."""
        self.open: dict[str, Begun] = {}  # by the id of the act that began it
        self.last: dict[str, tuple[Begun, Outcome]] = {}  # the last that ended, by camera
        self.decided_ns: dict[str, int] = {}  # when the last was begun that was caught or missed, by camera
        self.tried_ns: dict[str, int] = {}  # when the last one was begun, by camera
        self.counts: dict[tuple[str, str], int] = {}  # by camera and result
        self._ended: set[str] = set()
        self._alarms: dict[str, None] = {}
        for act in acts:
            self.take(act)
        for text in acknowledged:
            self.acknowledge(text)

    def take(self, act: Act) -> Begun | None:
        """Enters an act; what it begins. A repeat changes nothing."""
        if (outcome := outcome_in(act)) is not None:
            self._end(ended_in(act), outcome)
            return None
        begun = begun_by(act)
        if begun is None or begun.id in self.open or begun.id in self._ended:
            return None
        self.open[begun.id] = begun
        self.tried_ns[begun.camera] = max(self.tried_ns.get(begun.camera, 0), begun.utc_ns)
        return begun

    def acknowledge(self, text: str) -> None:
        """Somebody knows of that alarm."""
        self._alarms.pop(text, None)

    @property
    def alarms(self) -> tuple[str, ...]:
        """The alarms that nobody has acknowledged, oldest first."""
        return tuple(self._alarms)

    def of(self, camera: str, what: str) -> Begun | None:
        """The open challenge of a camera, of that kind."""
        return next((b for b in self.open.values() if b.camera == camera and b.wish.what == what), None)

    def _end(self, id_: str, outcome: Outcome) -> None:
        begun = self.open.pop(id_, None)
        if begun is None or id_ in self._ended:
            return
        self._ended.add(id_)
        self.last[begun.camera] = (begun, outcome)
        counted = begun.camera, outcome.result
        self.counts[counted] = self.counts.get(counted, 0) + 1
        if outcome.result in (CAUGHT, MISSED):
            self.decided_ns[begun.camera] = max(self.decided_ns.get(begun.camera, 0), begun.utc_ns)
        if alarm := alarm_of(outcome):
            self._alarms[alarm] = None
            while len(self._alarms) > ALARMS_MAX:
                del self._alarms[next(iter(self._alarms))]
