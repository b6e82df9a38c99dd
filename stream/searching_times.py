"""Points in time as people and programs write them, and as people read them. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

FIRST = datetime(1970, 1, 1, tzinfo=timezone.utc)
LAST_NS = 2**63 - 1
DIGITS_MAX = 19


class MomentError(ValueError):
    """Not a point in time; the text says what was got."""


def moment_ns(word: str, name: str) -> int:
    """Nanoseconds since 1970, of ISO text (UTC where it says nothing else) or of just these. Raises MomentError."""
    if word.isascii() and word.isdigit():
        return min(int(word[: DIGITS_MAX + 1]), LAST_NS)
    try:
        moment = datetime.fromisoformat(word.replace(" ", "+").replace("Z", "+00:00"))
        aware = moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
        since = aware - FIRST
    except (ValueError, OverflowError):
        raise MomentError(
            f"{name}: not a time, got {word[:40]!a}; give 2026-11-22, 2026-11-22T14:05 (UTC), or nanoseconds since 1970"
        ) from None
    exact = (since.days * 86_400 + since.seconds) * 1_000_000_000 + since.microseconds * 1000
    return min(max(0, exact), LAST_NS)


def iso(utc_ns: int) -> str:
    """A time for people, UTC, to the millisecond."""
    return (FIRST + timedelta(microseconds=utc_ns // 1000)).isoformat(timespec="milliseconds")
