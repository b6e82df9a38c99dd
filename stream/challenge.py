"""Challenges: what is known to be bad must be caught. The words of it, when one is due, what came of it. Pure.

A challenge is two acts in the log: somebody, or the line itself, begins it (`Wish`), and its outcome follows
(`Outcome`), in the transaction that brings the verdict. So whoever dies in between, the next recorder finds it open.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Annotated

import msgspec

from stream.messages import Act, DefectRecord, PartName
from stream.settings import ChallengeSettings
from stream.shifts import Shift

KIND = "challenge"
NAME = re.compile(r"[A-Za-z0-9_-]{1,32}")  # of a camera
ID_MAX = 160  # of an act that begins one: the outcome's is longer, and must not be refused
OUTCOME_ID = "outcome of "  # before the id of the act that began it
CAUGHT, MISSED, UNDECIDED, REFUSED = "caught", "missed", "undecided", "refused"
RESULTS = {"BAD": CAUGHT, "GOOD": MISSED}  # of a verdict; any other is UNDECIDED
OVERDUE_S = 3600.0  # so long after one fell due it is an alarm
AGAIN_S = 600.0  # the line itself tries no sooner again
WITHIN_MAX_S = 86_400.0
NEXT_WITHIN_MAX_S = 600.0  # where no parts are told: whatever begins next is taken for the known-bad part
SECOND_NS = 1_000_000_000

Within = Annotated[float, msgspec.Meta(ge=1, le=WITHIN_MAX_S)]
What = Annotated[str, msgspec.Meta(pattern=r"\A(picture|part)\Z")]


class Wish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What shall be caught: a stored picture, or the next part; `new` of the act that begins a challenge, as JSON."""

    what: What = "picture"
    part: PartName = ""  # of a known-bad part where parts are announced; empty: the next one
    within_s: Within = 60.0  # a known-bad part comes before the camera


class Outcome(msgspec.Struct, frozen=True):
    """What came of a challenge; `new` of the act that ends it, as JSON."""

    camera: str
    result: str  # caught | missed | undecided | refused
    said: str  # in plain words
    what: str  # picture | part
    name: str = ""  # of the picture or the part
    begun_utc_ns: int = 0
    begun_by: str = ""
    state: str = ""  # of the verdict: GOOD | BAD | UNKNOWN; empty: there is none
    score: float | None = None
    bundle: str = ""
    settings: str = ""


@dataclass(frozen=True)
class Begun:
    """A challenge without an outcome."""

    id: str  # of the act that began it
    camera: str
    wish: Wish
    utc_ns: int
    who: str

    @property
    def run(self) -> int:
        """That a stored picture gets: the microsecond at which it was asked for."""
        return self.utc_ns // 1000

    def until_ns(self, deadline_s: float) -> int:
        """When it is undecided; a part has its time to come before the camera, and that to be judged."""
        wait_s = deadline_s if self.wish.what == "picture" else self.wish.within_s + deadline_s
        return self.utc_ns + round(wait_s * SECOND_NS)


def begun_by(act: Act) -> Begun | None:
    """The challenge that an act begins; None where it is another kind of act."""
    if act.kind != KIND or act.id.startswith(OUTCOME_ID) or len(act.id) > ID_MAX or not NAME.fullmatch(act.subject):
        return None
    try:
        wish = msgspec.json.decode(act.new, type=Wish)
    except (msgspec.DecodeError, RecursionError):
        return None
    return Begun(act.id, act.subject, wish, act.utc_ns, act.who)


def outcome_in(act: Act) -> Outcome | None:
    """The outcome that an act tells; None where it is another kind of act."""
    if act.kind != KIND or act.role != "system" or not act.id.startswith(OUTCOME_ID):
        return None
    try:
        return msgspec.json.decode(act.new, type=Outcome)
    except (msgspec.DecodeError, RecursionError):
        return None


class _Result(msgspec.Struct):
    result: str


def says_caught(new: object) -> bool:
    """Whether `new` of an act that ends a challenge says that it was caught; whatever else stands there says no."""
    try:
        return isinstance(new, str) and msgspec.json.decode(new, type=_Result).result == CAUGHT
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        return False


def outcome_act(begun: Begun, outcome: Outcome, frame: str, utc_ns: int) -> Act:
    """The act that ends a challenge; `frame`: CAMERA/RUN/SEQ of what was judged, or the camera."""
    new = msgspec.json.encode(outcome).decode()
    return Act(f"{OUTCOME_ID}{begun.id}", utc_ns, "linewatch", "system", KIND, frame, begun.id, new)


def ended_in(act: Act) -> str:
    """The id of the challenge whose outcome the act tells; empty where it tells none."""
    return act.id.removeprefix(OUTCOME_ID) if outcome_in(act) else ""


@dataclass(frozen=True)
class Timing:
    """What there is to know of a camera to say whether a challenge is due."""

    now_ns: int
    since_ns: int  # when the line began
    decided_ns: int  # when the last one was begun that was caught or missed; 0: never
    shift: Shift  # that is on now


def due_since(settings: ChallengeSettings, timing: Timing) -> int | None:
    """Since when a challenge is due; None: none is."""
    if settings.each_shift:
        done = timing.decided_ns >= timing.shift.begin_ns
        return None if done else max(timing.shift.begin_ns, timing.since_ns)
    if settings.every_h is None:
        return None
    due_ns = timing.decided_ns + round(settings.every_h * 3600 * SECOND_NS) if timing.decided_ns else timing.since_ns
    return due_ns if due_ns <= timing.now_ns else None


def overdue(settings: ChallengeSettings, due_ns: int | None, now_ns: int) -> bool:
    """Whether one has been due for too long: an hour, or half of the time between two."""
    half_s = OVERDUE_S if settings.every_h is None else settings.every_h * 1800
    return due_ns is not None and now_ns - due_ns > min(OVERDUE_S, half_s) * SECOND_NS


def found_where(defects: Iterable[DefectRecord], box: tuple[int, int, int, int]) -> bool:
    """Whether a defect lies where the mask beside the picture says: their boxes meet."""
    x0, y0, x1, y1 = box
    return any(d.box[0] < x1 and x0 < d.box[2] and d.box[1] < y1 and y0 < d.box[3] for d in defects)


def next_too_long(begun: Begun) -> str:
    """Why a real defect might be taken for the known-bad part."""
    return (
        f"within_s: at most {NEXT_WITHIN_MAX_S:g} where camera {begun.camera} is told of no parts, got "
        f"{begun.wish.within_s:g}; the next incident would be taken for the known-bad part: lay it down sooner"
    )


def alarm_of(outcome: Outcome) -> str:
    """What an outcome is an alarm of; empty: of nothing."""
    if outcome.result not in (MISSED, UNDECIDED):
        return ""
    what = f"{outcome.what} {outcome.name}".rstrip()
    return (
        f"Challenge {outcome.result}: camera {outcome.camera}, {moment(outcome.begun_utc_ns)}, known-bad {what}: "
        f"{outcome.said}"
    )


def overdue_alarm(camera: str, due_ns: int) -> str:
    """Nobody has challenged the camera in time."""
    return f"Challenge overdue: camera {camera} has been due for one since {moment(due_ns)}; docs/challenge.md says how"


def moment(utc_ns: int) -> str:
    """A time for people."""
    return datetime.fromtimestamp(utc_ns // SECOND_NS, timezone.utc).strftime("%Y-%m-%d %H:%M:%S UTC")
