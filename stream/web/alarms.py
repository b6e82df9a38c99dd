"""Which alarms stand, since when, and who knows of them. Pure: it is told the time.

An alarm is the same as long as it says the same of the same camera; how often and for how long is not part of it. One
that has gone and comes again is a new one, and nobody knows of it yet.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import msgspec
from msgspec.structs import replace

from stream.lost import Lost
from stream.web.talk import AlarmState, PageStatus

GONE_S = 2.0  # an alarm that is not told for so long has gone; a role that is started again may flicker
STARTING_S = 10.0  # after the page has started: the line may not have told it all yet
STANDING_MAX = 256
# Without the reason, which changes from try to try: that stands over the camera's picture.
LOST_TEXT = (
    "It gives no pictures, so nothing of it is inspected. It is tried again; the reason stands over its picture."
)
# What counts up while an alarm stands: `12 s`, `3 times`. Numbers in names (`inspect 2`) are names.
_COUNTS = re.compile(
    r"\b[0-9][0-9.,]*(?= ?(?:%|(?:s|ms|min|h|MB|GB|times|frames|pictures|verdicts|BAD|parts|in a row)\b))"
)


@dataclass(frozen=True)
class Identity:
    """By which an alarm is known."""

    camera: str
    words: str


class Kept(msgspec.Struct, frozen=True):
    """An alarm that stood, as a page that is started again finds it."""

    camera: str
    words: str
    since_utc_ns: int


class Acknowledged(msgspec.Struct, frozen=True):
    """What the log says of an acknowledgement."""

    camera: str
    text: str
    who: str
    utc_ns: int


def identity(text: str, camera: str) -> Identity:
    return Identity(camera, _COUNTS.sub("…", text))


class AlarmBook:
    """The alarms that stand now."""

    def __init__(self, kept: Iterable[Kept] = (), now_s: float = 0.0) -> None:
        self.changes = 0  # counts what must be kept
        self._states: dict[Identity, AlarmState] = {}
        self._told_s: dict[Identity, float] = {}
        self._lost = Lost()
        for one in kept:
            known = Identity(one.camera, one.words)
            self._states[known] = AlarmState(one.words, one.camera, one.since_utc_ns, words=one.words)
            self._told_s[known] = now_s + STARTING_S - GONE_S

    def see(self, status: PageStatus, now_s: float, now_utc_ns: int) -> tuple[AlarmState, ...]:
        """All that stand now, the longest standing first. `now_s` by the monotonic clock."""
        lost = self._lost.see(((camera.name, camera.state) for camera in status.cameras), now_s)
        telling = [*told(status), *((LOST_TEXT, camera) for camera in lost)]
        now = {identity(text, camera): text for text, camera in telling[:STANDING_MAX]}
        for known, text in now.items():
            before = self._states.get(known)
            self.changes += before is None
            self._told_s[known] = now_s
            self._states[known] = (
                replace(before, text=text) if before else AlarmState(text, known.camera, now_utc_ns, words=known.words)
            )
        for known in [one for one, told_s in self._told_s.items() if now_s > told_s + GONE_S]:
            del self._told_s[known], self._states[known]
            self.changes += 1
        return tuple(sorted((self._states[known] for known in now), key=lambda state: state.since_utc_ns))

    def standing(self, text: str, camera: str | None) -> tuple[AlarmState, ...]:
        """The alarms that say so; of any camera where none is named."""
        return tuple(
            state
            for known, state in self._states.items()
            if known.words == identity(text, "").words and camera in (None, known.camera)
        )

    def acknowledge(self, done: Acknowledged) -> bool:
        """Whether it was of an alarm that stands, and stood already then; the first to acknowledge is named."""
        known = identity(done.text, done.camera)
        state = self._states.get(known)
        if state is None or state.acknowledged_by or done.utc_ns < state.since_utc_ns:
            return False
        self._states[known] = replace(state, acknowledged_by=done.who, acknowledged_utc_ns=done.utc_ns)
        return True

    def kept(self) -> tuple[Kept, ...]:
        """What a page that is started again needs."""
        return tuple(Kept(k.camera, k.words, state.since_utc_ns) for k, state in self._states.items())


def told(status: PageStatus) -> list[tuple[str, str]]:
    """Text and camera of each alarm that the status tells."""
    of_cameras = [(alarm.text, camera.name) for camera in status.cameras for alarm in camera.alarms]
    return [*((text, "") for text in status.alarms), *of_cameras]
