"""Invariants of frames: each is accounted for, no defect is lost, no verdict is wrong, no row stands twice. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from tools.soak_check_facts import DROPPED, Finding, Soak
from tools.soak_check_journal import ALWAYS, POWER_CUT, Journal, Moment
from tools.soak_check_log import Row, Span
from tools.soak_check_story import Camera

JUDGED = ("GOOD", "BAD", "UNKNOWN")
LINE_DIED = "dropped:line_died"


def accounted(soak: Soak) -> Finding:
    """The ledger of each run tiles [0, captured), no frame twice, none beyond, none lost with a memory that stayed."""
    breaks = []
    for key, spans in soak.spans_of.items():
        run = soak.runs.get(key)
        name = f"{key[0]} run {key[1]}"
        if run is None:
            breaks.append(f"{name}: has a ledger and stands in no row of runs")
            continue
        breaks += [f"{name}: {said}" for said in _untiled(spans, run.captured)]
        breaks += [f"{name}: {s.outcome!r} is no outcome" for s in spans if not _is_outcome(s.outcome)]
        if not soak.journal.had(POWER_CUT):
            lost = [s for s in spans if s.outcome == LINE_DIED]
            breaks += [f"{name}: frames {s.start} to {s.stop - 1} are {LINE_DIED}, no power was cut" for s in lost]
    frames = sum(run.captured for run in soak.log.runs)
    return Finding(frames, tuple(breaks), _outcomes(soak.log.spans))


def rows_agree(soak: Soak) -> Finding:
    """A frame has a row where, and only where, the ledger says BAD or UNKNOWN, and the two say the same."""
    rows = {(row.camera, row.run, row.seq): row for row in soak.log.rows}
    told: dict[tuple[str, int, int], str] = {}
    for span in soak.log.spans:
        if span.outcome in ("BAD", "UNKNOWN") and not soak.is_challenge(span.camera, span.run):
            told |= {(span.camera, span.run, seq): span.outcome for seq in range(span.start, span.stop)}
    breaks = [f"{_named(*key)}: {told[key]} in the ledger, without a row" for key in told.keys() - rows.keys()]
    breaks += [f"{_named(*key)}: a row, and no such frame in the ledger" for key in rows.keys() - told.keys()]
    for key in told.keys() & rows.keys():
        if rows[key].state != told[key]:
            breaks.append(f"{_named(*key)}: {told[key]} in the ledger, {rows[key].state} in its row")
        breaks += [f"{_named(*key)}: {said}" for said in _unsaid(rows[key])]
    return Finding(len(told), tuple(sorted(breaks)))


def no_row_twice(soak: Soak) -> Finding:
    """One row a frame, one row a run; the file is whole in SQLite's own eyes."""
    rows = Counter((row.camera, row.run, row.seq) for row in soak.log.rows)
    runs = Counter((run.camera, run.run) for run in soak.log.runs)
    breaks = [f"{_named(*key)}: {count} rows" for key, count in rows.items() if count > 1]
    breaks += [f"{camera} run {run}: {count} rows" for (camera, run), count in runs.items() if count > 1]
    breaks += [f"the log's file: {said}" for said in soak.log.faults]
    return Finding(len(soak.log.rows) + len(soak.log.runs), tuple(breaks))


def no_defect_lost(soak: Soak) -> Finding:
    """What was BAD is BAD, UNKNOWN for a reason, or dropped by a name that what was done to the line explains."""
    checked, fates, breaks = 0, Counter[str](), []
    reasons = {(row.camera, row.run, row.seq): row.reason for row in soak.log.rows}
    for camera, run, seq, outcome in soak.frames():
        if not soak.is_bad(camera, run, seq):
            continue
        checked += 1
        fates[outcome] += 1
        when = soak.when(camera.name, run, seq) if outcome.startswith(DROPPED) else ALWAYS
        said = unexplained(camera, outcome, reasons.get((camera.name, run, seq)), soak.journal, when)
        if said:
            breaks.append(f"{_named(camera.name, run, seq)}: was BAD, {said}")
    for camera, run, seq in soak.frames_without_outcome():
        if soak.is_bad(camera, run, seq):
            checked += 1
            breaks.append(f"{_named(camera.name, run, seq)}: was BAD, and nothing is on record of it")
    return Finding(checked, tuple(breaks), _counted(fates))


