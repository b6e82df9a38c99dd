"""What travels between the roles: frozen, typed, small. Knows neither its bytes (wire.py) nor any socket (links.py).

A frame is named for ever by `(camera, run, seq)`. Pixels never travel here: a `FrameRef` says in which slot of which
ring they lie, and with which sequence number, so that a reader can tell a picture from its successor.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

Count = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]  # fits into a column of the log
Pixels = Annotated[int, msgspec.Meta(ge=1, le=1 << 16)]
Share = Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]  # never NaN
Length = Annotated[float, msgspec.Meta(ge=0.0, le=1e9)]  # never NaN or infinite
Word = Annotated[str, msgspec.Meta(pattern=r"\A(GOOD|BAD|UNKNOWN)\Z")]


class Key(msgspec.Struct, frozen=True, array_like=True, order=True):
    """The name of a frame within its camera."""

    run: Count
    seq: Count


class FrameRef(msgspec.Struct, frozen=True):
    """A frame and where its pixels lie."""

    camera: str
    run: Count
    seq: Count
    captured_mono_ns: Count
    captured_utc_ns: Count
    pts_s: float | None  # the source's own time of the picture
    host: str
    boot_id: str
    ring: str  # file name of the ring, in the runtime folder
    slot: Count
    lock: Count  # the slot's sequence number while it holds this picture
    height: Pixels
    width: Pixels
    attempt: Count = 1  # 1 for the first inspector that gets it
    problem: str | None = None  # must not be judged: UNKNOWN, with this reason
    deadline_ms: float | None = None  # judged later than this after capture is UNKNOWN

    @property
    def key(self) -> Key:
        return Key(self.run, self.seq)


class DefectRecord(msgspec.Struct, frozen=True):
    """A defect as it travels and as it is kept: box half open, in pixels of the frame."""

    kind: str
    score: Share
    box: tuple[Count, Count, Count, Count]
    area_px: Count
    length_px: Length
    width_px: Length


class PackedMask(msgspec.Struct, frozen=True):
    """A binary mask, cropped to `box` of the frame, one bit a pixel, deflated (see wire.pack_mask)."""

    box: tuple[Count, Count, Count, Count]
    bits: bytes


class VerdictRecord(msgspec.Struct, frozen=True):
    """A verdict as it travels and as it is kept."""

    state: Word
    score: Share | None
    reason: str | None
    defects: tuple[DefectRecord, ...]
    mask: PackedMask | None
    mask_sha256: str
    bundle_id: str
    settings_id: str
    stages_ms: tuple[float, float, float, float]  # preprocess, classify, segment, postprocess


# --- inspector and capture -------------------------------------------------------------------------------------------


class Ask(msgspec.Struct, frozen=True, tag="ask"):
    """An inspector asks for at most `credits` frames, and says which it has judged since it last asked."""

    inspector: str
    pid: int
    credits: int
    judged: tuple[Key, ...] = ()


class Waiting(msgspec.Struct, frozen=True, tag="waiting"):
    """A capture says how much waits in its ring."""

    camera: str
    count: int
    oldest_mono_ns: int  # 0 where nothing waits
    live: bool


class Lease(msgspec.Struct, frozen=True, tag="lease"):
    """Frames handed to the inspector that asked; none if another was faster."""

    frames: tuple[FrameRef, ...]
    waiting: Waiting


# --- inspector, recorder, display ------------------------------------------------------------------------------------


class InspectorUp(msgspec.Struct, frozen=True, tag="inspector_up"):
    """An inspector has passed its golden samples, and judges."""

    inspector: str
    pid: int
    engine: str
    bundle_id: str


class Judged(msgspec.Struct, frozen=True, tag="judged"):
    """A verdict on a frame: to the recorder, who acknowledges it, and to the display, who may miss it."""

    inspector: str
    frame: FrameRef
    verdict: VerdictRecord
    judged_mono_ns: Count


class Recorded(msgspec.Struct, frozen=True, tag="recorded"):
    """These verdicts are on disk."""

    camera: str
    keys: tuple[Key, ...]


# --- capture and recorder --------------------------------------------------------------------------------------------


class Outcome(msgspec.Struct, frozen=True):
    """What became of the frames start <= seq < stop where capture decides: dropped:REASON, or UNKNOWN with a reason."""

    start: Count
    stop: Count
    outcome: str
    reason: str | None = None  # of UNKNOWN


class Report(msgspec.Struct, frozen=True, tag="report"):
    """A capture's account of one run; acknowledged by its serial, and sent again until it is."""

    camera: str
    run: Count
    serial: Count
    session: str
    source: str  # without its password
    live: bool
    captured: Count
    lost: Count  # lost before capture, by the camera's own counter or time
    expired: Count  # leases given back because an inspector died or was silent
    outcomes: tuple[Outcome, ...]
    pending: tuple[Key, ...]  # frames of this run that have waited long for the recorder's release
    ended: bool
    note: str = ""  # in plain words, for people: why the run ended


class Reported(msgspec.Struct, frozen=True, tag="reported"):
    """A report is on disk."""

    camera: str
    run: int
    serial: int
    recorder: str  # changes when a recorder starts anew: what waited in its memory is gone


class Release(msgspec.Struct, frozen=True, tag="release"):
    """The recorder needs the pixels of these frames no more.

    `committed` False means that the disk refuses: the verdict waits in the recorder's memory alone.
    """

    camera: str
    keys: tuple[Key, ...]
    committed: bool = True


class Recall(msgspec.Struct, frozen=True, tag="recall"):
    """A capture that goes on with a run asks what the log has of it."""

    camera: str
    run: Count


class Known(msgspec.Struct, frozen=True, tag="known"):
    """The log's answer: the half-open intervals of seq whose outcome is on disk."""

    camera: str
    run: Count
    intervals: tuple[tuple[Count, Count], ...]


class Event(msgspec.Struct, frozen=True, tag="event"):
    """Something a person should be able to read later: a gap, a restart, a refusal."""

    camera: str  # empty: the whole line
    run: Count  # 0: no run
    kind: str
    text: str
    utc_ns: Count


# --- for people: newest only -----------------------------------------------------------------------------------------


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


class CameraCounts(msgspec.Struct, frozen=True):
    """What the log holds of a camera in this session."""

    camera: str
    captured: int
    good: int
    bad: int
    unknown: int
    dropped: dict[str, int]
    ledger_closed: bool
    incidents: int


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


# --- the control socket ----------------------------------------------------------------------------------------------


class Command(msgspec.Struct, frozen=True, tag="command"):
    """A person's wish to the supervisor: status | stop | promote (take the bundle that is live now)."""

    name: str
    who: str


class Answer(msgspec.Struct, frozen=True, tag="answer"):
    """The supervisor's answer, in plain words, with the state of the house."""

    ok: bool
    text: str
    house: HouseStatus | None = None


Message = (
    Ask
    | Waiting
    | Lease
    | InspectorUp
    | Judged
    | Recorded
    | Report
    | Reported
    | Release
    | Recall
    | Known
    | Event
    | CameraStatus
    | LineStatus
    | HouseStatus
    | Command
    | Answer
)
