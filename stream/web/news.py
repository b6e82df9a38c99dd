"""What is told to listeners, made of what the roles say: verdicts without pictures, incidents, alarms, status. Pure."""

from __future__ import annotations

import msgspec

from stream.messages import IncidentRecord, Judged
from stream.searching_times import iso
from stream.web.listeners import Listeners
from stream.web.talk import PageStatus

STATUS_EVERY_S = 1.0


class LiveVerdict(msgspec.Struct, frozen=True):
    """A frame that was judged."""

    camera: str
    run: int
    seq: int
    state: str
    score: float | None
    reason: str | None
    defects: int
    utc_ns: int  # when it was captured
    utc: str
    latency_ms: float  # from capture to verdict
    bundle: str
    part: str
    skipped: int = 0  # frames of this camera that were judged since the one before, and that this listener missed


class LiveIncident(msgspec.Struct, frozen=True):
    """An incident that began or went on."""

    incident: IncidentRecord
    utc: str


class LiveAlarm(msgspec.Struct, frozen=True):
    """An alarm that came or went."""

    text: str
    on: bool


class News:
    """What has been told, so that only what is new is told again."""

    def __init__(self, listeners: Listeners) -> None:
        self._listeners = listeners
        self._incidents: frozenset[IncidentRecord] | None = None
        self._alarms: tuple[str, ...] = ()
        self._status_at_s = 0.0

    def judged(self, judged: Judged) -> None:
        self._listeners.tell("verdict", judged.frame.camera, live_verdict(judged))

    def line(self, status: PageStatus, incidents: tuple[IncidentRecord, ...], now_s: float) -> None:
        """How the line is now; the status itself is told once a second."""
        self._tell_incidents(incidents)
        alarms = alarms_in(status)
        for text in dict.fromkeys((*self._alarms, *alarms)):
            if (text in alarms) != (text in self._alarms):
                self._listeners.tell("alarm", "", LiveAlarm(text, text in alarms))
        self._alarms = alarms
        if now_s - self._status_at_s >= STATUS_EVERY_S:
            self._status_at_s = now_s
            self._listeners.tell_listeners("status", lambda: status)

    def _tell_incidents(self, incidents: tuple[IncidentRecord, ...]) -> None:
        """Those that the page knows when it comes up are no news."""
        if self._incidents is not None:
            for incident in reversed(incidents):
                if incident not in self._incidents:
                    self._listeners.tell("incident", "", LiveIncident(incident, iso(incident.captured_utc_ns)))
        if incidents or self._incidents is not None:
            self._incidents = frozenset(incidents)


def alarms_in(status: PageStatus) -> tuple[str, ...]:
    """All that is wrong, in plain words: of the line, and of each camera."""
    cameras = (f"{camera.name}: {alarm.text}" for camera in status.cameras for alarm in camera.alarms)
    return tuple(dict.fromkeys((*status.alarms, *cameras)))


def live_verdict(judged: Judged) -> LiveVerdict:
    """What is said of a judged frame."""
    frame, verdict = judged.frame, judged.verdict
    return LiveVerdict(
        camera=frame.camera,
        run=frame.run,
        seq=frame.seq,
        state=verdict.state,
        score=verdict.score,
        reason=verdict.reason,
        defects=len(verdict.defects),
        utc_ns=frame.captured_utc_ns,
        utc=iso(frame.captured_utc_ns),
        latency_ms=max(0.0, (judged.judged_mono_ns - frame.captured_mono_ns) / 1e6),
        bundle=verdict.bundle_id,
        part=frame.part,
    )
