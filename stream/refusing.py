"""A role that must not work with what it was given: how it says so to its supervisor, and how its end is told."""

from __future__ import annotations

from pathlib import Path

from stream.endings import ended
from stream.places import Places

REFUSED = 78  # exit code of a role that must not work with what it was given (sysexits.h: EX_CONFIG)
NEVER_RAN = 71  # stands for the exit code where the system had no process for it (sysexits.h: EX_OSERR)


def refusal_file(places: Places, role: str) -> Path:
    """Where a role that refuses to work leaves its reason for the supervisor."""
    return places.heart(role).with_suffix(".refusal")


def read_refusal(places: Places, role: str) -> str:
    """The reason that a role left; empty where it left none."""
    try:
        return refusal_file(places, role).read_text()
    except OSError:
        return ""


def why_ended(code: int) -> str:
    """An exit code in words, for a sentence that begins with the role."""
    return {REFUSED: "refused to work", NEVER_RAN: "could not be started"}.get(code) or ended(code)
