"""Acts enter the log: each once, by its id; reviews and pins change what they are about in the same transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

import msgspec

from stream.acts import ANOTHER, OF_INCIDENTS, OF_SAMPLES, WITHDRAWN, Subject, frame_of, refusal_of, review_of
from stream.challenge import says_caught
from stream.challenge_marks import KIND as KNOWN_BAD
from stream.challenge_marks import set_mark
from stream.log_incidents import holding, say_review
from stream.messages import Act, Noted, Review

KNOWN = "SELECT who, role, kind, subject, new FROM acts WHERE id=?"
INSERT = "INSERT INTO acts (id, utc_ns, who, role, kind, subject, old, new, entry) VALUES (?,?,?,?,?,?,?,?,?)"
ON_RECORD = "on record"
IS_BAD = "SELECT 1 FROM verdicts WHERE camera=? AND run=? AND seq=? AND state='BAD'"


class _NoPlaceError(Exception):
    """The act is about something that is not in the log; the text says so."""


def enter_acts(db: sqlite3.Connection, acts: Iterable[Act], entry: int) -> list[Noted]:
    """Enters those that are not there yet; what to answer each. `entry`: of the chain, that vouches for them."""
    return [_enter(db, act, entry) for act in acts]


def _enter(db: sqlite3.Connection, act: Act, entry: int) -> Noted:
    if refusal := refusal_of(act):
        return Noted(act.id, False, refusal)
    if known := db.execute(KNOWN, (act.id,)).fetchone():
        same = known == (act.who, act.role, act.kind, act.subject, act.new)
        return Noted(act.id, same, ON_RECORD if same else ANOTHER)
    try:
        old = _do(db, act)
    except _NoPlaceError as error:
        return Noted(act.id, False, str(error))
    db.execute(INSERT, (act.id, act.utc_ns, act.who, act.role, act.kind, act.subject, old, act.new, entry))
    return Noted(act.id, True, ON_RECORD)


def _do(db: sqlite3.Connection, act: Act) -> str:
    """What the act changes in the log, done; what was there before. Raises _NoPlaceError."""
    frame = frame_of(act.subject)
    if act.kind == "review" and frame is not None:
        return _review(db, act, frame, review_of(act))
    if act.kind == "pin" and frame is not None:
        return _pin(db, frame, int(act.new))
    if act.kind == KNOWN_BAD and frame is not None:
        try:
            return set_mark(db, frame, int(act.new))
        except LookupError as error:
            raise _NoPlaceError(str(error)) from None
    if act.kind == "challenge" and frame is not None and says_caught(act.new):
        _mark_challenge(db, frame)
    return act.old


def _review(db: sqlite3.Connection, act: Act, frame: Subject, review: Review) -> str:
    key = (frame.camera, frame.run, frame.seq)
    sample = db.execute("SELECT review FROM samples WHERE camera=? AND run=? AND seq=?", key).fetchone()
    extent = holding(db, *key)
    of_sample = sample is not None and review.verdict in OF_SAMPLES
    incident = extent is not None and db.execute(IS_BAD, key).fetchone() is not None
    of_incident = incident and review.verdict in OF_INCIDENTS
    if not (of_sample or of_incident):
        raise _NoPlaceError(_no_place(frame, review.verdict, incident=incident, sample=sample is not None))
    before = ""
    if extent is not None and of_incident:
        asked = "SELECT review FROM incidents WHERE camera=? AND run=? AND first_seq=?"
        (before,) = db.execute(asked, (frame.camera, frame.run, extent[0])).fetchone()
    db.execute(
        "INSERT INTO reviews VALUES ((SELECT coalesce(max(number), 0) + 1 FROM acts), ?, ?, ?, ?, ?, ?, ?, ?)",
        (*key, act.utc_ns, act.who, review.verdict, review.comment, msgspec.json.encode(review.boxes).decode()),
    )
    if extent is not None and of_incident:
        say_review(db, frame.camera, frame.run, extent)
    if sample is not None and of_sample:
        before = before or sample[0]
        stands = "" if review.verdict == WITHDRAWN else review.verdict
        db.execute("UPDATE samples SET review=? WHERE camera=? AND run=? AND seq=?", (stands, *key))
    return before


def _pin(db: sqlite3.Connection, frame: Subject, pinned: int) -> str:
    key = (frame.camera, frame.run, frame.seq)
    extent = holding(db, *key)
    rows = [("incidents", "first_seq", extent[0])] if extent else []
    rows += [("samples", "seq", frame.seq)]
    before = None
    for table, column, seq in rows:
        where = f"WHERE camera=? AND run=? AND {column}=?"
        found = db.execute(f"SELECT pinned FROM {table} {where}", (frame.camera, frame.run, seq)).fetchone()
        if found is not None:
            before = found[0] if before is None else before
            db.execute(f"UPDATE {table} SET pinned=? {where}", (pinned, frame.camera, frame.run, seq))
    if before is None:
        raise _NoPlaceError(f"no incident and no sample holds the frame {frame}")
    return str(before)


def _mark_challenge(db: sqlite3.Connection, frame: Subject) -> None:
    """The incident shows a part that was known to be bad; it is no defect of the product."""
    if extent := holding(db, frame.camera, frame.run, frame.seq):
        key = (frame.camera, frame.run, extent[0])
        db.execute("UPDATE incidents SET challenge=1 WHERE camera=? AND run=? AND first_seq=?", key)


def _no_place(frame: Subject, verdict: str, *, incident: bool, sample: bool) -> str:
    if not (incident or sample):
        return f"no incident and no sample holds the frame {frame}: name a BAD frame, or a sample"
    what, words = ("incident", OF_INCIDENTS) if incident else ("sample", OF_SAMPLES)
    return f"the frame {frame} is of an {what}".replace("an s", "a s") + f": {', '.join(words)}; got {verdict}"
