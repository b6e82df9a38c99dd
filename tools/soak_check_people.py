"""Invariants of what people said: it is on record once, what they hold is kept, challenges are answered. Pure."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator

from tools.soak_check_acts import Act
from tools.soak_check_evidence import refused
from tools.soak_check_facts import Finding, Soak
from tools.soak_check_spoken import Spoken

RESULTS = ("caught", "undecided", "refused")  # "missed" is none: the stored picture is BAD, and the bundle reads it
OUTCOME_OF = "outcome of "  # before the id of the act that began a challenge
OPEN_S = 60.0  # a challenge that was begun so shortly before the end may still be open
SAME_MOMENT_NS = 5_000_000_000  # a review in the very moment of a deletion


def said_is_kept(soak: Soak) -> Finding:
    """What was answered `ok` stands once among the acts, word for word, and a review once among the reviews."""
    known = {act.id: act for act in soak.log.acts}
    counts = Counter(act.id for act in soak.log.acts)
    reviews = Counter((r.camera, r.run, r.seq, r.verdict, r.comment) for r in soak.log.reviews)
    breaks = []
    for one in soak.spoken:
        name = f"{one.kind} {one.subject}, {one.id}"
        if counts[one.id] > 1:
            breaks.append(f"{name}: stands {counts[one.id]} times")
        if not one.ok:
            continue
        if one.id not in known:
            breaks.append(f"{name}: was answered ok, and is not on record")
            continue
        act = known[one.id]
        if (act.kind, act.subject) != (one.kind, one.subject) or not _says(act, one):
            breaks.append(f"{name}: on record is {act.kind} {act.subject} {act.new[:80]}")
        if one.kind == "review":
            times = reviews[(*one.frame, one.said["verdict"], one.said["comment"])]
            if times != 1:
                breaks.append(f"{name}: stands {times} times among the reviews")
    answered = sum(one.ok for one in soak.spoken)
    return Finding(len(soak.spoken), tuple(breaks), f"{answered} answered ok" if soak.spoken else "")


def held_is_kept(soak: Soak) -> Finding:
    """What was reviewed or pinned is marked so, and its pictures are there."""
    breaks, checked = [], 0
    bad = {(row.camera, row.run, row.seq) for row in soak.log.rows if row.state == "BAD"}
    for one in soak.spoken:
        if not one.ok or one.kind not in ("review", "pin"):
            continue
        checked += 1
        name, frame = f"{one.kind} {one.subject}", one.frame
        # A GOOD frame that is kept may lie between two BAD ones of an incident: what is said of it is said of it alone.
        incident = next((i for i in soak.log.incidents if i.has(*frame)), None) if frame in bad else None
        if incident is None and frame not in soak.log.samples:
            if not _just_deleted(one, soak):
                breaks.append(f"{name}: neither an incident nor a sample is there any more")
            continue
        if incident is None:
            continue  # the row of a sample is its folder's: another invariant
        if (one.kind == "review" and not incident.review) or (one.kind == "pin" and not incident.pinned):
            breaks.append(f"{name}: its incident does not say so")
        worst = (incident.camera, incident.run, incident.worst_seq)
        if incident.evidence is None and not _never_kept(worst, soak) and not _just_deleted(one, soak):
            breaks.append(f"{name}: its picture is gone")
    return Finding(checked, tuple(breaks))


def challenges_end(soak: Soak) -> Finding:
    """Each has one outcome, or was begun just before the end; no frame of one is taken for product."""
    begun = {a.id: a for a in soak.log.acts if a.kind == "challenge" and not a.id.startswith(OUTCOME_OF)}
    ends = Counter(a.id.removeprefix(OUTCOME_OF) for a in soak.log.acts if a.id.startswith(OUTCOME_OF))
    breaks = [f"challenge {id_}: {count} outcomes" for id_, count in ends.items() if count > 1 or id_ not in begun]
    results = Counter[str]()
    for act in soak.log.acts:
        if act.id.startswith(OUTCOME_OF):
            result, why = _outcome(act)
            results[result] += 1
            if result not in RESULTS or not why:
                breaks.append(f"challenge {act.old}: {result or 'no result'}, {why or 'and no reason'}")
    late = {one.id for one in soak.spoken if one.at_s > soak.journal.end_s - OPEN_S}
    last = max((act.number for act in soak.log.acts), default=0)
    for id_, act in begun.items():
        if id_ not in ends and id_ not in late and not (act.role == "system" and act.number == last):
            breaks.append(f"challenge {id_} of {act.subject}: it has no outcome")
    breaks += _taken_for_product(soak)
    note = ", ".join(f"{count} {result}" for result, count in sorted(results.items()))
    return Finding(len(begun) + sum(soak.is_challenge(*key) for key in soak.runs), tuple(breaks), note)


def audit_is_clean(soak: Soak) -> Finding:
    """The line's own audit finds its log as it was recorded."""
    if soak.audit is None:
        return Finding(0, note="nobody asked it")
    breaks = soak.audit.findings or ((f"exit code {soak.audit.exit_code}",) if soak.audit.exit_code else ())
    return Finding(1, breaks)


def _taken_for_product(soak: Soak) -> Iterator[str]:
    rows = [(row.camera, row.run, "a verdict among the product's") for row in soak.log.rows]
    rows += [(i.camera, i.run, "an incident") for i in soak.log.incidents]
    rows += [(camera, run, "a sample") for camera, run, _ in soak.log.samples]
    rows += [(part.camera, part.run, "a part") for part in soak.log.parts]
    yield from (
        f"{camera} run {run}: a challenge is {what}" for camera, run, what in rows if soak.is_challenge(camera, run)
    )


def _says(act: Act, one: Spoken) -> bool:
    if one.kind == "pin":
        return act.new == ("1" if one.said["pinned"] else "0")
    try:
        new = json.loads(act.new)
    except ValueError:
        return False
    return all(new.get(key) == value for key, value in one.said.items())


def _outcome(act: Act) -> tuple[str, str]:
    try:
        said = json.loads(act.new)
        return str(said["result"]), str(said["said"])
    except (ValueError, KeyError, TypeError):
        return "", ""


def _just_deleted(one: Spoken, soak: Soak) -> bool:
    """Whether retention deleted something in the very moment in which this was said."""
    said_ns = next((act.utc_ns for act in soak.log.acts if act.id == one.id), 0)
    deletes = (act.utc_ns for act in soak.log.acts if act.kind == "delete")
    return any(abs(at_ns - said_ns) < SAME_MOMENT_NS for at_ns in deletes)


def _never_kept(worst: tuple[str, int, int], soak: Soak) -> bool:
    """Whether the disk refused the picture in the first place."""
    row = next((row for row in soak.log.rows if (row.camera, row.run, row.seq) == worst), None)
    return row is not None and refused(row, soak)
