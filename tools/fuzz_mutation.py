"""Bytes made from other bytes, by a seeded draw: what a disk, a network or a stranger makes of them. Pure.

The same draw gives the same bytes on every machine, so a case is named by target, seed and number alone.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

CASE_MAX = 1 << 20  # bytes: what grows beyond is cut
CHANGES_MOST = 6
NUMBERS = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFF_FFFF, 0x8000_0000, 2**32 - 1, 2**63 - 1, 2**64 - 1)
DECIMALS = (
    b"-1",
    b"0",
    b"9999999999999999999999",
    b"1e999",
    b"-1e-999",
    b"nan",
    b".inf",
    b"0x41",
    b"1:30",
    b"\xd9\xa1",
)


@dataclass(frozen=True)
class Stock:
    """What cases are made from."""

    seeds: Sequence[bytes]  # whole, valid ones
    words: Sequence[bytes] = ()  # that mean something to the reader


Change = Callable[[random.Random, bytes, Stock], bytes]


def draw(*name: object) -> random.Random:
    """The draw of that name."""
    return random.Random("/".join(map(str, name)))


def mutated(chance: random.Random, stock: Stock) -> bytes:
    """One case: mostly a seed with a few changes, now and then pure noise."""
    if not stock.seeds or chance.random() < 0.03:
        return chance.randbytes(chance.choice((0, 1, 2, 4, 7, 16, 64, 300, 5000)))
    case = chance.choice(stock.seeds)
    for _ in range(chance.randint(1, CHANGES_MOST)):
        case = chance.choice(CHANGES)(chance, case, stock)[:CASE_MAX]
    return case


def _flip(chance: random.Random, case: bytes, _stock: Stock) -> bytes:
    at, changed = _at(chance, case), bytearray(case)
    if changed:
        changed[at] ^= 1 << chance.randrange(8)
    return bytes(changed)


def _overwrite(chance: random.Random, case: bytes, _stock: Stock) -> bytes:
    return _put(case, _at(chance, case), chance.randbytes(chance.choice((1, 1, 2, 4, 16))))


def _number(chance: random.Random, case: bytes, _stock: Stock) -> bytes:
    """A number at the edge of its type, where a length or an offset may stand."""
    size = chance.choice((1, 2, 4, 8))
    order = chance.choice(("little", "big"))
    number = (chance.choice(NUMBERS) + chance.choice((-1, 0, 0, 1))) % (1 << 8 * size)
    return _put(case, _at(chance, case), number.to_bytes(size, "little" if order == "little" else "big"))


def _decimal(chance: random.Random, case: bytes, _stock: Stock) -> bytes:
    """Another number in place of one that is written in digits."""
    places = [i for i, byte in enumerate(case[:100_000]) if 48 <= byte <= 57]
    if not places:
        return case
    start = stop = chance.choice(places)
    while stop < len(case) and 48 <= case[stop] <= 57:
        stop += 1
    return case[:start] + chance.choice(DECIMALS) + case[stop:]


def _cut(chance: random.Random, case: bytes, _stock: Stock) -> bytes:
    return case[: chance.randint(0, len(case))]


def _drop(chance: random.Random, case: bytes, _stock: Stock) -> bytes:
    start = _at(chance, case)
    return case[:start] + case[start + chance.choice((1, 2, 4, 16, 256)) :]


def _repeat(chance: random.Random, case: bytes, _stock: Stock) -> bytes:
    start = _at(chance, case)
    stop = start + chance.choice((1, 4, 16, 64, 1000))
    return case[:stop] + case[start:stop] * chance.choice((1, 2, 30, 1000)) + case[stop:]


def _swap(chance: random.Random, case: bytes, _stock: Stock) -> bytes:
    """Two pieces change places."""
    a, b, c = sorted(chance.randint(0, len(case)) for _ in range(3))
    return case[:a] + case[b:c] + case[a:b] + case[c:]


def _splice(chance: random.Random, case: bytes, stock: Stock) -> bytes:
    """The beginning of this one, the end of another."""
    other = chance.choice(stock.seeds)
    return case[: _at(chance, case)] + other[_at(chance, other) :]


def _insert(chance: random.Random, case: bytes, stock: Stock) -> bytes:
    at = _at(chance, case)
    return case[:at] + _word(chance, stock) + case[at:]


def _replace(chance: random.Random, case: bytes, stock: Stock) -> bytes:
    """A word in place of another that is there, or over what is there."""
    there = [word for word in stock.words if word and word in case]
    if there and chance.random() < 0.7:
        return case.replace(chance.choice(there), _word(chance, stock), 1)
    return _put(case, _at(chance, case), _word(chance, stock))


CHANGES: tuple[Change, ...] = (
    _flip,
    _overwrite,
    _number,
    _decimal,
    _cut,
    _drop,
    _repeat,
    _swap,
    _splice,
    _insert,
    _replace,
)


def _at(chance: random.Random, case: bytes) -> int:
    """A place in it; as often near the beginning, where headers stand, as anywhere."""
    most = min(len(case), 64) if chance.random() < 0.3 else len(case)
    return chance.randrange(most) if most else 0


def _put(case: bytes, at: int, piece: bytes) -> bytes:
    return case[:at] + piece + case[at + len(piece) :]


def _word(chance: random.Random, stock: Stock) -> bytes:
    return chance.choice(stock.words) if stock.words else chance.randbytes(4)
