"""When shifts begin and end, in local time: also where a clock is set forward or back in one. Pure but for the zone.

Without shifts a calendar day is one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
MIDNIGHT = time(0)


@dataclass(frozen=True)
class Shift:
    """A time of work: begin_ns <= t < end_ns, UTC."""

    begin_ns: int
    end_ns: int
    name: str  # as people call it: 2026-11-22 06:00, or the day


def times_of(words: str | None) -> tuple[time, ...]:
    """The times at which shifts begin, in order; midnight where none are given. Raises ValueError."""
    found = []
    for word in (words or "").split():
        if not (match := TIME.fullmatch(word)):
            raise ValueError(f"a time such as 06:00, got {word[:20]!a}")
        found.append(time(int(match[1]), int(match[2])))
    if len(set(found)) < len(found):
        raise ValueError("the same time twice")
    return tuple(sorted(found)) or (MIDNIGHT,)


def shift_at(utc_ns: int, times: tuple[time, ...], zone: tzinfo | None = None) -> Shift:
    """The shift that is on at that moment. `zone` None: the computer's own."""
    day = datetime.fromtimestamp(utc_ns / 1e9, zone).date()
    known = [shift for n in (-1, 0, 1) for shift in shifts_of(day + timedelta(days=n), times, zone)]
    return next(shift for shift in known if shift.begin_ns <= utc_ns < shift.end_ns)


def shifts_of(day: date, times: tuple[time, ...], zone: tzinfo | None = None) -> tuple[Shift, ...]:
    """The shifts that begin on that day; one that a clock set forward leaves no time for is none."""
    return tuple(shift for shift in _shifts(day, times, zone) if shift.begin_ns < shift.end_ns)


def day_of(day: date, zone: tzinfo | None = None) -> Shift:
    """A calendar day."""
    return shifts_of(day, (MIDNIGHT,), zone)[0]


def _shifts(day: date, times: tuple[time, ...], zone: tzinfo | None) -> Iterator[Shift]:
    ends = [*((day, begin) for begin in times[1:]), (day + timedelta(days=1), times[0])]
    for begin, end in zip(times, ends, strict=True):
        named = day.isoformat() if times == (MIDNIGHT,) else f"{day.isoformat()} {begin:%H:%M}"
        yield Shift(_ns(day, begin, zone), _ns(*end, zone), named)


def _ns(day: date, at: time, zone: tzinfo | None) -> int:
    """Without a zone `timestamp` takes the computer's own."""
    return round(datetime.combine(day, at, zone).timestamp()) * 1_000_000_000
