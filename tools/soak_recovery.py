"""How long a role takes to be back: found dead, first beat of its successor, at work again. Looks, touches nothing."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from stream.heart import last_beat
from stream.places import Places

from .soak_house import House
from .soak_journal import Journal
from .soak_processes import gone
from .soak_schedule import Planned
from .soak_where import captured, held

LOST_S = 180.0  # who is not back by then is given up, on a machine that is busy besides
STRUCK_MOST = 2
CAPTURE = "capture "
FALL_S, LOOK_S = 2.0, 0.005  # for the captures to fall with their supervisor


@dataclass
class Watch:
    """One role that was hit."""

    planned: Planned
    target: str
    pid: int  # that was hit
    since_ns: int
    away: bool = False  # its camera gave nothing meanwhile: when it was at work again says nothing
    found_s: float | None = None
    beat_s: float | None = None
    work_s: float | None = None
    successor: int = 0
    captured: dict[int, int] = field(default_factory=dict)  # by run, when it was found dead


class Recoveries:
    """Everybody who is on the way back."""

    def __init__(self, house: House, journal: Journal) -> None:
        self._house = house
        self._journal = journal
        self._watches: list[Watch] = []
        self._struck_ns: dict[str, list[int]] = {}
        self.away: set[str] = set()  # cameras that give no pictures just now

    @property
    def waiting(self) -> bool:
        return bool(self._watches)

    def watch(self, planned: Planned, target: str, pid: int) -> None:
        """From now on. Who was watched already has been hit again: the first watch comes to nothing."""
        self.strike(target)
        self.forget(target)
        if target == "supervisor":
            self._watches.clear()  # everybody goes with it
        self._watches.append(Watch(planned, target, pid, time.monotonic_ns()))

    def strike(self, target: str) -> None:
        """It was hit now."""
        self._struck_ns.setdefault(target, []).append(time.monotonic_ns())

    def weak(self, target: str) -> bool:
        """Whether it was hit twice since it worked last: a third death would be a crash loop, and a line gives up."""
        beat_ns = _beat_ns(self._house.places, self._house.standing(target))  # 0 while it is started again
        left = [at_ns for at_ns in self._struck_ns.get(target, ()) if at_ns > beat_ns]
        self._struck_ns[target] = left
        return len(left) >= STRUCK_MOST

    def forget(self, target: str) -> None:
        self._watches = [watch for watch in self._watches if watch.target != target]

    def step(self) -> None:
        for watch in tuple(self._watches):
            if watch.target.removeprefix(CAPTURE) in self.away:
                watch.away = True
            over = self._supervisor_back(watch) if watch.target == "supervisor" else self._role_back(watch)
            if over or _since_s(watch) > LOST_S:
                self._watches.remove(watch)
                self._struck_ns.pop(watch.target, None)
                self._journal.recovery(
                    watch.planned, watch.target, watch.successor, watch.found_s, watch.beat_s, watch.work_s
                )

    def _role_back(self, watch: Watch) -> bool:
        if watch.found_s is None:
            if not gone(watch.pid):
                return False
            watch.found_s = _since_s(watch)
            watch.captured = self._captured(watch)
            if watch.target.startswith(CAPTURE):
                camera = watch.target.removeprefix(CAPTURE)
                self._journal.ring(camera, watch.pid, held(self._house.places, camera))
        if watch.beat_s is None:
            pid = self._house.role(watch.target)
            beat_ns = _beat_ns(self._house.places, self._house.standing(watch.target))
            if pid in (0, watch.pid) or beat_ns <= watch.since_ns + watch.found_s * 1e9:
                return False
            watch.successor, watch.beat_s = pid, (beat_ns - watch.since_ns) / 1e9
        return self._at_work(watch)

    def _note_rings(self, supervisor: int) -> None:
        """Every capture dies with the supervisor; the next line, which adopts the rings, is not started before this."""
        until_s = time.monotonic() + FALL_S
        while self._house.captures_live() and time.monotonic() < until_s:
            time.sleep(LOOK_S)
        for camera in self._house.soaked.line.cameras:
            self._journal.ring(camera.name, supervisor, held(self._house.places, camera.name))

    def _at_work(self, watch: Watch) -> bool:
        """A capture is at work when it has taken a picture; the others beat only when they are."""
        if not watch.target.startswith(CAPTURE):
            watch.work_s = watch.beat_s
            return True
        now = self._captured(watch)
        if any(count > watch.captured.get(run, 0) for run, count in now.items()):
            watch.work_s = None if watch.away else _since_s(watch)
            return True
        return False

    def _captured(self, watch: Watch) -> dict[int, int]:
        capture = watch.target.startswith(CAPTURE)
        return captured(self._house.places, watch.target.removeprefix(CAPTURE)) if capture else {}

    def _supervisor_back(self, watch: Watch) -> bool:
        if watch.found_s is None:
            if not gone(watch.pid):
                return False
            watch.found_s = _since_s(watch)
            self._note_rings(watch.pid)
        if self._house.pid in (0, watch.pid):
            return False
        watch.successor = self._house.pid
        beats = [_beat_ns(self._house.places, self._house.standing(role)) for role in self._house.roles]
        if not all(beat_ns > self._house.started_mono_ns for beat_ns in beats):
            return False
        watch.work_s = watch.beat_s = (max(beats) - watch.since_ns) / 1e9
        return True


def _since_s(watch: Watch) -> float:
    return (time.monotonic_ns() - watch.since_ns) / 1e9


def _beat_ns(places: Places, role: str) -> int:
    return last_beat(places.heart(role))[1]
