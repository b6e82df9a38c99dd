"""The soak's checker of a broker's parts: what was taken is on record once, each picture is of the part before it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.test_soak_check_around import RUN, at_s, event, soaked, with_fault
from tools.soak_check import INVARIANTS
from tools.soak_check_facts import Soak
from tools.soak_check_log import Part, Row
from tools.soak_check_story import Camera
from tools.soak_check_told import Told, read_told

LOOK = {invariant.name: invariant.look for invariant in INVARIANTS}
NAMED = ("taken", "one verdict", "of parts", "heard", "parts", "verdicts")
BELT = Camera("belt", 1, 0.5, False, False, None, 1000.0, fps=10.0, heard=True)
GATE = Camera("gate", 1, 0.0, False, False, None, 1000.0, gige=True, heard=True, ordered=True)
BEGINS = ((0, "belt-0", "part"), (40, "belt-0", "again"), (80, "", "garbage"), (120, "#4", "nameless"))
FRAMES = 160


def told_belt() -> list[Told]:
    """A message every four seconds; the line takes each at once."""
    words = [
        Told("belt", n, kind, part, at_s(seq) - 0.05, at_s(seq) - 0.01) for n, (seq, part, kind) in enumerate(BEGINS)
    ]
    words[3] = replace(words[3], part="")
    return [*words[:3], Told("belt", 9, "kept", "kept-9", at_s(100), at_s(100)), words[3]]


def part_at(seq: int) -> str:
    return [part for begin, part, _ in BEGINS if begin <= seq][-1]


def part_row(camera: str, number: int, part: str, first: int, state: str = "GOOD") -> Part:
    return Part(camera, RUN, number, part, first, state)


def announced() -> Soak:
    """One camera that is followed, one that takes a picture of each of its three parts."""
    outcomes = {("belt", seq): "BAD" if BELT.is_bad(seq) else "GOOD" for seq in range(FRAMES)}
    outcomes |= {("gate", seq): "GOOD" for seq in range(3)}
    soak = soaked((BELT, GATE), outcomes, (event("gate", "part gate-7, announced by mqtt: the camera is not open"),))
    rows = tuple(replace(row, part=part_at(row.seq)) for row in soak.log.rows)
    parts = (
        part_row("belt", 0, "belt-0", 0, "BAD"),
        part_row("belt", 1, "", 80, "BAD"),
        part_row("belt", 2, "#4", 120, "BAD"),
        *(part_row("gate", seq, f"gate-{seq}", seq) for seq in range(3)),
    )
    gate = [Told("gate", n, "part", f"gate-{n}", at_s(n), at_s(n) + 0.1) for n in (0, 1, 2, 7)]
    log = replace(soak.log, rows=rows, parts=parts)
    return replace(soak, log=log, told=(*told_belt(), *gate))


def rows(change: Callable[[Row], Row]) -> Callable[[Soak], Soak]:
    return lambda soak: replace(soak, log=replace(soak.log, rows=tuple(change(row) for row in soak.log.rows)))


def parts(change: Callable[[Part], Part | None]) -> Callable[[Soak], Soak]:
    def changed(soak: Soak) -> Soak:
        kept = tuple(new for part in soak.log.parts if (new := change(part)) is not None)
        return replace(soak, log=replace(soak.log, parts=kept))

    return changed


def told(change: Callable[[Told], Told | None]) -> Callable[[Soak], Soak]:
    def changed(soak: Soak) -> Soak:
        return replace(soak, told=tuple(new for one in soak.told if (new := change(one)) is not None))

    return changed


def say_nothing(soak: Soak) -> Soak:
    return replace(soak, log=replace(soak.log, events=()))


def judge_a_part_twice(soak: Soak) -> Soak:
    again = replace(soak.log.parts[-1], run=RUN + 1, number=0)
    return replace(soak, log=replace(soak.log, parts=(*soak.log.parts, again)))


def take_a_picture_more(soak: Soak) -> Soak:
    runs = tuple(replace(run, captured=9) if run.camera == "gate" else run for run in soak.log.runs)
    return replace(soak, log=replace(soak.log, runs=runs))


def part_of(seq: int, part: str) -> Callable[[Soak], Soak]:
    """Some rows around that frame bear another part than was before the camera."""
    return rows(lambda row: replace(row, part=part) if row.camera == "belt" and abs(row.seq - seq) < 5 else row)


KILLED = with_fault("kill broker", "broker", at_s(20))
BROKEN: dict[str, tuple[Callable[[Soak], Soak], str]] = {
    "taken-and-forgotten": (parts(lambda part: None if part.part == "gate-1" else part), "taken"),
    "refused-without-a-word": (say_nothing, "taken"),
    "two-verdicts": (judge_a_part_twice, "one verdict"),
    "no-verdict": (parts(lambda part: replace(part, state=None)), "one verdict"),
    "a-picture-that-nobody-ordered": (take_a_picture_more, "one verdict"),
    "of-the-part-before": (part_of(95, "belt-0"), "of parts"),
    "of-no-part": (part_of(60, ""), "of parts"),
    "of-the-part-to-come": (part_of(60, "#4"), "of parts"),
    "of-a-part-that-was-announced-after-it-came": (part_of(115, "#4"), "of parts"),
    "without-a-number": (part_of(140, ""), "of parts"),
    "of-another-though-the-broker-was-lost": (lambda soak: part_of(60, "belt-9")(KILLED(soak)), "of parts"),
    "never-heard-again": (lambda soak: with_fault("kill broker", "broker", at_s(150))(soak), "heard"),
    "never-heard": (told(lambda one: replace(one, acked_s=None)), "heard"),
    "kept-by-the-broker-and-taken": (parts(lambda part: replace(part, part="kept-9")), "parts"),
    "a-part-that-nobody-announced": (parts(lambda part: replace(part, part="x") if part.part else part), "parts"),
    "bad-where-nothing-is-bad": (
        lambda soak: replace(
            soak,
            log=replace(
                soak.log,
                spans=tuple(replace(s, outcome="BAD") if s.camera == "gate" else s for s in soak.log.spans),
            ),
        ),
        "verdicts",
    ),
}


def test_what_is_right_breaks_nothing_and_is_looked_at() -> None:
    findings = {name: LOOK[name](announced()) for name in NAMED}
    assert {name: finding.breaks for name, finding in findings.items() if finding.breaks} == {}
    assert all(finding.checked for finding in findings.values())


@pytest.mark.parametrize(("tamper", "name"), BROKEN.values(), ids=BROKEN.keys())
def test_what_is_wrong_is_found(tamper: Callable[[Soak], Soak], name: str) -> None:
    assert LOOK[name](tamper(announced())).breaks


EXCUSED: dict[str, tuple[Callable[[Soak], Soak], Callable[[Soak], Soak], str]] = {
    "refusal-lost-with-the-recorder": (say_nothing, with_fault("kill", "record", at_s(7)), "taken"),
    "part-unknown-as-the-broker-was-lost": (part_of(60, ""), with_fault("kill broker", "broker", at_s(50)), "of parts"),
    "part-unknown-as-its-capture-died": (part_of(60, ""), with_fault("kill", "capture belt", at_s(50)), "of parts"),
}


@pytest.mark.parametrize(("tamper", "fault", "name"), EXCUSED.values(), ids=EXCUSED.keys())
def test_what_a_fault_explains_is_no_break(
    tamper: Callable[[Soak], Soak], fault: Callable[[Soak], Soak], name: str
) -> None:
    assert LOOK[name](tamper(announced())).breaks
    assert not LOOK[name](fault(tamper(announced()))).breaks


def test_what_a_broker_said_is_read_as_far_as_it_was_written(tmp_path: Path) -> None:
    lines = [
        json.dumps({"camera": "belt", "number": 0, "kind": "part", "part": "a", "sent_ns": 10**9}),
        '{"camera": "belt", "numb',
        json.dumps({"camera": "belt", "number": 1, "kind": "part", "part": "b", "sent_ns": 3 * 10**9}),
        json.dumps({"camera": "belt", "number": 0, "acked_ns": 2 * 10**9}),
        json.dumps({"camera": "belt", "number": 7, "acked_ns": 2 * 10**9}),
    ]
    (tmp_path / "told.jsonl").write_text("\n".join(lines))
    first = Told("belt", 0, "part", "a", 1.0, 2.0)
    assert read_told(tmp_path) == (first, Told("belt", 1, "part", "b", 3.0))
