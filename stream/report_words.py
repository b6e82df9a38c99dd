"""How the report puts figures and what the log holds, for people. Pure; whatever comes from the log is escaped."""

from __future__ import annotations

from html import escape

from stream.challenge_log import Told
from stream.minutes import DROPPED
from stream.report_reading import ActSeen, EventSeen

REVIEW_WORDS = {"defect": "true defect", "false_alarm": "false alarm", "unsure": "unsure", "": "not reviewed"}
TEXT_MAX = 300


def text(said: str) -> str:
    """Whatever it is, it is text, and short."""
    return escape(said if len(said) <= TEXT_MAX else said[:TEXT_MAX] + "…")


def said_of(event: EventSeen) -> str:
    """What an event says, with its run where it has one."""
    return f"{event.text} (run {event.run})" if event.run else event.text


def how_of(challenge: Told) -> str:
    """What came of it; the incident of a known-bad part is told here alone, and must not vanish."""
    marked = challenge.what == "part" and challenge.state == "BAD" and challenge.frame
    if not marked:
        return challenge.said
    by = challenge.taken_off_by
    return (
        f"{challenge.said}: {challenge.frame}, {f'counted as a defect, says {by}' if by else 'not counted as a defect'}"
    )


def change_of(act: ActSeen) -> str:
    """Old and new value, where there are any."""
    return " → ".join(value for value in (act.old, act.new) if value)


def duration(seconds: float) -> str:
    """For people."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    said = [f"{hours} h"] if hours else []
    said += [f"{minutes} min"] if minutes else []
    return " ".join([*said, f"{rest} s"])


def share(part: int, whole: int) -> str:
    """In percent."""
    return f"{100 * part / whole:.2f} %" if whole else "–"


def compared(now: float | None, before: float | None) -> str:
    """To the week before."""
    if now is None or not before:
        return "–"
    change = 100 * (now / before - 1)
    return f"{change:+.0f} %" if abs(change) >= 0.5 else "±0 %"


def worded(reason: str) -> str:
    """A reason as people read it."""
    dropped = reason.removeprefix(DROPPED)
    return f"dropped ({text(dropped)})" if dropped != reason else f"UNKNOWN ({text(reason)})"
