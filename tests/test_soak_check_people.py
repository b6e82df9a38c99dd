"""The soak's checker of what people said, of challenges and deletions: each break is found, and no other."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.test_soak_check_around import EYE, failing
from tools.soak_check import INVARIANTS
from tools.soak_check_acts import Act, Incident, Review
from tools.soak_check_evidence import incidents_of
from tools.soak_check_facts import Soak
from tools.soak_check_log import Log, Run, Span
from tools.soak_check_spoken import Audit, Spoken, read_audit, read_spoken

NAMED = ("said", "held", "challenges", "oldest", "audit")
LOOK = {invariant.name: invariant.look for invariant in INVARIANTS}
RUN, STORED = 7, 8
AGO_S = 10_000.0  # the end of the soak, long after all that is told here
SAID = {"verdict": "defect", "comment": "soak <b>"}


def act(number: int, id_: str, kind: str, subject: str, new: object, role: str = "operator") -> Act:
    text = new if isinstance(new, str) else json.dumps(new)
    return Act(number, id_, number * 60 * 10**9, role, kind, subject, "", text)


def incidents(soak: Soak) -> tuple[Incident, ...]:
    rows = [row for row in soak.log.rows if row.camera == "eye" and row.state == "BAD"]
    found = list(incidents_of(rows, soak.incident_gap_frames))
    return tuple(Incident("eye", RUN, i[0].seq, i[-1].seq, i[0].seq, f"evidence/{i[0].seq}", "", 0) for i in found)


def spoken() -> Soak:
    """A line at whose page somebody reviewed one incident, pinned another and a sample, and began two challenges."""
    soak = failing()
    first, second, *others = incidents(soak)
    words = {"result": "caught", "said": "it was judged BAD"}
    log = replace(
        soak.log,
        rows=tuple(
            replace(row, evidence=f"evidence/{row.seq}" if row.state == "BAD" else None) for row in soak.log.rows
        ),
        incidents=(replace(first, review="defect"), replace(second, pinned=1), *others),
        reviews=(Review("eye", RUN, first.first_seq, "defect", "soak <b>"),),
        samples=frozenset({("web", RUN, 3)}),
        acts=(
            act(1, "a", "review", f"eye/{RUN}/{first.first_seq}", {**SAID, "boxes": []}),
            act(2, "b", "pin", f"eye/{RUN}/{second.first_seq}", "1"),
            act(3, "c", "pin", f"web/{RUN}/3", "1"),
            act(4, "d", "challenge", "eye", {"what": "picture"}),
            act(5, "outcome of d", "challenge", f"eye/{STORED}/0", words, "system"),
            act(6, "e", "challenge", "eye", {"what": "picture"}),
            act(7, "outcome of e", "challenge", "eye", {"result": "refused", "said": "another is open"}, "system"),
        ),
        runs=(*soak.log.runs, Run("eye", STORED, "s", "challenge:known.png", 1, True, "stopped", "0", {})),
        spans=(*soak.log.spans, Span("eye", STORED, 0, 1, "BAD")),
    )
    people = (
        Spoken("a", "review", f"eye/{RUN}/{first.first_seq}", SAID, True, 1.0),
        Spoken("b", "pin", f"eye/{RUN}/{second.first_seq}", {"pinned": True}, True, 2.0),
        Spoken("c", "pin", f"web/{RUN}/3", {"pinned": True}, True, 3.0),
        Spoken("d", "challenge", "eye", {"what": "picture"}, True, 4.0),
        Spoken("e", "challenge", "eye", {"what": "picture"}, True, 5.0),
        Spoken("f", "review", f"eye/{RUN}/1", SAID, False, 6.0),
    )
    journal = replace(soak.journal, end_s=AGO_S)
    return replace(soak, log=log, spoken=people, journal=journal, audit=Audit(0, ()))


def swept() -> Soak:
    """The same; retention has deleted the two oldest pictures that nobody holds."""
    soak = spoken()
    going = [incident.worst_seq for incident in soak.log.incidents if not incident.held][:2]
    return without_pictures(soak, going, said=2)


def without_pictures(soak: Soak, going: list[int], *, said: int) -> Soak:
    rows = tuple(
        replace(r, evidence=None) if (r.camera, r.seq) in [("eye", s) for s in going] else r for r in soak.log.rows
    )
    held = tuple(replace(i, evidence=None) if i.worst_seq in going else i for i in soak.log.incidents)
    gone = act(90, "r", "delete", "evidence", {"count": said, "bytes": 9, "from_utc_ns": 1, "to_utc_ns": 2}, "system")
    acts = (*(one for one in soak.log.acts if one.id != "r"), gone)
    return replace(soak, log=replace(soak.log, rows=rows, incidents=held, acts=acts))


def logged(change: Callable[[Log], Log]) -> Callable[[Soak], Soak]:
    return lambda soak: replace(soak, log=change(soak.log))


def acts(change: Callable[[Act], Act | None]) -> Callable[[Soak], Soak]:
    return logged(lambda log: replace(log, acts=tuple(new for one in log.acts if (new := change(one)) is not None)))


def delete_the_newest(soak: Soak) -> Soak:
    """A wall clock that was put back made it look oldest."""
    rows = tuple(
        replace(r, captured_mono_ns=r.captured_mono_ns + r.seq * 10**10) if r.captured_mono_ns else r
        for r in soak.log.rows
    )
    free = [incident.worst_seq for incident in soak.log.incidents if not incident.held]
    return without_pictures(replace(soak, log=replace(soak.log, rows=rows)), free[-1:], said=1)


def delete_what_is_held(soak: Soak) -> Soak:
    return without_pictures(soak, [i.worst_seq for i in soak.log.incidents if i.held], said=4)


BROKEN: dict[str, tuple[Callable[[], Soak], Callable[[Soak], Soak], str]] = {
    "review-lost": (spoken, acts(lambda one: None if one.id == "a" else one), "said"),
    "review-of-another-frame": (
        spoken,
        acts(lambda one: replace(one, subject="eye/7/0") if one.id == "a" else one),
        "said",
    ),
    "comment-changed": (
        spoken,
        acts(lambda one: replace(one, new=one.new.replace("<b>", "")) if one.id == "a" else one),
        "said",
    ),
    "pin-turned-round": (spoken, acts(lambda one: replace(one, new="0") if one.id == "b" else one), "said"),
    "act-twice": (spoken, logged(lambda log: replace(log, acts=(*log.acts, log.acts[1]))), "said"),
    "review-twice": (spoken, logged(lambda log: replace(log, reviews=log.reviews * 2)), "said"),
    "review-not-in-its-table": (spoken, logged(lambda log: replace(log, reviews=())), "said"),
    "review-not-marked": (
        spoken,
        logged(lambda log: replace(log, incidents=tuple(replace(i, review="") for i in log.incidents))),
        "held",
    ),
    "pin-not-marked": (
        spoken,
        logged(lambda log: replace(log, incidents=tuple(replace(i, pinned=0) for i in log.incidents))),
        "held",
    ),
    "pinned-sample-gone": (spoken, logged(lambda log: replace(log, samples=frozenset())), "held"),
    "pictures-of-held-gone": (spoken, delete_what_is_held, "held"),
    "retention-takes-what-is-held": (swept, delete_what_is_held, "oldest"),
    "newest-deleted": (swept, delete_the_newest, "oldest"),
    "more-gone-than-said": (swept, lambda soak: without_pictures(soak, [], said=1), "oldest"),
    "challenge-without-outcome": (spoken, acts(lambda one: None if one.id == "outcome of d" else one), "challenges"),
    "challenge-with-two": (spoken, logged(lambda log: replace(log, acts=(*log.acts, log.acts[4]))), "challenges"),
    "challenge-missed": (spoken, acts(lambda one: replace(one, new=one.new.replace("caught", "missed"))), "challenges"),
    "challenge-without-reason": (
        spoken,
        acts(lambda one: replace(one, new=one.new.replace("another is open", ""))),
        "challenges",
    ),
    "challenge-as-a-verdict": (
        spoken,
        logged(lambda log: replace(log, rows=(*log.rows, replace(log.rows[0], camera="eye", run=STORED)))),
        "challenges",
    ),
    "challenge-as-an-incident": (
        spoken,
        logged(lambda log: replace(log, incidents=(*log.incidents, replace(log.incidents[0], run=STORED)))),
        "challenges",
    ),
    "challenge-as-a-sample": (
        spoken,
        logged(lambda log: replace(log, samples=log.samples | {("eye", STORED, 0)})),
        "challenges",
    ),
    "audit-finds-something": (
        spoken,
        lambda soak: replace(soak, audit=Audit(1, ("frame belt/1/0: changed",))),
        "audit",
    ),
    "audit-fails": (spoken, lambda soak: replace(soak, audit=Audit(2, ())), "audit"),
}


@pytest.mark.parametrize("made", [spoken, swept], ids=lambda made: made.__name__)
def test_what_is_right_breaks_nothing_and_is_looked_at(made: Callable[[], Soak]) -> None:
    findings = {name: LOOK[name](made()) for name in NAMED}
    assert {name: finding.breaks for name, finding in findings.items() if finding.breaks} == {}
    assert all(findings[name].checked for name in NAMED if name != "oldest" or made is swept)


@pytest.mark.parametrize(("made", "tamper", "name"), BROKEN.values(), ids=BROKEN.keys())
def test_what_is_wrong_is_found(made: Callable[[], Soak], tamper: Callable[[Soak], Soak], name: str) -> None:
    assert LOOK[name](tamper(made())).breaks


def test_a_challenge_is_no_frame_of_its_camera() -> None:
    """Its number is 0 as well, and its truth is another."""
    soak = spoken()
    assert not EYE.is_bad(0)
    assert {name: LOOK[name](soak).breaks for name in ("verdicts", "defects", "rows", "digests", "recordings")} == {
        name: LOOK[name](failing()).breaks for name in ("verdicts", "defects", "rows", "digests", "recordings")
    }


def test_a_challenge_begun_just_before_the_end_may_be_open() -> None:
    soak = BROKEN["challenge-without-outcome"][1](spoken())
    assert LOOK["challenges"](soak).breaks
    assert not LOOK["challenges"](replace(soak, journal=replace(soak.journal, end_s=10.0))).breaks


def test_of_an_act_that_was_said_twice_any_ok_counts(tmp_path: Path) -> None:
    lines = [
        {"id": "a", "kind": "pin", "subject": "eye/7/3", "new": "{}", "answer": answer, "text": "", "mono_ns": 1}
        for answer in ("none", "ok", "none")
    ]
    (tmp_path / "acts.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (one,) = read_spoken(tmp_path)
    assert one.ok and one.frame == ("eye", 7, 3)
    assert read_audit(tmp_path) is None
