"""How the line is, for people: said several times a second, and only the newest counts."""

from __future__ import annotations

import msgspec

from stream.histogram import Histogram
from stream.messages.values import Name, RecipeName


class CameraAlarm(msgspec.Struct, frozen=True):
    """Something is wrong with a camera's pictures."""

    word: str  # readable from afar
    text: str  # in plain words: what it is, what to do


class ClockStatus(msgspec.Struct, frozen=True):
    """How the clock of a camera that says when its pictures were taken stands to this computer's."""

    offset_ms: float  # ahead of this computer's UTC clock, less what its quickest picture took to arrive
    drift_ppm: float  # how much faster it runs
    late_ms: float  # how much longer than the quickest the newest picture took
    late_most_ms: float  # the same, the worst of the last minute
    steps: int  # how often it was set


class CameraStatus(msgspec.Struct, frozen=True, tag="camera_status"):
    """How a camera is, several times a second."""

    camera: str
    run: int
    state: str  # starting | running | retrying | ended | stopping
    text: str  # in plain words, without a password
    captured: int
    fps: float
    waiting: int
    oldest_age_ms: float
    dropped: dict[str, int]
    lost: int
    live: bool
    settled: bool = False  # no further picture will come, and each is accounted for on disk
    alarms: tuple[CameraAlarm, ...] = ()
    clock: ClockStatus | None = None  # None: its pictures do not say when they were taken
    held: int = 0  # slots of its ring that are taken
    copies: bool | None = None  # whether its stream is kept as it comes, for clips; None: not asked for, or not known


class CameraCounts(msgspec.Struct, frozen=True):
    """What the log holds of a camera in this session."""

    camera: str
    captured: int
    good: int
    bad: int
    unknown: int
    dropped: dict[str, int]
    ledger_closed: bool  # no run goes on, and no frame is unaccounted for; so also where there is none
    incidents: int
    lost: int = 0


class IncidentRecord(msgspec.Struct, frozen=True):
    """What a person sees as one defect."""

    camera: str
    run: int
    first_seq: int
    last_seq: int
    worst_seq: int
    worst_score: float
    frames: int  # BAD frames in it
    captured_utc_ns: int  # of the worst frame
    evidence: str | None  # folder of the worst frame's evidence, relative to data_dir
    part: str = ""  # that the worst frame is a picture of


class ChallengeStatus(msgspec.Struct, frozen=True):
    """How the challenges of a camera stand."""

    camera: str
    due_utc_ns: int  # since when one is due; 0: none is
    open: bool  # one is not decided yet
    last_utc_ns: int  # when the last one that ended began; 0: there was none
    last_result: str  # caught | missed | undecided | refused
    counts: dict[str, int] = {}  # by result, of all that the recorder knows


class PartRecord(msgspec.Struct, frozen=True):
    """What became of a part that came before a camera."""

    camera: str
    run: int
    part: str
    first_seq: int  # frames first_seq <= seq < first_seq + frames are of it
    frames: int
    state: str  # GOOD | BAD | UNKNOWN
    told_utc_ns: int


class CameraFigures(msgspec.Struct, frozen=True):
    """Times of a camera's frames, since the recorder began."""

    camera: str
    latency: Histogram  # from capture to verdict
    age: Histogram  # from capture until an inspector has it in hand


class RecorderFigures(msgspec.Struct, frozen=True):
    """What the recorder measures, since it began."""

    recorder: str = ""  # another one has another name, and begins anew
    cameras: tuple[CameraFigures, ...] = ()
    commits: Histogram = Histogram()
    evidence_waiting: int = 0
    disk_free_bytes: int = 0


class LineStatus(msgspec.Struct, frozen=True, tag="line_status"):
    """What the recorder has on disk, several times a second."""

    session: str
    engine: str
    bundle_id: str
    cameras: tuple[CameraCounts, ...]
    incidents: tuple[IncidentRecord, ...]  # the newest of this session, newest first
    latency_p50_ms: float | None
    latency_p99_ms: float | None
    alarms: tuple[str, ...]  # in plain words; empty when all is well
    parts: tuple[PartRecord, ...] = ()  # the newest that are decided, newest first
    commits: bool = True  # whether the disk takes what is recorded
    challenges: tuple[ChallengeStatus, ...] = ()
    figures: RecorderFigures | None = None


class ClipsStatus(msgspec.Struct, frozen=True, tag="clips_status"):
    """How the clips are, from the role that makes them."""

    alarms: tuple[str, ...]  # in plain words; empty when all is well
    made: int  # clips
    left_out: int  # pictures that were not recorded


class RoleStatus(msgspec.Struct, frozen=True):
    """How one process is."""

    role: str  # such as `inspect 1`
    state: str  # starting | running | backing off | finished | stopped
    restarts: int
    text: str


class HouseStatus(msgspec.Struct, frozen=True, tag="house_status"):
    """How the processes of the line are, from the supervisor."""

    roles: tuple[RoleStatus, ...]
    alarms: tuple[str, ...]
    session: Name = ""  # for roles on other hosts
    recipe: RecipeName = ""  # in force; empty: none
