"""Connections that came in at a door and have not proven a key yet: which of them was refused, and why. Pure.

ZeroMQ tells of a connection by its descriptor when it comes and when it ends, and in between, without a name, that
some connection has proven a key or failed. A failure and the end of its connection come one after the other.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, field

NOT_OURS = "it did not speak CURVE with this line's keys, or repeated another's words"
UNPROVEN = "it ended before it had proven a key"
TOLD = ""  # on record already, with the key's fingerprint


@dataclass
class Arrivals:
    """The unproven connections of one door."""

    _unproven: dict[int, str] = field(default_factory=dict)  # descriptor → address, oldest first
    _why: str = NOT_OURS  # of the next one that ends: a foreign greeting is told of by nothing but its end

    def came(self, descriptor: int, address: str) -> None:
        self._unproven[descriptor] = address

    def proven(self, let_in: Container[str]) -> None:
        """One has proven a known key: the oldest from an address where such a key came from."""
        if self._unproven:
            known = [peer for peer, address in self._unproven.items() if address in let_in]
            del self._unproven[(known or list(self._unproven))[0]]

    def failed(self, why: str) -> None:
        """The one that ends next was refused."""
        self._why = why

    def ended(self, descriptor: int) -> tuple[str, str] | None:
        """Address and reason where it was refused and is not on record yet."""
        address, why = self._unproven.pop(descriptor, None), self._why
        self._why = NOT_OURS
        return (address, why) if address is not None and why else None

    def clear(self) -> None:
        """The door was shut: none of them is there any more."""
        self._unproven.clear()
