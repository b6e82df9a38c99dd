"""What vouches for the rows of the log: a hash of each, and an entry a commit that holds on to the one before. Pure.

An entry's `rows` are the SHA-256 of its rows, one after the other: verdicts in the order of camera, run and seq, then
acts by number. So a row that was changed is named, not only the commit that it came with. Behind them stands what the
commit did to the rows of other tables: each change with its row's name, for such a row may change again, or go.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

BYTES = 32  # of a SHA-256
BEFORE = bytes(BYTES)  # what the first entry holds on to
SEAL = 0  # the number of the entry that vouches for the rows from before there was a chain, all in one hash
OPEN = b""  # instead of a hash: the row is there, and goes on changing
OLDER = "older"  # the table that a change names where its entry brings rows that an older version wrote; key: how many


class Change(msgspec.Struct, frozen=True, array_like=True):
    """What a commit did to one row: its hash before and after, OPEN while it changes, None where it is not there."""

    table: str
    key: tuple[Any, ...]  # whatever SQLite gives back
    before: bytes | None
    after: bytes | None


@dataclass(frozen=True)
class Entry:
    """One commit."""

    number: int
    utc_ns: int
    verdicts: int
    acts: int
    rows: bytes
    hash: bytes

    @property
    def head(self) -> str:
        """As people keep it."""
        return f"{self.number}:{self.hash.hex()}"


FORM = (int, int, int, int, bytes, bytes)  # of an entry's cells: a column of SQLite takes any kind
_changes = msgspec.msgpack.Decoder(list[Change])


def has_form(cells: Sequence[object]) -> bool:
    """Whether these can be an entry's."""
    return tuple(map(type, cells)) == FORM


def row_hash(table: str, columns: Sequence[object]) -> bytes:
    """The SHA-256 of a row as SQLite gives it: of its table's name and its columns, in MessagePack.

    Numbers keep their kind there, and texts and bytes their length, so no two rows are written alike.
    """
    return hashlib.sha256(msgspec.msgpack.encode((table, *columns))).digest()


def entry_after(before: bytes, number: int, utc_ns: int, verdicts: int, acts: int, rows: bytes) -> Entry:
    """The entry that holds on to the hash `before`."""
    said = msgspec.msgpack.encode((before, number, utc_ns, verdicts, acts, rows))
    return Entry(number, utc_ns, verdicts, acts, rows, hashlib.sha256(said).digest())


def rows_of(hashes: Sequence[bytes], changes: Sequence[Change]) -> bytes:
    """The `rows` of an entry."""
    return b"".join(hashes) + (msgspec.msgpack.encode(changes) if changes else b"")


def hashes_in(entry: Entry) -> tuple[list[bytes], list[bytes]]:
    """The hashes of an entry's verdicts, and of its acts."""
    hashes = [entry.rows[at : at + BYTES] for at in range(0, min(_hashed(entry), len(entry.rows)), BYTES)]
    return hashes[: entry.verdicts], hashes[entry.verdicts :]


def changes_in(entry: Entry) -> list[Change]:
    """What the commit did to rows that may change later. Raises msgspec.MsgspecError where that was tampered with."""
    said = b"" if entry.number == SEAL else entry.rows[_hashed(entry) :]
    return _changes.decode(said) if said else []


def _hashed(entry: Entry) -> int:
    return BYTES * (max(0, entry.verdicts) + max(0, entry.acts))
