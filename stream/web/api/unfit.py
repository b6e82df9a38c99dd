"""What a request got wrong, in words for people: msgspec says which type is wanted, not what came or may be meant."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import msgspec

from stream.problem import nearest

_UNKNOWN = re.compile(r"Object contains unknown field `(?P<name>[^`]*)`")
_MISSING = re.compile(r"Object missing required field `(?P<name>[^`]*)`")
_ONE_OF = re.compile(
    r"Expected `str` matching regex '\\\\A\((?P<words>[\w-]*(?:\|[\w-]*)+)\)\\\\Z' - at `\$\.(?P<name>\w+)`"
)
_OTHER = re.compile(r"(?P<said>.*) - at `\$\.(?P<name>\w+)`")
SHOWN_MOST = 40  # characters of a value


def in_words(error: Exception, kind: Any, given: Any) -> str:
    """What is wrong with `given`, which should have been a `kind`. Pure."""
    said = str(error)
    if unknown := _UNKNOWN.search(said):
        return _unknown(unknown["name"], _names(kind))
    if missing := _MISSING.search(said):
        return f"{missing['name']}: is missing; known: {', '.join(_names(kind))}"
    if one_of := _ONE_OF.fullmatch(said):
        words = [word for word in one_of["words"].split("|") if word]
        got = given.get(one_of["name"]) if isinstance(given, dict) else None
        meant = nearest(got, words) if isinstance(got, str) else None
        return f"{one_of['name']}: got {_short(got)}; {_did_you_mean(meant)}give one of {', '.join(words)}"
    if (other := _OTHER.fullmatch(said)) and isinstance(given, dict):
        return f"{other['name']}: got {_short(given.get(other['name']))}; {_lower(other['said'])}"
    return _lower(said)


def _unknown(name: str, known: Iterable[str]) -> str:
    names = tuple(known)
    meant = _did_you_mean(nearest(name, names))
    return f"{name[:SHOWN_MOST]!a}: not known here; {meant}known: {', '.join(names) or 'none'}"


def _did_you_mean(word: str | None) -> str:
    return f"did you mean {word}? " if word else ""


def _names(kind: Any) -> tuple[str, ...]:
    try:
        return tuple(field.encode_name for field in msgspec.structs.fields(kind))
    except TypeError:
        return ()


def _short(value: Any) -> str:
    said = ascii(value)
    return said if len(said) <= SHOWN_MOST else f"{said[:SHOWN_MOST]}…"


def _lower(said: str) -> str:
    return said[:1].lower() + said[1:]
