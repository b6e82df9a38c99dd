"""The figures of a time: what became of its frames, in steps of equal length, from the log's minutes. Reading alone.

Bounded: a question is answered in at most BUCKETS_MAX steps. It reads one row a camera and minute, and SQLite adds
them up: it does so beside whatever else Python does, such as the live view.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import msgspec

from stream.minutes import MINUTE_NS, Minute, added_reasons

BUCKETS_MAX = 2_000
SPAN_MAX_NS = 367 * 24 * 60 * MINUTE_NS
ROWS = """
SELECT minute, good, bad, unknown, dropped, lost, latency_ms_sum, latency_ms_max, reasons
FROM minutes WHERE {camera} minute >= ? AND minute < ?
"""
SUMS = """
SELECT sum(good), sum(bad), sum(unknown), sum(dropped), sum(lost), sum(latency_ms_sum), max(latency_ms_max)
FROM minutes WHERE camera IN (SELECT value FROM json_each(?)) AND minute >= ? AND minute < ?
"""
REASONS = """
SELECT word.key, sum(word.value) AS frames FROM minutes CROSS JOIN json_each(reasons) AS word
WHERE camera IN (SELECT value FROM json_each(?)) AND minute >= ? AND minute < ? GROUP BY word.key ORDER BY frames DESC
"""


class SpanError(ValueError):
    """A time that no figures can be made of; the text says what to do."""


@dataclass(frozen=True)
class Span:
    """A time, cut into steps: since_ns <= t < until_ns, UTC."""

    since_ns: int
    until_ns: int
    step_s: int

    def __post_init__(self) -> None:
        if self.step_s < 60 or self.step_s % 60:
            raise SpanError(f"step_s: whole minutes, got {self.step_s}; give 60, 300, 3600")
        if not self.since_ns < self.until_ns <= self.since_ns + SPAN_MAX_NS:
            raise SpanError("until: later than since, and by a year at most; give another time")
        if self.until_ns - self.since_ns > BUCKETS_MAX * self.step_ns:
            raise SpanError(
                f"step_s: {self.step_s} s make more than {BUCKETS_MAX} steps of that time; give a longer one"
            )

    @property
    def step_ns(self) -> int:
        return self.step_s * 1_000_000_000

    @property
    def minutes(self) -> tuple[int, int]:
        """The minutes that begin in it, half open."""
        return -(-self.since_ns // MINUTE_NS), -(-self.until_ns // MINUTE_NS)

    @property
    def steps(self) -> Iterator[tuple[int, int, int]]:
        """Each step's beginning (ns, UTC), and the minutes that begin in it, half open."""
        first, stop = self.minutes
        each = self.step_s // 60
        for number, minute in enumerate(range(first, stop, each)):
            yield self.since_ns + number * self.step_ns, minute, min(minute + each, stop)


class Bucket(msgspec.Struct, frozen=True):
    """What one step brought."""

    utc_ns: int  # of its beginning
    good: int
    bad: int
    unknown: int
    dropped: int
    lost: int
    latency_ms_mean: float | None
    latency_ms_max: float | None
    reasons: dict[str, int]  # of UNKNOWN; of dropped, behind `dropped:`


def rows_of(db: sqlite3.Connection, camera: str, first: int, stop: int) -> Iterator[tuple[int, Minute]]:
    """The minutes of a camera, or of all where it is empty, with what they brought."""
    sql = ROWS.format(camera="camera = ? AND" if camera else "")
    for minute, *counts, reasons in db.execute(sql, (*((camera,) if camera else ()), first, stop)):
        yield minute, replace(Minute(*counts), reasons=msgspec.json.decode(reasons, type=dict[str, int]))


def buckets(db: sqlite3.Connection, camera: str, span: Span) -> tuple[Bucket, ...]:
    """The steps of that time in which there were frames, oldest first."""
    cameras = msgspec.json.encode([camera] if camera else cameras_in(db)).decode()
    each = ((utc_ns, _sum(db, cameras, first, stop)) for utc_ns, first, stop in span.steps)
    return tuple(bucket_of(utc_ns, brought) for utc_ns, brought in each if brought is not None)


def cameras_in(db: sqlite3.Connection) -> list[str]:
    """The cameras that have minutes: a seek each, where DISTINCT would read every row."""
    names: list[str] = []
    after = ""
    while (name := db.execute("SELECT min(camera) FROM minutes WHERE camera > ?", (after,)).fetchone()[0]) is not None:
        names.append(name)
        after = name
    return names


def _sum(db: sqlite3.Connection, cameras: str, first: int, stop: int) -> Minute | None:
    """What those minutes brought, together; None where there were no frames. `cameras`: JSON."""
    asked = (cameras, first, stop)
    (counts,) = db.execute(SUMS, asked)
    if counts[0] is None:
        return None
    brought = Minute(*counts)
    if not brought.unknown + brought.dropped:
        return brought
    reasons: Mapping[str, int] = {}
    for reason, frames in db.execute(REASONS, asked):
        reasons = added_reasons(reasons, {reason: frames})
    return replace(brought, reasons=reasons)


def total(minutes: Iterable[Minute]) -> Minute:
    """All of them together."""
    result = Minute()
    for minute in minutes:
        result = result + minute
    return result


def bucket_of(utc_ns: int, sum_: Minute) -> Bucket:
    """A step as it is told."""
    return Bucket(
        utc_ns=utc_ns,
        good=sum_.good,
        bad=sum_.bad,
        unknown=sum_.unknown,
        dropped=sum_.dropped,
        lost=sum_.lost,
        latency_ms_mean=None if sum_.latency_ms_mean is None else round(sum_.latency_ms_mean, 3),
        latency_ms_max=round(sum_.latency_ms_max, 3) if sum_.good + sum_.bad + sum_.unknown else None,
        reasons=dict(sum_.reasons),
    )
