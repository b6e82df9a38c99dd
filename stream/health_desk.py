"""A live camera's health beside its capture: what was learnt of it, its alarms for the page, its events for the log.

The thread that takes the pictures calls `look` and `pause`; any thread may read `alarms`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from detector.regions import bounds
from detector.verdict import Box
from stream.health import Change, Health
from stream.health_words import WORDS
from stream.learnt import Learnt, LearntError, learnt_files, learnt_for
from stream.messages import CameraAlarm
from stream.recipes import shown
from stream.settings import CameraSettings
from stream.sources.source import Picture, SourceError
from stream.sources.table import kind_of

log = logging.getLogger("linewatch")
Tell = Callable[[int, str, str], None]  # run, kind of event, text
RAW_KINDS = ("synthetic", "numbered", "usb", "basler", "genicam", "aravis")  # pixels as the sensor gave them
READ_KINDS = ("file", "folder", "watch")  # pictures that lie there: what they show is what there is to judge
EVENT = "health"
CALIBRATE = "run `python -m stream calibrate` while that is in force; what needs no learning is looked for"


class HealthDesk:
    """The eyes on one camera."""

    def __init__(self, camera: CameraSettings, tell: Tell, learnt: Learnt | None, unlearnt: str = "") -> None:
        """`unlearnt`: why what was learnt of it does not count, in words."""
        raw = kind_of(camera.source) in RAW_KINDS
        self._name = camera.name
        self._tell = tell
        self._health = Health(camera.health, learnt, raw=raw, judged=judged_boxes(camera))
        said = [unlearnt] if unlearnt else []
        if unheard := self._health.unheard:
            said.append(f"{' and '.join(unheard)} cannot be told: `python -m stream calibrate` has not learnt it")
        self._always = (CameraAlarm("NOT CALIBRATED", f"Of this camera, {'; '.join(said)}."),) if said else ()
        self.alarms: tuple[CameraAlarm, ...] = self._always
        for alarm in self._always:
            log.error("%s: %s", camera.name, alarm.text)
            tell(0, EVENT, f"{alarm.word}: {alarm.text}")
        if learnt is not None:
            known = f"watched with what was learnt on {learnt.made_utc} from {learnt.pictures} pictures"
            log.info("%s: %s", camera.name, "; ".join((known, *learnt.not_told)))

    def look(self, picture: Picture, *, run: int, seq: int, now_s: float) -> Picture:
        """The picture, with the reason why it must not be judged where there is one."""
        looked = self._health.look(picture.pixels, problem=picture.problem, pts_s=picture.pts_s, now_s=now_s)
        self._say(looked.changes, run, seq)
        return picture if looked.reason is None else replace(picture, problem=looked.reason)

    def pause(self, *, run: int, now_s: float) -> None:
        """The camera's pictures have stopped."""
        self._say(self._health.pause(now_s), run, None)

    def _say(self, changes: Iterable[Change], run: int, seq: int | None) -> None:
        for change in changes:
            words = WORDS[change.check]
            said = f"{words.word}: {words.text}" if change.began else f"{words.word}: over, {_length(change, seq)}"
            log.warning("%s: %s", self._name, said)
            self._tell(run, EVENT, said if seq is None else f"{said} (frame {seq})")
            standing = (WORDS[name] for name in self._health.standing)
            self.alarms = (*self._always, *(CameraAlarm(words.word, words.text) for words in standing))


def _length(change: Change, seq: int | None) -> str:
    unknown = f", {change.unknown} frames UNKNOWN for it" if change.unknown else ""
    return f"{'the pictures stopped ' if seq is None else ''}after {change.lasted_s:.1f} s{unknown}"


def judged_boxes(camera: CameraSettings) -> tuple[Box, ...]:
    """The parts of its pictures that are judged, roughly; none: the whole."""
    wanted = [camera.region]
    for region in camera.regions:
        polygon = bounds(region.polygon) if region.polygon else None
        inside = region.tiles or region.locate
        wanted.append(region.box or polygon or (inside.box if inside else None))
    return tuple(box for box in wanted if box is not None)


def health_of(camera: CameraSettings, data_dir: Path | None, tell: Tell, recipe: str = "") -> HealthDesk | None:
    """The eyes on a live camera; None for what is read from files, and for an address of no known kind.

    `recipe`: by which the camera is set; empty: none.
    """
    try:
        kind = kind_of(camera.source)
    except SourceError:
        return None
    if not camera.live or kind in READ_KINDS:
        return None
    try:
        learnt = learnt_for(data_dir, camera, recipe) if data_dir is not None else None
    except LearntError as error:
        return HealthDesk(camera, tell, None, f"what was learnt is lost: {error}")
    if learnt is None and data_dir is not None and any(learnt_files(data_dir, camera.name)):
        what = f"{shown(recipe)}, which sets it otherwise" if recipe else "what its `control` says now"
        return HealthDesk(camera, tell, None, f"nothing was learnt for {what}: {CALIBRATE}")
    return HealthDesk(camera, tell, learnt)
