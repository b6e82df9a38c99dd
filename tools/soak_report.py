"""What a soak did, counted: faults by kind, and how long each role took to be back. Pure: journal in, numbers out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from .soak_faults import BY_NAME
from .soak_schedule import KILLS
from .soak_truth import FaultEntry, JournalEntry, LineEntry, RecoveryEntry


class FaultCount(msgspec.Struct, frozen=True):
    """One kind of fault."""

    name: str
    done: int
    not_done: int
    why_not: tuple[str, ...]


class Times(msgspec.Struct, frozen=True):
    """Seconds, of `count` cases."""

    count: int
    p50_s: float
    max_s: float


class RoleTimes(msgspec.Struct, frozen=True):
    """How a role came back after one kind of fault; None: never measured."""

    role: str  # capture | inspect | record | display | supervisor
    fault: str
    found: Times | None  # until it was dead: after `stop` and `hang` the supervisor must find it
    back: Times | None  # from its death to its work
    whole: Times | None  # from the fault to its work
    lost: int  # not back within the time that is watched


class SoakReport(msgspec.Struct, frozen=True):
    """All of it."""

    seed: int
    minutes: float
    kills_and_stops: int
    faults: tuple[FaultCount, ...]
    recoveries: tuple[RoleTimes, ...]
    adopted_frames: int  # that lay in the rings of captures that had died
    line_starts: int
    line_exits_unasked: int
    notes: tuple[str, ...]
    check_exit_code: int | None


def report_of(
    journal: Sequence[JournalEntry],
    *,
    seed: int,
    minutes: float,
    notes: tuple[str, ...],
    check: int | None,
    adopted: int = 0,
) -> SoakReport:
    """What the journal adds up to. `adopted`: frames that dead captures left; what became of them says the checker."""
    faults = [entry for entry in journal if isinstance(entry, FaultEntry)]
    lines = [entry for entry in journal if isinstance(entry, LineEntry)]
    return SoakReport(
        seed=seed,
        minutes=minutes,
        kills_and_stops=sum(f.done for f in faults if BY_NAME[f.name].kind.row == KILLS),
        faults=tuple(_count(name, faults) for name in BY_NAME),
        recoveries=_recoveries(journal),
        adopted_frames=adopted,
        line_starts=sum(entry.what == "started" for entry in lines),
        line_exits_unasked=sum(entry.what == "exited" and not entry.asked for entry in lines),
        notes=notes,
        check_exit_code=check,
    )


def times_of(seconds: Iterable[float]) -> Times | None:
    """The middle and the worst; None of nothing."""
    ordered = sorted(seconds)
    if not ordered:
        return None
    return Times(len(ordered), round(ordered[len(ordered) // 2], 3), round(ordered[-1], 3))


def as_text(report: SoakReport) -> str:
    """For people."""
    lines = [f"{'fault':<20} {'done':>5} {'not':>4}"]
    for fault in report.faults:
        why = f"   {'; '.join(fault.why_not)}" if fault.why_not else ""
        lines.append(f"{fault.name:<20} {fault.done:>5} {fault.not_done:>4}{why}")
    lines += [
        "",
        f"{'role':<11} {'after':<16} {'cases':>5}  {'found p50/max s':<16} {'death to work p50/max s':<24} lost",
    ]
    for row in report.recoveries:
        cases = row.found.count if row.found else 0
        lines.append(
            f"{row.role:<11} {row.fault:<16} {cases:>5}  {_pair(row.found):<16} {_pair(row.back):<24} {row.lost}"
        )
    exits = f"the supervisor started {report.line_starts} times and ended {report.line_exits_unasked} times by itself"
    lines += ["", f"{report.adopted_frames} frames lay in the ring of a capture that had died"]
    lines += ["", f"{report.kills_and_stops} kills and stops; {exits}", *(f"note: {note}" for note in report.notes)]
    return "\n".join(lines)


def _count(name: str, faults: list[FaultEntry]) -> FaultCount:
    mine = [fault for fault in faults if fault.name == name]
    reasons = tuple(dict.fromkeys(fault.text for fault in mine if not fault.done))
    return FaultCount(name, sum(f.done for f in mine), sum(not f.done for f in mine), reasons)


def _recoveries(journal: Sequence[JournalEntry]) -> tuple[RoleTimes, ...]:
    names = {entry.id: entry.name for entry in journal if isinstance(entry, FaultEntry)}
    groups: dict[tuple[str, str], list[RecoveryEntry]] = {}
    for entry in journal:
        if isinstance(entry, RecoveryEntry):
            groups.setdefault((entry.target.split(" ")[0], names.get(entry.id, entry.name)), []).append(entry)
    return tuple(_times(role, fault, group) for (role, fault), group in sorted(groups.items()))


def _times(role: str, fault: str, group: list[RecoveryEntry]) -> RoleTimes:
    back = [e.work_s - e.found_s for e in group if e.work_s is not None and e.found_s is not None]
    return RoleTimes(
        role,
        fault,
        found=times_of(e.found_s for e in group if e.found_s is not None),
        back=times_of(back),
        whole=times_of(e.work_s for e in group if e.work_s is not None),
        lost=sum(e.beat_s is None for e in group),
    )


def _pair(times: Times | None) -> str:
    return "-" if times is None else f"{times.p50_s:.2f} / {times.max_s:.2f}"
