"""What came of a challenge, from what became of its picture, its part or its time. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from stream.challenge import CAUGHT, MISSED, RESULTS, SECOND_NS, UNDECIDED, Begun, found_where
from stream.incidents import Incident
from stream.messages import Judged
from stream.parts import Part
from stream.settings import ChallengeSettings

Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class Found:
    """What came of it, and why, in words."""

    result: str
    said: str
    judged: Judged | None = None  # what was judged, where that is known
    state: str = ""
    name: str = ""  # of the part; of a picture the desk knows it
    frame: str = ""  # CAMERA/RUN/SEQ


def of_picture(judged: Judged, box: Box | None) -> Found:
    """A stored picture's verdict; `box`: where the mask beside it is white, None where there is none."""
    verdict = judged.verdict
    result, said = RESULTS.get(verdict.state, UNDECIDED), f"it was judged {verdict.state}"
    if verdict.reason:
        said += f": {verdict.reason}"
    if result == CAUGHT and box is not None and not found_where(verdict.defects, box):
        result, said = MISSED, f"{said}, but no defect was found where the mask says, {list(box)}"
    return Found(result, said, judged)


def of_outcome(outcome: str, *, sure: bool = True) -> Found:
    """A stored picture's outcome in the ledger, its verdict is not at hand; `sure`: no mask says where it is bad."""
    if outcome == "BAD" and not sure:
        return Found(UNDECIDED, "it was BAD, whether where the mask says is no longer known", state=outcome)
    state = "" if outcome.startswith("dropped:") else outcome
    return Found(RESULTS.get(outcome, UNDECIDED), f"it was {outcome.replace('dropped:', 'dropped: ')}", state=state)


def of_part(begun: Begun, camera: str, run: int, part: Part, incidents: tuple[Incident, ...]) -> Found | None:
    """A part's verdict; None where it is not the one that is waited for, or not decided."""
    told = part.begun
    if part.state is None or not told.part or told.told_utc_ns < begun.utc_ns:
        return None
    if begun.wish.part not in ("", told.part):
        return None
    worst = [i.worst.seq for i in incidents if told.seq <= i.worst.seq < part.stop]
    frame = f"{camera}/{run}/{worst[0] if worst else told.seq}"
    said = f"the part was {part.state}"
    return Found(RESULTS.get(part.state, UNDECIDED), said, state=part.state, name=told.part, frame=frame)


def of_incident(begun: Begun, judged: Judged, incidents: tuple[Incident, ...]) -> Found | None:
    """A BAD frame where no parts are told; None where no incident began with it in the time that was given.

    An incident that went on already is the product's own.
    """
    frame = judged.frame
    within_ns = round(begun.wish.within_s * SECOND_NS)
    mine = [i for i in incidents if i.first_seq <= frame.seq <= i.last_seq]
    began = bool(mine) and mine[-1].frames == 1
    if not (began and begun.utc_ns <= frame.captured_utc_ns <= begun.utc_ns + within_ns):
        return None
    return Found(CAUGHT, "it was an incident", judged)


def late(begun: Begun, settings: ChallengeSettings | None, *, told: bool, now_ns: int) -> Found | None:
    """Its time is over; None while it is not. `told`: the camera is told of parts."""
    if settings is None:
        return Found(UNDECIDED, "the line has no such camera any more")
    if now_ns <= begun.until_ns(settings.deadline_s):
        return None
    if begun.wish.what == "picture":
        return Found(UNDECIDED, "it was not judged in time")
    if told:
        return Found(UNDECIDED, f"no such part was decided within {begun.wish.within_s:g} s")
    return Found(MISSED, f"no incident began within {begun.wish.within_s:g} s")
