"""Which day or shift a report is of, from the words that people give. Pure but for the computer's own zone."""

from __future__ import annotations

from datetime import date, tzinfo

from stream.shifts import Shift, day_of, shifts_of, times_of


class SpanWordError(ValueError):
    """No day and no shift; the text says what was got, and what to give."""


def shift_named(day: str, shift: str, words: str | None, usual: date, zone: tzinfo | None = None) -> Shift:
    """The day, or the shift that begins then; the `usual` day where neither is given. Raises SpanWordError."""
    if day and shift:
        raise SpanWordError("day, shift: both are given; give one of the two")
    if not shift:
        return day_of(_date(day, "day") if day else usual, zone)
    of, _, begins = shift.partition(" ")
    known = shifts_of(_date(of, "shift"), times_of(words), zone)
    found = next((one for one in known if one.name == shift), None)
    if found is None:
        names = ", ".join(one.name for one in known)
        raise SpanWordError(f"shift: none begins at {(begins or of)[:20]!a} on that day; known: {names}")
    return found


def _date(word: str, name: str) -> date:
    try:
        found = date.fromisoformat(word)
    except ValueError:
        raise SpanWordError(f"{name}: not a day, got {word[:20]!a}; give 2026-11-22") from None
    if not 1971 <= found.year <= 2200:
        raise SpanWordError(f"{name}: a day from 1971 to 2200 is needed, got {word}")
    return found
