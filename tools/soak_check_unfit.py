"""Invariants of pictures that are not fit to be judged: none is GOOD or BAD, each spell has its alarm and end. Pure.

What is promised: what is black or arrives damaged is never judged, what is frozen not from ONSET_S on; an alarm comes
within ONSET_S, ends within CLEAR_S of the fault's end, and comes for nothing else.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from tools.soak_check_facts import Finding, Soak
from tools.soak_check_journal import Moment
from tools.soak_check_log import Run
from tools.soak_check_story import DAMAGED, ONSET_S, ONSET_SLACK, Camera, Spell

CLEAR_S = 3.0  # two of pictures that are right, and the last second's are looked at together
SLACK = ONSET_SLACK
GAP = 1.8  # periods between two pictures of a camera that is not held up
KIND = "health"
WORDS = {"black": "DARK", "frozen": "FROZEN", "damaged": "DAMAGED"}  # of an alarm, by what is wrong
SAID = re.compile(r"([A-Z ]+): (over\b)?.*?(?:\(frame (\d+)\))?")
DAMAGING = ("corrupt", "resize")  # faults of these names may raise alarms of their own


@dataclass(frozen=True)
class Alarm:
    """An alarm of a run, as its events tell it; `cleared` None: no end is on record."""

    word: str
    began: int  # frame
    ended: bool = False
    cleared: int | None = None  # frame; None also where the pictures stopped


def unfit_not_judged(soak: Soak) -> Finding:
    """What must not be judged is UNKNOWN, or dropped by name."""
    breaks, fates = [], Counter[str]()
    for camera, run, seq, outcome in soak.frames():
        why = soak.unfit(camera, run, seq)
        if not why:
            continue
        fates[outcome] += 1
        if outcome in ("GOOD", "BAD"):
            breaks.append(f"{camera.name} run {run} frame {seq}: {outcome}, and it was {why}")
    return Finding(fates.total(), tuple(breaks), ", ".join(f"{n:,} {name}" for name, n in sorted(fates.items())))


def alarms_told(soak: Soak) -> Finding:
    """Each spell has its alarm and its end on record, unless who knew of it was killed; no alarm is without cause."""
    breaks, checked = [], 0
    for run in soak.log.runs:
        camera = soak.cameras.get(run.camera)
        if camera is None or camera.gige:
            continue
        alarms = alarms_in(soak, run)
        spells = list(_passed(camera, run))
        checked += len(spells) + len(alarms)
        breaks += [f"{run.camera} run {run.run}: {said}" for said in _untold(soak, camera, run, alarms)]
        breaks += [f"{run.camera} run {run.run}: {said}" for said in _endless(soak, camera, run, alarms)]
        breaks += [f"{run.camera} run {run.run}: {said}" for said in _causeless(soak, camera, run, alarms)]
    return Finding(checked, tuple(breaks))


def alarms_in(soak: Soak, run: Run) -> list[Alarm]:
    """In the order in which they were told."""
    alarms: list[Alarm] = []
    for event in soak.log.events:
        if (event.camera, event.run, event.kind) != (run.camera, run.run, KIND):
            continue
        said = SAID.fullmatch(event.text)
        if said is None:
            continue
        word, over, frame = said.groups()
        if not over and frame is not None:
            alarms.append(Alarm(word, int(frame)))
        for place in range(len(alarms) - 1, -1, -1) if over else ():
            if alarms[place].word == word and not alarms[place].ended:
                alarms[place] = Alarm(word, alarms[place].began, True, None if frame is None else int(frame))
                break
    return alarms


def _passed(camera: Camera, run: Run) -> Iterator[tuple[Spell, int, int]]:
    """Each spell of the run of which more than the time for its alarm was captured: its frames start <= seq < stop."""
    for spell in camera.spells:
        for start in range(spell.start, run.captured, spell.every):
            stop = start + spell.stop - spell.start
            if min(stop, run.captured) > start + camera.pictures_in(ONSET_S) + SLACK:
                yield spell, start, stop


def _untold(soak: Soak, camera: Camera, run: Run, alarms: list[Alarm]) -> Iterator[str]:
    within = camera.pictures_in(ONSET_S) + SLACK
    for spell, start, _ in _passed(camera, run):
        told = any(a.word == WORDS[spell.what] and start <= a.began <= start + within for a in alarms)
        slow = spell.what == DAMAGED and _slow(soak, camera, run, start, start + within)
        if not told and not slow and not _lost(soak, run, start, start + within):
            yield f"{spell.what} from frame {start} on, and no alarm {WORDS[spell.what]} by frame {start + within}"


def _endless(soak: Soak, camera: Camera, run: Run, alarms: list[Alarm]) -> Iterator[str]:
    """An alarm ends in time after its spell, or when the pictures stop."""
    for alarm in alarms:
        if not alarm.ended and not _lost(soak, run, alarm.began, run.captured - 1):
            yield f"the alarm {alarm.word} of frame {alarm.began} has no end on record"
        for spell, start, stop in _passed(camera, run):
            last = stop + camera.pictures_in(CLEAR_S) + SLACK
            mine = alarm.word == WORDS[spell.what] and start <= alarm.began < stop
            if mine and alarm.cleared is not None and not stop <= alarm.cleared <= last:
                yield f"the alarm {alarm.word} of frame {alarm.began} ended with frame {alarm.cleared}, not by {last}"


def _causeless(soak: Soak, camera: Camera, run: Run, alarms: list[Alarm]) -> Iterator[str]:
    """Damaged single pictures may come so close that they are an alarm, too."""
    for alarm in alarms:
        here = [spell for spell in camera.spells if WORDS[spell.what] == alarm.word and spell.holds(alarm.began)]
        singles = alarm.word == WORDS[DAMAGED] and camera.damaged_share > 0
        if not here and not singles and not soak.disturbed(camera.name, DAMAGING, _when(soak, run, alarm.began)):
            yield f"the alarm {alarm.word} of frame {alarm.began} has no cause"


def _lost(soak: Soak, run: Run, first: int, last: int) -> bool:
    """Whether what was told then may have died on its way: with its capture, with the recorder, or for want of disk."""
    when = (_when(soak, run, first)[0], _when(soak, run, last)[1])
    died = any(soak.journal.away(role, when) for role in (f"capture {run.camera}", "record"))
    return died or soak.journal.excused("evidence", when)


def _slow(soak: Soak, camera: Camera, run: Run, first: int, last: int) -> bool:
    """Whether these pictures came with gaps: of damaged ones a share of a second's is looked at."""
    at_s = soak.captured_s(run.camera, run.run, first, last)
    gaps_s = [after - before for before, after in pairwise(at_s)]
    return len(at_s) <= camera.pictures_in(ONSET_S) or max(gaps_s) * camera.fps > GAP


def _when(soak: Soak, run: Run, seq: int) -> Moment:
    return soak.when(run.camera, run.run, seq)
