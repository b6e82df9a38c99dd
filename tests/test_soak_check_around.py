"""The checker's invariants of failing cameras, watched folders, parts and recipes: each holds, and each can break."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

from tools.soak_check import INVARIANTS
from tools.soak_check_facts import Soak
from tools.soak_check_journal import SETTLING_S, WRITES_AGAIN_S, Asked, Fault, Journal
from tools.soak_check_log import Event, Log, Part, Row, Run, Span
from tools.soak_check_story import Camera, Leaks, Spell
from tools.soak_check_watched import Drop, Taking, Watched, takings_in

RUN, FRAMES, FPS = 7, 140, 10.0
BEGAN_S = 100.0
SPELLS = (Spell("black", 15, 35, 100), Spell("frozen", 65, 90, 100))
EYE = Camera("eye", 1, 0.2, False, False, None, 1000.0, fps=FPS, spells=SPELLS)
WEB = replace(EYE, name="web", spells=(Spell("damaged", 20, 40, 120),), damaged_share=0.03)
INBOX = Camera("inbox", 1, 0.2, False, True, None, None, fps=2.0, watched=True)
LOOK = {invariant.name: invariant.look for invariant in INVARIANTS}
NAMED = ("unfit", "alarms", "files", "parts", "recipes", "verdicts", "defects")


def at_s(seq: int) -> float:
    return BEGAN_S + seq / FPS


def row(camera: str, seq: int, state: str, reason: str | None, part: str = "", settings: str = "plain") -> Row:
    score = 0.9 if state == "BAD" else None
    captured, judged = round(at_s(seq) * 1e9), round(at_s(seq) * 1e9) + 50_000_000
    return Row(camera, RUN, seq, state, score, reason, "", "b", settings, captured, judged, None, part)


def outcome_of(camera: Camera, seq: int) -> str:
    """What a line says that does as it should; the first half second of a frozen spell is not found yet."""
    if camera.unfit(seq) or (65 <= seq % 100 - 5 < 85 and camera is EYE):
        return "UNKNOWN"
    return "BAD" if camera.is_bad(camera.shown(seq)) else "GOOD"


def soaked(cameras: tuple[Camera, ...], outcomes: Mapping[tuple[str, int], str], events: tuple[Event, ...]) -> Soak:
    told = {name for name, _ in outcomes}
    counts = {name: sum(camera == name for camera, _ in outcomes) for name in told}
    log = Log(
        faults=(),
        sessions=("s",),
        runs=tuple(Run(name, RUN, "s", "", counts[name], True, "stopped", "0", {}) for name in sorted(told)),
        spans=tuple(Span(name, RUN, seq, seq + 1, outcome) for (name, seq), outcome in sorted(outcomes.items())),
        rows=tuple(
            row(name, seq, outcome, "why" if outcome == "UNKNOWN" else None)
            for (name, seq), outcome in sorted(outcomes.items())
            if outcome in ("BAD", "UNKNOWN")
        ),
        events=events,
    )
    return Soak({c.name: c for c in cameras}, 10, ("b",), Journal(), Leaks(), log, {})


def event(camera: str, text: str) -> Event:
    return Event(camera, RUN, "health", text)


EYE_SAID = (
    event("eye", "DARK: The picture is black. Check the lamp. (frame 19)"),
    event("eye", "DARK: over, after 2.0 s, 16 frames UNKNOWN for it (frame 55)"),
    event("eye", "FROZEN: The same again. Switch it off and on. (frame 70)"),
    event("eye", "FROZEN: over, after 2.5 s, 20 frames UNKNOWN for it (frame 111)"),
    event("eye", "DARK: The picture is black. Check the lamp. (frame 120)"),
    event("eye", "DARK: over, the pictures stopped after 1.9 s, 15 frames UNKNOWN for it"),
)
WEB_SAID = (
    event("web", "DAMAGED: Pictures arrive damaged. Check the cable. (frame 26)"),
    event("web", "DAMAGED: over, after 3.3 s (frame 68)"),
)


def failing() -> Soak:
    """Two cameras that fail by themselves, on a line that does as it should."""
    outcomes = {(c.name, seq): outcome_of(c, seq) for c in (EYE, WEB) for seq in range(FRAMES)}
    return soaked((EYE, WEB), outcomes, (*EYE_SAID, *WEB_SAID))


def with_outcome(soak: Soak, camera: str, seq: int, outcome: str) -> Soak:
    spans = tuple(replace(s, outcome=outcome) if (s.camera, s.start) == (camera, seq) else s for s in soak.log.spans)
    return replace(soak, log=replace(soak.log, spans=spans))


def with_events(soak: Soak, change: Callable[[Event], Event | None]) -> Soak:
    events = tuple(said for one in soak.log.events if (said := change(one)) is not None)
    return replace(soak, log=replace(soak.log, events=events))


def without(text: str) -> Callable[[Soak], Soak]:
    return lambda soak: with_events(soak, lambda one: None if one.text.startswith(text) else one)


def with_fault(name: str, target: str, from_s: float, *relaxes: str) -> Callable[[Soak], Soak]:
    fault = Fault(name, target, relaxes, from_s, from_s + SETTLING_S)
    return lambda soak: replace(soak, journal=replace(soak.journal, faults=(*soak.journal.faults, fault)))


def alarm_without_cause(soak: Soak) -> Soak:
    extra = (event("eye", "FROZEN: The same again. (frame 45)"), event("eye", "FROZEN: over, after 1 s (frame 60)"))
    return replace(soak, log=replace(soak.log, events=(*soak.log.events, *extra)))


def late(before: str, after: str) -> Callable[[Soak], Soak]:
    return lambda soak: with_events(soak, lambda one: replace(one, text=one.text.replace(before, after)))


def judge_frozen_by_its_own_number(soak: Soak) -> Soak:
    """What is seen is picture 64, not that which would have come."""
    other = next(seq for seq in range(65, 70) if EYE.is_bad(seq) != EYE.is_bad(64) or seq == 69)
    return with_outcome(soak, "eye", other, "GOOD" if EYE.is_bad(64) else "BAD")


# --- a watched folder ---


def drop(number: int) -> Drop:
    return Drop("inbox", f"{number}.png", number, 1000, at_s(number))


def inbox() -> Soak:
    """Three files, in another order than their numbers; one was taken as a half before it was whole."""
    drops = (drop(0), drop(1), drop(2))
    takings = tuple(
        Taking("inbox", RUN, seq, f"{number}.png", size)
        for seq, (number, size) in enumerate([(1, 1000), (2, 400), (0, 1000), (2, 1000)])
    )
    states = ["BAD" if INBOX.is_bad(n) else "GOOD" for n in (1, 2, 0, 2)]
    states[1] = "UNKNOWN"
    soak = soaked((INBOX,), {("inbox", seq): state for seq, state in enumerate(states)}, ())
    return replace(soak, watched=Watched(drops, takings))


def one_more_file(soak: Soak) -> Soak:
    return replace(soak, watched=replace(soak.watched, drops=(*soak.watched.drops, drop(3))))


def taken_again(soak: Soak) -> Soak:
    twice = tuple(replace(t, file="1.png", size=1000) if t.seq == 2 else t for t in soak.watched.takings)
    return replace(soak, watched=replace(soak.watched, takings=twice))


def taken_for_another(soak: Soak) -> Soak:
    """Files 0, which is BAD or not, and another of the other kind have changed places."""
    drops = tuple(
        replace(d, number=d.number + 1000 * (INBOX.is_bad(d.number) == INBOX.is_bad(d.number + 1000)))
        for d in soak.watched.drops
    )
    numbers = {d.file: next(n for n in range(99) if INBOX.is_bad(n) != INBOX.is_bad(d.number)) for d in drops[:1]}
    drops = tuple(replace(d, number=numbers.get(d.file, d.number)) for d in soak.watched.drops)
    return replace(soak, watched=replace(soak.watched, drops=drops))


# --- parts and recipes ---


def asked(name: str, wanted: str, frame: int, *, yes: bool = True) -> Asked:
    return Asked(name, "eye" if name == "announce part" else "hurried", wanted, yes, at_s(frame), at_s(frame + 5))


def parted() -> Soak:
    """Two parts and a recipe; one announcement that was refused."""
    soak = failing()
    parts = (Part("eye", RUN, 0, "A", 40, _state(soak, 40, 60)), Part("eye", RUN, 1, "", 60, _state(soak, 60, FRAMES)))
    questions = (
        asked("announce part", "A", 35),
        asked("announce part", "B", 50, yes=False),
        asked("switch recipe", "hurried", 90),
        asked("switch recipe", "none", 120),
    )
    named = tuple(
        replace(
            one,
            part="A" if one.camera == "eye" and 40 <= one.seq < 60 else "",
            settings="fast" if 93 <= one.seq < 123 else "plain",
        )
        for one in soak.log.rows
    )
    log = replace(soak.log, parts=parts, rows=named, recipes={"plain": "", "fast": "hurried"})
    return replace(soak, log=log, journal=replace(soak.journal, asked=questions))


def _state(soak: Soak, first: int, stop: int) -> str:
    found = {s.outcome for s in soak.log.spans if s.camera == "eye" and first <= s.start < stop}
    return "BAD" if "BAD" in found else "UNKNOWN" if "UNKNOWN" in found else "GOOD"


def with_parts(change: Callable[[Part], Part | None]) -> Callable[[Soak], Soak]:
    def changed(soak: Soak) -> Soak:
        parts = tuple(said for one in soak.log.parts if (said := change(one)) is not None)
        return replace(soak, log=replace(soak.log, parts=parts))

    return changed


def with_rows(change: Callable[[Row], Row]) -> Callable[[Soak], Soak]:
    return lambda soak: replace(soak, log=replace(soak.log, rows=tuple(change(one) for one in soak.log.rows)))


WELL = {failing: ("unfit", "alarms"), inbox: ("unfit", "files"), parted: ("parts", "recipes")}


@pytest.mark.parametrize("made", WELL, ids=lambda made: made.__name__)
def test_a_line_that_does_as_it_should_breaks_nothing_and_is_looked_at(made: Callable[[], Soak]) -> None:
    findings = {name: LOOK[name](made()) for name in NAMED}
    assert {name: finding.breaks for name, finding in findings.items() if finding.breaks} == {}
    assert all(findings[name].checked for name in WELL[made])


BROKEN: dict[str, tuple[Callable[[], Soak], Callable[[Soak], Soak], str]] = {
    "black-is-judged": (failing, lambda s: with_outcome(s, "eye", 15, "GOOD"), "unfit"),
    "frozen-is-judged-late": (failing, lambda s: with_outcome(s, "eye", 80, "GOOD"), "unfit"),
    "damaged-is-judged": (failing, lambda s: with_outcome(s, "web", 22, "BAD"), "unfit"),
    "frozen-is-another-picture": (failing, judge_frozen_by_its_own_number, "verdicts"),
    "no-alarm": (failing, without("DARK: The"), "alarms"),
    "no-alarm-of-damage": (failing, without("DAMAGED: P"), "alarms"),
    "no-end": (failing, without("FROZEN: over"), "alarms"),
    "late-alarm": (failing, late("(frame 70)", "(frame 83)"), "alarms"),
    "late-end": (failing, late("(frame 55)", "(frame 88)"), "alarms"),
    "early-end": (failing, late("(frame 111)", "(frame 88)"), "alarms"),
    "alarm-without-cause": (failing, alarm_without_cause, "alarms"),
    "no-alarm-and-a-death-long-before": (
        lambda: with_fault("kill", "capture eye", at_s(0) - 60)(failing()),
        without("DARK: The"),
        "alarms",
    ),
    "half-a-file-is-judged": (inbox, lambda s: with_outcome(s, "inbox", 1, "GOOD"), "unfit"),
    "file-never-judged": (inbox, one_more_file, "files"),
    "file-judged-twice": (inbox, taken_again, "files"),
    "file-judged-twice-as-its-capture-died": (
        lambda: with_fault("kill", "capture inbox", at_s(3))(inbox()),
        taken_again,
        "files",
    ),
    "file-taken-for-another": (inbox, taken_for_another, "verdicts"),
    "part-lost": (parted, with_parts(lambda one: None if one.part == "A" else one), "parts"),
    "part-nobody-announced": (parted, with_parts(lambda one: replace(one, part=one.part and "C")), "parts"),
    "part-undecided": (parted, with_parts(lambda one: replace(one, state=None)), "parts"),
    "part-decided-wrongly": (parted, with_parts(lambda one: replace(one, state="GOOD")), "parts"),
    "row-of-another-part": (parted, with_rows(lambda one: replace(one, part="A")), "parts"),
    "recipe-not-taken": (parted, with_rows(lambda one: replace(one, settings="plain")), "recipes"),
    "recipe-not-let-go": (parted, with_rows(lambda one: replace(one, settings="fast")), "recipes"),
}


@pytest.mark.parametrize(("made", "tamper", "name"), BROKEN.values(), ids=BROKEN.keys())
def test_what_is_wrong_is_found(made: Callable[[], Soak], tamper: Callable[[Soak], Soak], name: str) -> None:
    assert LOOK[name](tamper(made())).breaks


EXCUSED: dict[str, tuple[Callable[[], Soak], Callable[[Soak], Soak], Callable[[Soak], Soak], str]] = {
    "alarm-lost-with-its-capture": (
        failing,
        without("DARK: The"),
        with_fault("kill", "capture eye", at_s(121)),
        "alarms",
    ),
    "alarm-lost-with-the-recorder": (failing, without("DAMAGED: P"), with_fault("kill", "record", at_s(27)), "alarms"),
    "end-lost-to-a-full-disk": (
        failing,
        without("FROZEN: over"),
        with_fault("full disk", "", at_s(100), "evidence"),
        "alarms",
    ),
    "file-judged-twice-as-the-line-died": (
        inbox,
        taken_again,
        with_fault("kill supervisor", "supervisor", at_s(3), "line"),
        "files",
    ),
}


@pytest.mark.parametrize(("made", "tamper", "fault", "name"), EXCUSED.values(), ids=EXCUSED.keys())
def test_what_a_fault_explains_is_no_break(
    made: Callable[[], Soak], tamper: Callable[[Soak], Soak], fault: Callable[[Soak], Soak], name: str
) -> None:
    before, after = LOOK[name](tamper(made())), LOOK[name](fault(tamper(made())))
    assert len(after.breaks) < len(before.breaks)


def test_a_list_of_what_was_taken_is_read_as_far_as_it_was_written() -> None:
    lines = [
        '{"mount": "/"}',
        '{"run": 1, "seq": 0, "file": "a.png", "size": 10, "mtime_ns": 1}',
        '{"placed": 0}',
        '{"run": 1, "seq": 1, "file": "b.png", "size": 10, "mtime_ns": 1}',
        '{"back": 1}',
        '{"run": 2, "seq": 0, "file": "b.png", "size": 10, "mtime_ns": 1}',
        '{"run": 2, "seq": 1, "fi',
    ]
    assert takings_in("inbox", lines) == (Taking("inbox", 1, 0, "a.png", 10), Taking("inbox", 2, 0, "b.png", 10))


def test_a_picture_may_wait_for_a_recorder_that_was_hit_and_for_no_other_reason() -> None:
    hit = Fault("kill", "record", (), 10.0, 10.5 + SETTLING_S)
    journal = Journal(faults=(hit, Fault("kill", "display", (), 20.0, 20.0 + SETTLING_S)))
    assert journal.written_by(5.0, 1.0) == 6.0
    assert journal.written_by(9.5, 1.0) == 10.5 + WRITES_AGAIN_S
    assert journal.written_by(20.0, 1.0) == 21.0
