"""Whether the minutes count what verdicts and ledger say: BAD frames minute by minute, all others in sum.

A minute in which a frame without a picture was told of, or a GOOD frame was captured, stands nowhere else. But each
frame is counted once, so a camera's minutes and the ledgers of its runs have the same sums, at every commit.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timezone
from itertools import groupby

import msgspec

from stream.audit_check import Finding
from stream.audit_forms import formed
from stream.audit_merge import beside
from stream.messages import CHALLENGE_SOURCE
from stream.minutes import DROPPED, MINUTE_NS, REASONS_MAX

MINUTES = f"""
SELECT camera, minute, good, bad, unknown, dropped, lost, latency_ms_sum, latency_ms_max, reasons FROM minutes
WHERE {formed("minutes")} ORDER BY camera, minute
"""
# Rows from before the chain are from before the minutes, too. MS: a latency in the recorder's own unit.
MS = "max(0.0, (judged_mono_ns - captured_mono_ns) / 1e6)"
DATED = f"""
SELECT camera, captured_utc_ns / {MINUTE_NS} AS minute, count(*) FILTER (WHERE state='BAD'),
  count(*) FILTER (WHERE state='UNKNOWN'), total({MS}) FILTER (WHERE state='BAD'), max({MS})
FROM verdicts WHERE entry <> 0
  AND {formed("verdicts", "camera", "state", "captured_utc_ns", "captured_mono_ns", "judged_mono_ns", "entry")}
  AND captured_utc_ns IS NOT NULL GROUP BY camera, minute ORDER BY camera, minute
"""
IS_PRODUCT = f"""
FROM runs WHERE substr(source, 1, {len(CHALLENGE_SOURCE)}) <> '{CHALLENGE_SOURCE}' AND {formed("runs")}
"""
IN_LEDGER = f"""
SELECT outcome, total(stop - start) FROM ledger WHERE camera = ? AND {formed("ledger")}
  AND run IN (SELECT run {IS_PRODUCT} AND camera = ledger.camera) GROUP BY outcome
"""
LOST = f"SELECT total(lost) {IS_PRODUCT} AND camera = ?"  # `total` never overflows, as `sum` does
CAMERAS = f"SELECT DISTINCT camera {IS_PRODUCT} UNION SELECT DISTINCT camera FROM minutes WHERE {formed('minutes')}"
LOST_BEFORE = "lost"
ROUNDING_MS = 1e-3  # that a sum of many latencies may be off by, a frame
_reasons = msgspec.json.Decoder(dict[str, int])


@dataclass(frozen=True)
class Row:
    """A minute as it stands in the log."""

    camera: str
    minute: int
    good: int
    bad: int
    unknown: int
    dropped: int
    lost: int
    latency_ms_sum: float
    latency_ms_max: float
    reasons: str


@dataclass(frozen=True)
class Dated:
    """What verdicts say of a minute."""

    bad: int = 0
    unknown: int = 0
    bad_ms: float = 0.0
    most_ms: float = 0.0


@dataclass
class Sums:
    """A camera's frames by what became of them: the words of the ledger, and LOST."""

    of: Counter[str] = field(default_factory=Counter)
    told_apart: bool = True  # whether each reason of a dropped frame is: a minute takes no more than a few

    def add(self, row: Row) -> None:
        self.of.update({"GOOD": row.good, "BAD": row.bad, "UNKNOWN": row.unknown, LOST_BEFORE: row.lost})
        reasons = reasons_of(row) or {}
        self.told_apart &= len(reasons) < REASONS_MAX
        self.of.update({reason: count for reason, count in reasons.items() if reason.startswith(DROPPED)})


