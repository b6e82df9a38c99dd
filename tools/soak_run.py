"""A soak as it goes: the line runs, the schedule's faults begin and end, the recoveries are timed."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .soak_faults import BY_NAME, NIGHT
from .soak_house import House
from .soak_journal import Journal
from .soak_judged import Judged
from .soak_line import SoakLine, cast_of
from .soak_night import has_looked, has_woken, is_over
from .soak_recovery import Recoveries
from .soak_scene import Begun, Ending, Scene
from .soak_schedule import Planned
from .soak_stage import Stage
from .soak_surroundings import surroundings
from .soak_truth import JOURNAL, LEAKS, write_document

LOOK_S, WATCHING_S = 0.02, 0.005  # a turn, and one while somebody is on the way back
NIGHTS_MOST = 24
HEALED_S = 240.0  # for a line to work again after the last fault; one that does not by then is stopped as it is
Tell = Callable[[float, int], None]  # seconds since the start, faults so far


@dataclass
class _Open:
    """A fault that has not ended."""

    until_s: float
    planned: Planned
    end: Ending


@dataclass
class Soak:
    """The loop; `run` is all of it."""

    soaked: SoakLine
    planned: Sequence[Planned]
    stage: Stage
    tell: Tell
    _open: list[_Open] = field(default_factory=list)

    def run(self) -> None:
        """Runs the line for its time, and writes what is left behind. The line does not outlive this."""
        journal = Journal(self.soaked.out / JOURNAL)
        house = House(self.soaked, journal, self.stage.clock)
        recoveries = Recoveries(house, journal)
        stage = self.stage
        with surroundings(self.soaked) as around:
            scene = Scene(self.soaked, house, recoveries, stage.disk, stage.clock, stage.bundles, around)
            try:
                self._hurt(scene, journal)
                around.finish()
                judged = Judged(self.soaked.line.data_dir, [camera.truth for camera in self.soaked.cameras])
                _let_heal(house, recoveries, lambda: around.taken and judged.all())
                self._last_night(scene, journal)
                code = house.stop()
                write_document(self.soaked.out / LEAKS, house.leaks(code))
            finally:
                for left in self._open:
                    left.end()
                house.kill()
                journal.close()
                _remove(house.places.folder)

    def _hurt(self, scene: Scene, journal: Journal) -> None:
        waiting = list(self.planned)
        began_s = time.monotonic()
        done = 0
        while (now_s := time.monotonic() - began_s) < self.soaked.minutes * 60:
            scene.house.tend()
            for over in [o for o in self._open if o.until_s <= now_s]:
                self._open.remove(over)
                journal.ended(over.planned, over.end())
            while waiting and waiting[0].at_s <= now_s:
                self._begin(waiting.pop(0), scene, journal, now_s)
                done += 1
            scene.recoveries.step()
            scene.surroundings.step(now_s)
            self.tell(now_s, done)
            time.sleep(WATCHING_S if scene.recoveries.waiting else LOOK_S)

    def _begin(self, planned: Planned, scene: Scene, journal: Journal, now_s: float) -> None:
        fault = BY_NAME[planned.name]
        begun: Begun = fault.do(scene, planned)
        journal.fault(planned, begun.pid, fault.relaxes, done=begun.done, text=begun.text)
        if begun.end is not None:
            self._open.append(_Open(now_s + planned.lasts_s, planned, begun.end))
        elif begun.done:
            journal.ended(planned, "")

    def _last_night(self, scene: Scene, journal: Journal) -> None:
        """Each soak ends with a night, after which what is over budget must have gone: also the shortest has that."""
        if not cast_of(self.soaked.line).budgets:
            return
        data_dir, house = self.soaked.line.data_dir, scene.house
        gb = self.soaked.line.retention.evidence.gb
        if not _wait(house, HEALED_S, lambda: has_looked(data_dir) and is_over(data_dir, gb)):
            return
        for again in range(NIGHTS_MOST):  # one that falls into a turn of retention is noticed a minute later only
            self._begin(Planned(len(self.planned) + again, 0.0, NIGHT, "", 0.0, 0), scene, journal, 0.0)
            if _wait(house, HEALED_S / NIGHTS_MOST, lambda: has_woken(data_dir, scene.clock)):
                return


def _wait(house: House, patience_s: float, done: Callable[[], bool]) -> bool:
    """Whether it came to that while the line ran; it is minded meanwhile."""
    until_s = time.monotonic() + patience_s
    while not (there := done()) and time.monotonic() < until_s:
        house.tend()
        time.sleep(LOOK_S)
    return there


def _let_heal(house: House, recoveries: Recoveries, has_seen_all: Callable[[], bool]) -> None:
    """On a slow machine a line that was hurt late is still on its way: it is stopped when it works again."""
    until_s = time.monotonic() + HEALED_S
    while (recoveries.waiting or not house.well() or not has_seen_all()) and time.monotonic() < until_s:
        house.tend()
        recoveries.step()
        time.sleep(LOOK_S)


def _remove(folder: Path) -> None:
    """The runtime folder of a data_dir that nobody will use again; what was left in it is on record by now."""
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
