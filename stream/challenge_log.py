"""The challenges in the log: what began and what came of it, newest first. Reading alone."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator

import msgspec

from stream.challenge import KIND, Begun, Outcome, begun_by, ended_in, outcome_in
from stream.challenge_marks import taken_off_by
from stream.messages import Act

LOOKED_AT = 2_000  # acts, the newest
# By kind, whatever the planner thinks of the time: of all acts, few are of challenges.
ACTS = """
SELECT id, utc_ns, who, role, kind, subject, old, new FROM acts
WHERE kind = ? AND +utc_ns >= ? AND +utc_ns < ? ORDER BY number DESC LIMIT ?
"""
ACKNOWLEDGED = "SELECT subject FROM acts WHERE kind = 'acknowledge' ORDER BY number DESC LIMIT ?"
FOR_EVER = 2**63 - 1


class Told(msgspec.Struct, frozen=True):
    """A challenge as it is listed."""

    id: str
    utc_ns: int
    camera: str
    what: str  # picture | part
    who: str
    result: str  # caught | missed | undecided | refused | open
    said: str
    name: str = ""
    state: str = ""
    score: float | None = None
    bundle: str = ""
    frame: str = ""  # CAMERA/RUN/SEQ of what was judged; empty: nothing was
    ended_utc_ns: int = 0
    taken_off_by: str = ""  # who says that what was caught was a defect of the product; empty: nobody


def acts_of(
    db: sqlite3.Connection, since_ns: int = 0, until_ns: int = FOR_EVER, limit: int = LOOKED_AT
) -> Iterator[Act]:
    """The acts of challenges in that time, newest first."""
    for row in db.execute(ACTS, (KIND, since_ns, until_ns, limit)):
        yield Act(*row)


def acknowledged(db: sqlite3.Connection) -> frozenset[str]:
    """The alarms that somebody knows of, the newest."""
    return frozenset(text for (text,) in db.execute(ACKNOWLEDGED, (LOOKED_AT,)))


def told(acts: Iterator[Act], camera: str = "", limit: int = LOOKED_AT) -> tuple[Told, ...]:
    """The challenges that these acts tell of, newest first; one whose beginning is not among them is left out."""
    outcomes: dict[str, tuple[Act, Outcome]] = {}
    found: list[Told] = []
    for act in acts:
        if outcome := outcome_in(act):
            outcomes[ended_in(act)] = (act, outcome)
        elif (begun := begun_by(act)) and camera in ("", begun.camera):
            found.append(_row(begun, outcomes.get(begun.id)))
    return tuple(found[:limit])


def with_marks(db: sqlite3.Connection, found: Iterable[Told]) -> tuple[Told, ...]:
    """The same, with who has taken off the mark of the incident that a known-bad part was."""
    return tuple(
        msgspec.structs.replace(one, taken_off_by=taken_off_by(db, one.frame))
        if one.frame and one.what == "part"
        else one
        for one in found
    )


def _row(begun: Begun, ended: tuple[Act, Outcome] | None) -> Told:
    if ended is None:
        said = "it has not been decided yet"
        return Told(begun.id, begun.utc_ns, begun.camera, begun.wish.what, begun.who, "open", said, begun.wish.part)
    act, outcome = ended
    return Told(
        id=begun.id,
        utc_ns=begun.utc_ns,
        camera=begun.camera,
        what=begun.wish.what,
        who=begun.who,
        result=outcome.result,
        said=outcome.said,
        name=outcome.name,
        state=outcome.state,
        score=outcome.score,
        bundle=outcome.bundle,
        frame=act.subject if "/" in act.subject else "",
        ended_utc_ns=act.utc_ns,
    )