def check_minutes(db: sqlite3.Connection, *, older: bool) -> Iterator[Finding]:
    """Every minute, and the sums. `older`: the log has frames from before there were minutes."""
    sums: dict[str, Sums] = {camera: Sums() for (camera,) in db.execute(CAMERAS) if isinstance(camera, str)}
    noted = (((row[0], row[1]), Row(*row)) for row in db.execute(MINUTES))
    dated = (((row[0], row[1]), Dated(row[2], row[3], row[4] or 0.0, row[5] or 0.0)) for row in db.execute(DATED))
    for camera, minutes in groupby(beside(noted, dated), key=lambda one: one[0][0]):
        for (_, minute), row, due in minutes:
            name = f"minute {camera}/{minute} ({_time(minute)})"
            if row is None:
                yield Finding(f"{name}: missing, verdicts are of it")
                continue
            sums.setdefault(camera, Sums()).add(row)
            yield from (Finding(f"{name}: changed, {said}") for said in _wrong(row, due or Dated()))
    for camera, counted in sums.items():
        yield from _summed(db, camera, counted, older=older)


def _wrong(row: Row, due: Dated) -> Iterator[str]:
    if row.bad != due.bad:
        yield f"its bad is {row.bad} and should be {due.bad} by the verdicts"
    if row.unknown < due.unknown:
        yield f"its unknown is {row.unknown} and should be {due.unknown} by the verdicts, or more"
    if min(row.good, row.dropped, row.lost) < 0:
        yield "it counts less than nothing"
    yield from _wrong_reasons(row)
    judged = row.good + row.bad
    slack_ms = ROUNDING_MS * (1 + judged)
    least_ms, most_ms = due.bad_ms - slack_ms, judged * row.latency_ms_max + slack_ms
    if not least_ms <= row.latency_ms_sum <= max(0.0, most_ms):
        yield f"its latency_ms_sum is {row.latency_ms_sum:g}, by its frames it lies from {least_ms:g} to {most_ms:g}"
    if row.latency_ms_max < due.most_ms - ROUNDING_MS:
        yield f"its latency_ms_max is {row.latency_ms_max:g} and should be {due.most_ms:g} by the verdicts, or more"


def _wrong_reasons(row: Row) -> Iterator[str]:
    """The reasons of a minute are those of its UNKNOWN and of its dropped frames: each has one."""
    reasons = reasons_of(row)
    if reasons is None:
        yield "its reasons are not in the form of any"
        return
    dropped = sum(count for reason, count in reasons.items() if reason.startswith(DROPPED))
    unknown = sum(reasons.values()) - dropped
    if (unknown, dropped) != (row.unknown, row.dropped):
        yield (
            f"its unknown is {row.unknown} and its dropped {row.dropped}, by its reasons {unknown} and {dropped}"
            f" ({row.reasons[:200]})"
        )


def _summed(db: sqlite3.Connection, camera: str, counted: Sums, *, older: bool) -> Iterator[Finding]:
    due = Counter({outcome: int(frames) for outcome, frames in db.execute(IN_LEDGER, (camera,))})
    due[LOST_BEFORE] = int(db.execute(LOST, (camera,)).fetchone()[0])
    there = counted.of if counted.told_apart else _merged(counted.of)
    due = due if counted.told_apart else _merged(due)
    for name in sorted(there.keys() | due.keys()):
        if there[name] != due[name] and not (older and there[name] < due[name]):
            where = "its runs" if name == LOST_BEFORE else "its ledger"
            yield Finding(
                f"camera {camera}: its minutes count {there[name]} {name} frames, {where} {due[name]}: one was changed"
            )


def _merged(frames: Counter[str]) -> Counter[str]:
    """Whatever the reason, a dropped frame is one."""
    merged: Counter[str] = Counter()
    for name, count in frames.items():
        merged[DROPPED if name.startswith(DROPPED) else name] += count
    return merged


def reasons_of(row: Row) -> dict[str, int] | None:
    """How many frames of the minute had which reason; None where that cannot be read."""
    try:
        return _reasons.decode(row.reasons)
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
        return None


def _time(minute: int) -> str:
    try:
        return datetime.fromtimestamp(minute * 60, timezone.utc).isoformat(timespec="minutes")
    except (ValueError, OverflowError, OSError):
        return "no time that there is"