def no_wrong_verdict(soak: Soak) -> Finding:
    """No GOOD where the truth is BAD, no BAD where it is GOOD."""
    checked, breaks = 0, []
    for camera, run, seq, outcome in soak.frames():
        is_bad = soak.is_bad(camera, run, seq)
        if outcome in ("GOOD", "BAD") and is_bad is not None:
            checked += 1
            truth = "BAD" if is_bad else "GOOD"
            if outcome != truth:
                breaks.append(f"{_named(camera.name, run, seq)}: {outcome}, and {truth} is true")
    strange = {run.camera for run in soak.log.runs} - soak.cameras.keys()
    breaks += [f"camera {name}: its truth is not known; is this the log of this soak?" for name in sorted(strange)]
    return Finding(checked, tuple(breaks))


def every_camera_judged(soak: Soak) -> Finding:
    """Each camera has GOOD and BAD frames on record: a line that judged nothing must not pass for a whole one."""
    seen: dict[str, Counter[str]] = {name: Counter() for name in soak.cameras}
    for span in soak.log.spans:
        if span.camera in seen:
            seen[span.camera][span.outcome] += span.stop - span.start
    wanted = {name: [w for w, is_drawn in _drawn(soak.cameras[name]) if is_drawn] for name in seen}
    breaks = [
        f"{name}: no frame is {word} of {counts.total()} on record"
        for name, counts in seen.items()
        for word in wanted[name]
        if not counts[word]
    ]
    return Finding(len(seen), tuple(breaks))


def known_judges(soak: Soak) -> Finding:
    """A verdict is of a bundle that was to judge here."""
    judged = [row for row in soak.log.rows if row.state == "BAD"]
    breaks = [
        f"{_named(row.camera, row.run, row.seq)}: judged by {row.bundle!r}"
        for row in judged
        if row.bundle not in soak.bundles
    ]
    return Finding(len(judged), tuple(breaks))


def unexplained(camera: Camera, outcome: str, reason: str | None, journal: Journal, when: Moment) -> str:
    """Why the fate of a defect, captured `when`, is a loss; empty where it is none."""
    if outcome == "GOOD":
        return "is GOOD"
    if outcome == "UNKNOWN":
        return "" if reason else "is UNKNOWN without a reason"
    if outcome == "BAD":
        return ""
    excuse = EXCUSES.get(outcome.removeprefix(DROPPED))
    return "" if excuse and excuse(camera, journal, when) else f"is {outcome}, which nothing explains"


def _piled_up(journal: Journal, when: Moment) -> bool:
    """Whether nobody took pictures for a while: those that may wait are so many, whatever the reader's policy."""
    return journal.away("inspect", when) or journal.away("record", when) or journal.excused("evidence", when)


# Why a frame may be dropped, by the name in the ledger, and when that explains it.
EXCUSES: dict[str, Callable[[Camera, Journal, Moment], bool]] = {
    "newest": lambda camera, _journal, _when: not camera.every,
    "ring_full": lambda camera, _journal, _when: not camera.every,
    "behind": lambda camera, journal, when: not camera.every or _piled_up(journal, when),
    "capture_died": lambda camera, journal, when: journal.hit(f"capture {camera.name}", when),
    "line_died": lambda _camera, journal, _when: journal.had(POWER_CUT),
    "unrecorded": lambda _camera, journal, when: journal.excused("evidence", when) and journal.hit("record", when),
}


def _untiled(spans: list[Span], captured: int) -> Iterator[str]:
    """Where intervals in the order of seq leave a hole, overlap, are empty or reach beyond what was captured."""
    at = 0
    for span in spans:
        if span.stop <= span.start:
            yield f"an empty interval at {span.start}"
        if span.start > at:
            yield f"frames {at} to {span.start - 1} are not accounted for"
        if span.start < at:
            yield f"frames {span.start} to {min(at, span.stop) - 1} are accounted for twice"
        at = max(at, span.stop)
    if at < captured:
        yield f"frames {at} to {captured - 1} are not accounted for"
    if at > captured:
        yield f"{captured} frames were captured, the ledger has {at}"


def _unsaid(row: Row) -> Iterator[str]:
    if row.state == "UNKNOWN" and not row.reason:
        yield "UNKNOWN without a reason"
    if row.state == "BAD" and row.score is None:
        yield "BAD without a score"


def _drawn(camera: Camera) -> Iterable[tuple[str, bool]]:
    return ("GOOD", camera.bad_share < 1), ("BAD", camera.bad_share > 0)


def _is_outcome(outcome: str) -> bool:
    return outcome in JUDGED or (outcome.startswith(DROPPED) and len(outcome) > len(DROPPED))


def _outcomes(spans: Iterable[Span]) -> str:
    counts: Counter[str] = Counter()
    for span in spans:
        counts[span.outcome] += span.stop - span.start
    return _counted(counts)


def _counted(counts: Counter[str]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in sorted(counts.items()))


def _named(camera: str, run: int, seq: int) -> str:
    return f"{camera} run {run} frame {seq}"
