"""Whether a camera's pictures are fit to be judged: frozen, black, blinded, blurred, moved, flickering, damaged. Pure.

Looks at each picture in order and says which fault began or ended with it, and whether the picture is UNKNOWN for it.
The first fault that is found veils those behind it in CHECKS: a black picture is the same as the one before, too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from detector.verdict import Box
from stream import health_checks as checks
from stream.glimpse import Glimpse
from stream.health_words import WORDS
from stream.learnt import Learnt
from stream.onset import Onset
from stream.settings import HealthSettings
from stream.standing import Moved

FLICKER_MOST = 0.15  # where it is asked for and nothing was learnt: a sixth brighter or darker from picture to picture
LASTING = frozenset({"focus", "moved", "flicker"})  # told by several pictures: all of them are UNKNOWN until it ends
AT_ONCE = frozenset({"size"})  # a region may judge something else from the first such picture on


@dataclass(frozen=True)
class Change:
    """An alarm that began or ended."""

    check: str  # a key of health_words.WORDS
    began: bool
    lasted_s: float = 0.0
    unknown: int = 0  # pictures that were UNKNOWN for it


@dataclass(frozen=True)
class Looked:
    """What is said of one picture."""

    reason: str | None  # it must not be judged, for this
    changes: tuple[Change, ...]


Make = Callable[[HealthSettings, "Learnt | None", bool], "checks.Check | None"]


def _size(wanted: HealthSettings, learnt: Learnt | None, _: bool) -> checks.Check | None:
    usual = f"{learnt.width}x{learnt.height}" if learnt else None
    return checks.Size(usual) if usual or wanted.size == "on" else None


def _flicker(wanted: HealthSettings, learnt: Learnt | None, _: bool) -> checks.Check | None:
    most = learnt.flicker_most if learnt else None
    if most is None and wanted.flicker == "on":
        most = FLICKER_MOST
    return checks.Flicker(most) if most else None


def _black(wanted: HealthSettings, learnt: Learnt | None, _: bool) -> checks.Check | None:
    least = learnt.level_least if learnt else None
    return checks.Black(least) if learnt is None or least is not None or wanted.black == "on" else None


def _blinded(wanted: HealthSettings, learnt: Learnt | None, _: bool) -> checks.Check | None:
    most = learnt.burnt_most if learnt else None
    return checks.Blinded(most) if learnt is None or most is not None or wanted.blinded == "on" else None


def _frozen(wanted: HealthSettings, learnt: Learnt | None, raw: bool) -> checks.Check | None:
    if not raw:
        return checks.FrozenTime()
    return checks.FrozenPixels(noisy=wanted.frozen == "on" or bool(learnt and learnt.noisy))


def _focus(_: HealthSettings, learnt: Learnt | None, __: bool) -> checks.Check | None:
    return checks.Focus(learnt.sharpness_least) if learnt and learnt.sharpness_least else None


def _moved(_: HealthSettings, learnt: Learnt | None, __: bool) -> checks.Check | None:
    return Moved(learnt.standing) if learnt and learnt.standing else None


CHECKS: Mapping[str, Make] = {
    "size": _size,
    "flicker": _flicker,
    "black": _black,
    "blinded": _blinded,
    "frozen": _frozen,
    "focus": _focus,
    "moved": _moved,
}


class Health:
    """All checks of one camera. `raw`: its pictures were never compressed. `judged`: as of Glimpse."""

    def __init__(
        self, wanted: HealthSettings, learnt: Learnt | None, *, raw: bool, judged: tuple[Box, ...] = ()
    ) -> None:
        made = {name: make(wanted, learnt, raw) for name, make in CHECKS.items() if getattr(wanted, name) != "off"}
        self._checks = {name: check for name, check in made.items() if check is not None}
        self._wanted, self._judged = wanted, judged
        self._damaged = checks.Damaged() if wanted.corrupt != "off" else None
        self._alarms = {name: Onset() for name in ("corrupt", *self._checks)}
        self._unknown = dict.fromkeys(self._alarms, 0)

    @property
    def asked(self) -> tuple[str, ...]:
        """What is looked for."""
        return tuple(self._alarms if self._damaged else self._checks)

    @property
    def unheard(self) -> tuple[str, ...]:
        """What is on, and cannot be looked for: it needs learning, and nothing was learnt."""
        return tuple(name for name in CHECKS if name not in self._checks and getattr(self._wanted, name) == "on")

    @property
    def standing(self) -> tuple[str, ...]:
        """The alarms that stand now."""
        return tuple(name for name, alarm in self._alarms.items() if alarm.standing)

    def look(self, pixels: np.ndarray, *, problem: str | None, pts_s: float | None, now_s: float) -> Looked:
        """One more picture (H, W, 3) BGR uint8, `now_s` when it came, by a clock that never goes back."""
        signs: dict[str, bool | None] = {}
        if self._damaged:
            signs["corrupt"] = self._damaged.step(problem is not None, now_s)
        if problem is None:
            signs |= self._asked(Glimpse(pixels, self._judged), pts_s, now_s)
        began = [self._step(name, sign, now_s) for name, sign in signs.items()]
        reason = None if problem is not None else self._reason(signs)
        return Looked(reason, tuple(change for change in began if change is not None))

    def pause(self, now_s: float) -> tuple[Change, ...]:
        """The pictures have stopped: what is known of them tells nothing of the next ones."""
        ended = tuple(Change(n, False, now_s - self._alarms[n].turned_s, self._unknown[n]) for n in self.standing)
        for check in (*self._checks.values(), *([self._damaged] if self._damaged else ())):
            check.reset()
        for alarm in self._alarms.values():
            alarm.reset()
        return ended

    def _asked(self, seen: Glimpse, pts_s: float | None, now_s: float) -> dict[str, bool | None]:
        signs: dict[str, bool | None] = {}
        for name, check in self._checks.items():
            if isinstance(check, checks.FrozenTime):
                check.pts_s = pts_s
            signs[name] = check.wrong(seen, now_s)
            if signs[name]:
                break
        return signs

    def _step(self, name: str, sign: bool | None, now_s: float) -> Change | None:
        alarm = self._alarms[name]
        since_s = alarm.turned_s
        if not alarm.step(sign, now_s):
            return None
        if alarm.standing:
            self._unknown[name] = 0
            return Change(name, True)
        return Change(name, False, alarm.turned_s - since_s, self._unknown[name])

    def _reason(self, signs: Mapping[str, bool | None]) -> str | None:
        """Why this picture must not be judged; of several reasons the first."""
        for name in self._checks:
            if (name in AT_ONCE and signs.get(name)) or (
                self._alarms[name].standing and (name in LASTING or signs.get(name))
            ):
                self._unknown[name] += 1
                return WORDS[name].reason
        return None
