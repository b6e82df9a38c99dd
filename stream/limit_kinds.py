"""The kinds of limits that a setting may have: a range, a choice, a word of a stated form. They say what is wrong."""

from __future__ import annotations

import re
from collections.abc import Callable
from math import inf
from typing import Any

from stream.recipes import NONE

CAMERA_NAME = re.compile(r"[A-Za-z0-9_-]{1,32}")
HOST_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
FOURCC = re.compile(r"[A-Za-z0-9 ]{4}")
Limit = Callable[[Any], "str | None"]  # a value of the setting's type → what is wrong with it


def one_of(*allowed: str) -> Limit:
    return lambda value: None if value in allowed else f"must be one of {', '.join(allowed)}"


def within(low: float, high: float) -> Limit:
    return lambda value: None if low <= value <= high else f"must be {low:g} to {high:g}"


def at_least(low: float) -> Limit:
    return lambda value: None if value >= low else f"must be {low:g} or more"


def above(low: float, high: float = inf) -> Limit:
    most = "" if high == inf else f" and at most {high:g}"
    return lambda value: None if low < value <= high else f"must be more than {low:g}{most}"


def unless_auto(limit: Limit) -> Limit:
    """None is the word `auto`."""
    return lambda value: None if value is None else limit(value)


def camera_name(name: str) -> str | None:
    """What is wrong with the name; it becomes part of folders and of process names."""
    if CAMERA_NAME.fullmatch(name):
        return None
    for sign, said in (("/", "a `/`"), ("..", "`..`"), (" ", "a space")):
        if sign in name:
            return f"a camera's name may not hold {said}; use 1 to 32 of A-Z a-z 0-9 _ -"
    return "not a camera's name; use 1 to 32 of A-Z a-z 0-9 _ -"


def recipe_name(name: str) -> str | None:
    """What is wrong with the name; it stands in the log and in commands."""
    if name == NONE:
        return f"`{NONE}` stands for the line's own settings; take another name"
    return None if CAMERA_NAME.fullmatch(name) else "not a recipe's name; use 1 to 32 of A-Z a-z 0-9 _ -"


def fourcc(name: str) -> str | None:
    """What is wrong with the name of a pixel format."""
    return None if FOURCC.fullmatch(name) else "must be four letters or digits; `python -m stream cameras` lists them"


def host_names(names: str) -> str | None:
    if all(HOST_NAME.fullmatch(name) for name in names.split()):
        return None
    return "each must be the name of a computer, without port; write them with spaces between, e.g. line7.factory"
