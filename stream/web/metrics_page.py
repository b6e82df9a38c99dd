"""What /metrics says: the page's own status, in families of samples. Pure but for what it remembers.

Labels are names from the settings and words of this code, never what a stranger or a part is called: so their number is
bounded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from stream.exposition import Family, Sample, Times, text_of
from stream.histogram import Histogram
from stream.messages import CameraStatus, ChallengeStatus, RecorderFigures
from stream.monotone import Monotone
from stream.web.talk import CameraView, PageStatus

REASONS_MAX = 32  # of dropped frames, of one camera, that are told apart
STATES = ("good", "bad", "unknown")
UP = ("running", "waiting")  # states of a camera whose pictures come, or would
NOBODY = RecorderFigures()


class Seen:
    """What the metrics are made of, at one moment."""

    def __init__(
        self,
        status: PageStatus,
        cameras: dict[str, CameraStatus],
        slots: dict[str, int],
        figures: RecorderFigures | None,
        challenges: tuple[ChallengeStatus, ...],
    ) -> None:
        """`slots`: of each camera's ring; `figures` None: the recorder has said nothing yet."""
        self.status = status
        self.cameras = cameras
        self.slots = slots
        self.figures = figures or NOBODY
        self.challenges = challenges


class MetricsPage:
    """The page; one for a process, for its counters never go back."""

    def __init__(self) -> None:
        self._kept = Monotone()

    def text(self, seen: Seen) -> str:
        """All of it."""
        return text_of([*self._line(seen), *self._cameras(seen), *self._recorder(seen), *self._challenges(seen)])

    def _line(self, seen: Seen) -> Iterator[Family]:
        s = seen.status
        about = {"line": s.line, "engine": s.engine, "bundle": s.bundle_id, "recipe": s.recipe}
        yield _gauge("info", "What judges, and by which recipe", [Sample(1, about)])
        yield _gauge("recorder_up", "1: the recorder is heard, and its disk takes what it writes", [Sample(s.records)])
        alarms = max(len(s.alarm_states), len(s.alarms) + sum(len(camera.alarms) for camera in s.cameras))
        yield _gauge("alarms", "Alarms that stand", [Sample(alarms)])
        unheard = sum(not alarm.acknowledged_by for alarm in s.alarm_states)
        yield _gauge("alarms_unacknowledged", "Alarms that nobody has acknowledged", [Sample(unheard)])
        up = [Sample(role.state == "running", {"role": role.role}) for role in s.roles]
        yield _gauge("role_up", "1: the process runs", up)
        restarts = [
            Sample(self._kept.kept(("restarts", role.role), max(0, role.restarts)), {"role": role.role})
            for role in s.roles
        ]
        yield _counter("role_restarts_total", "How often a process died or hung and was started again", restarts)
        yield _gauge("viewers", "Pages that are open", [Sample(s.page.viewers)])
        refused = [
            Sample(self._kept.kept(("refused", kind), n), {"kind": kind}) for kind, n in s.page.turned_away.items()
        ]
        yield _counter("requests_refused_total", "Requests that the page refused", refused)

    def _cameras(self, seen: Seen) -> Iterator[Family]:
        views = seen.status.cameras
        yield self._counts("frames_captured_total", "Frames that were captured", views, "captured")
        verdicts = [
            Sample(self._kept.kept(("verdict", v.name, state), getattr(v, state)), {**_of(v), "state": state.upper()})
            for v in views
            for state in STATES
        ]
        yield _counter("verdicts_total", "Frames that were judged", verdicts)
        dropped = [
            Sample(self._kept.kept(("dropped", v.name, reason), n), {**_of(v), "reason": reason})
            for v in views
            for reason, n in few(v.dropped)
        ]
        yield _counter("frames_dropped_total", "Frames that were captured and not judged", dropped)
        yield self._counts("frames_lost_total", "Frames lost before capture, by the camera's own count", views, "lost")
        yield self._counts("incidents_total", "Incidents of this session", views, "incidents")
        yield _gauge("camera_up", "1: the camera gives pictures, or waits for its trigger", _each(views, _is_up))
        yield _gauge("camera_frames_per_second", "Frames per second", _each(views, lambda v: v.fps))
        closed = _each(views, lambda v: v.ledger_closed)
        yield _gauge("ledger_closed", "1: no run goes on, and no frame is unaccounted for", closed)
        yield _gauge("queue_frames", "Frames that wait for an inspector", _each(views, lambda v: v.waiting))
        said = [(name, one) for name, one in seen.cameras.items() if name in seen.slots]
        ages = [Sample(one.oldest_age_ms / 1000, {"camera": name}) for name, one in said]
        yield _gauge("queue_oldest_age_seconds", "How long the oldest of them has waited", ages)
        slots = [Sample(n, {"camera": name}) for name, n in seen.slots.items()]
        yield _gauge("ring_slots", "Pictures that the ring in shared memory holds", slots)
        held = [Sample(one.held, {"camera": name}) for name, one in said]
        yield _gauge("ring_slots_held", "Of those, the ones that are taken", held)

    def _recorder(self, seen: Seen) -> Iterator[Family | Times]:
        figures = seen.figures
        if not figures.recorder:
            return
        of = [one for one in figures.cameras if one.camera in seen.slots]
        latency = [(self._summed("latency", one.camera, figures, one.latency), {"camera": one.camera}) for one in of]
        yield Times("linewatch_latency_seconds", "From capture to verdict", tuple(latency))
        age = [(self._summed("age", one.camera, figures, one.age), {"camera": one.camera}) for one in of]
        yield Times("linewatch_age_seconds", "From capture until an inspector has it in hand", tuple(age))
        commits = self._summed("commit", "", figures, figures.commits)
        yield Times("linewatch_commit_seconds", "How long a commit of the log took", ((commits, {}),))
        waiting = [Sample(figures.evidence_waiting)]
        yield _gauge("evidence_waiting", "BAD frames whose pictures wait to be written", waiting)
        free = [Sample(figures.disk_free_bytes)]
        yield _gauge("disk_free_bytes", "Free room on the disk of the log", free)

    def _challenges(self, seen: Seen) -> Iterator[Family]:
        known = [one for one in seen.challenges if one.camera in seen.slots]
        results = [
            Sample(self._kept.kept(("challenge", c.camera, result), n), {"camera": c.camera, "result": result})
            for c in known
            for result, n in c.counts.items()
        ]
        yield _counter("challenges_total", "Challenges, by what came of them", results)
        due = [Sample(c.due_utc_ns / 1e9, {"camera": c.camera}) for c in known]
        yield _gauge("challenge_due_timestamp_seconds", "Since when a challenge is due; 0: none is", due)
        last = [Sample(c.last_utc_ns / 1e9, {"camera": c.camera}) for c in known]
        yield _gauge("challenge_last_timestamp_seconds", "When the last one that ended began; 0: never", last)

    def _counts(self, name: str, says: str, views: Iterable[CameraView], field: str) -> Family:
        samples = [Sample(self._kept.kept((field, view.name), getattr(view, field)), _of(view)) for view in views]
        return _counter(name, says, samples)

    def _summed(self, what: str, camera: str, figures: RecorderFigures, histogram: Histogram) -> Histogram:
        return self._kept.summed((what, camera), figures.recorder, histogram)


def few(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    """By name; past REASONS_MAX those that come last are told as one."""
    ordered = sorted(counts.items())
    rest = sum(n for _, n in ordered[REASONS_MAX:])
    return [*ordered[:REASONS_MAX], *([("other", rest)] if len(ordered) > REASONS_MAX else [])]


def _of(view: CameraView) -> dict[str, str]:
    return {"camera": view.name}


def _each(views: Iterable[CameraView], value: Callable[[CameraView], float]) -> list[Sample]:
    return [Sample(value(view), _of(view)) for view in views]


def _is_up(view: CameraView) -> bool:
    return view.state in UP


def _gauge(name: str, says: str, samples: Iterable[Sample]) -> Family:
    return Family(f"linewatch_{name}", "gauge", says, tuple(samples))


def _counter(name: str, says: str, samples: Iterable[Sample]) -> Family:
    return Family(f"linewatch_{name}", "counter", says, tuple(samples))
