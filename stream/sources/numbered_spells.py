"""When a numbered camera fails by itself, as a function of a picture's number: so its truth stays known. Pure.

black-15-35-100       of every hundred pictures those from 15 up to 35 are black
frozen-65-90-100      those from 65 up to 90 are picture 64 again, as a camera sends that has hung
damaged-8-18-50       those from 8 up to 18 arrive damaged
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

BLACK, FROZEN, DAMAGED = "black", "frozen", "damaged"
WRITTEN = re.compile(rf"({BLACK}|{FROZEN}|{DAMAGED})-(\d{{1,6}})-(\d{{1,6}})-(\d{{1,6}})")


@dataclass(frozen=True)
class Spell:
    """Of every so many pictures those start <= number < stop."""

    what: str
    start: int
    stop: int
    every: int

    def holds(self, number: int) -> bool:
        return self.start <= number % self.every < self.stop

    def __str__(self) -> str:
        return f"{self.what}-{self.start}-{self.stop}-{self.every}"


def spell_in(text: str) -> Spell:
    """As it is written in an address. Raises ValueError."""
    found = WRITTEN.fullmatch(text)
    if found is None:
        raise ValueError(f"no spell, got {text}; write one as black-15-35-100")
    spell = Spell(found[1], *(int(number) for number in found.groups()[1:]))
    if not 0 < spell.start < spell.stop <= spell.every:
        raise ValueError(f"{text}: the numbers must rise, and begin with 1 at least")
    return spell


def spell_at(spells: Iterable[Spell], number: int) -> str:
    """What is wrong with that picture; empty where nothing is."""
    return next((spell.what for spell in spells if spell.holds(number)), "")


def shown_at(spells: Iterable[Spell], number: int) -> int:
    """The number that the picture bears: in a frozen spell that of the last one before."""
    frozen = next((spell for spell in spells if spell.what == FROZEN and spell.holds(number)), None)
    return number if frozen is None else number - number % frozen.every + frozen.start - 1
