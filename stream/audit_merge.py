"""What is there beside what should be, both in the order of their keys: neither is in memory as a whole. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Protocol, TypeVar


class Key(Protocol):
    """What has an order."""

    def __lt__(self, other: Any, /) -> bool: ...


K = TypeVar("K", bound=Key)
F = TypeVar("F")
E = TypeVar("E")


def beside(found: Iterable[tuple[K, F]], expected: Iterable[tuple[K, E]]) -> Iterator[tuple[K, F | None, E | None]]:
    """Each key once, upwards, with what is found at it and what is expected there; None where there is nothing."""
    left, right = iter(found), iter(expected)
    there, due = next(left, None), next(right, None)
    while there is not None or due is not None:
        if due is None or (there is not None and there[0] < due[0]):
            assert there is not None
            yield there[0], there[1], None
            there = next(left, None)
        elif there is None or due[0] < there[0]:
            yield due[0], None, due[1]
            due = next(right, None)
        else:
            yield due[0], there[1], due[1]
            there, due = next(left, None), next(right, None)


def unlike(names: Iterable[str], found: Iterable[object], expected: Iterable[object]) -> str:
    """In words where two rows differ: what was found, and what it should be; empty where they do not."""
    pairs = zip(names, found, expected, strict=True)
    return ", ".join(f"its {name} is {there!r} and should be {due!r}" for name, there, due in pairs if there != due)
