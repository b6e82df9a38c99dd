"""The alarms above all cameras in the window: which stand there, in which order, and how they look. Pure.

The page has the same words in JavaScript (static/alarms.js); tests/test_same_rules.py asks both of them the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from stream.desktop.lettering import lines_of, width_of, write
from stream.web.talk import AlarmState, PageStatus

GROUND, KNOWN_GROUND, INK = (30, 30, 200), (47, 42, 38), (255, 255, 255)  # BGR
BAR_PX, EDGE_PX, SIDE_PX = 44, 8, 18
LARGE, SMALL = 20, 15  # letters; small ones have room for two lines
SHOWN_MOST = 3


@dataclass(frozen=True)
class Alarm:
    """One as it is to be seen."""

    text: str
    who: str = ""  # knows of it; empty: nobody has acknowledged it

    @property
    def words(self) -> str:
        return f"{self.text} (acknowledged by {self.who})" if self.who else self.text


def alarms_in(status: PageStatus) -> tuple[Alarm, ...]:
    """What the line says of its alarms, those that nobody has acknowledged first."""
    known = {state.text for state in status.alarm_states if not state.camera}
    bare = (AlarmState(text, "", 0) for text in status.alarms if text not in known)
    found: dict[tuple[str, str], Alarm] = {}
    for state in (*status.alarm_states, *bare):
        words = (f"{state.camera}:" if state.camera else "", _word(status, state), state.text)
        told = Alarm(" ".join(word for word in words if word), state.acknowledged_by)
        found.setdefault((state.camera, state.words or state.text), told)
    return tuple(sorted(found.values(), key=lambda alarm: bool(alarm.who)))


def _word(status: PageStatus, state: AlarmState) -> str:
    """What is wrong with the camera's pictures, in a word, where it is that."""
    of = (camera.alarms for camera in status.cameras if camera.name == state.camera)
    return next((f"{one.word}." for alarms in of for one in alarms if one.text == state.text), "")


def draw_alarms(drawn: np.ndarray, alarms: Sequence[Alarm]) -> int:
    """A bar each at the head of the picture (H, W, 3) BGR, the last of many a number; returns how high they are."""
    top = 0
    for alarm in _shown(alarms):
        if top + BAR_PX >= drawn.shape[0]:
            break
        _draw(drawn[top : top + BAR_PX], alarm)
        top += BAR_PX
    return top


def _shown(alarms: Sequence[Alarm]) -> Iterable[Alarm]:
    if len(alarms) <= SHOWN_MOST:
        return alarms
    hidden = alarms[SHOWN_MOST - 1 :]
    who = hidden[0].who  # those that nobody knows of stand first
    return (*alarms[: SHOWN_MOST - 1], Alarm(f"and {len(hidden)} more alarms; the page lists them all", who))


def _draw(bar: np.ndarray, alarm: Alarm) -> None:
    bar[:] = KNOWN_GROUND if alarm.who else GROUND
    bar[:, :EDGE_PX] = GROUND
    bar[-1:] = 0  # told apart from the next
    width = bar.shape[1] - 2 * SIDE_PX
    if width_of(alarm.words, LARGE) <= width:
        write(bar, alarm.words, LARGE, INK, SIDE_PX)
        return
    for number, line in enumerate(lines_of(alarm.words, SMALL, width, 2)):
        write(bar[number * BAR_PX // 2 : (number + 1) * BAR_PX // 2], line, SMALL, INK, SIDE_PX)
