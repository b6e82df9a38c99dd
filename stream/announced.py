"""Which part the next picture of a camera is of, as it was announced. Pure; its desk holds the lock and the ring.

A camera that runs by itself, or by a light barrier of its own, is *followed*: each picture that comes after the
announcement is of that part, until the next is announced; one that had come before, and waits to be decoded, is not.
One that takes a picture when it is told to is *ordered*: the n-th order is the n-th picture, and whoever ordered it
says which part it is of.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection
from dataclasses import dataclass

from stream.messages import PARTS_MAX, PartBegin
from stream.run_account import RunAccount

TAKEN_MAX = PARTS_MAX - 32  # the rest is for what nobody announced: a picture of no part, a run that begins
NOBODY = "nobody"  # announced a part that is no longer known


@dataclass(frozen=True)
class Told:
    """An announcement. Without a part's name it gets one from its number: `#17`."""

    part: str
    by: str
    utc_ns: int
    mono_ns: int  # monotonic; pictures that came before are of the part before


class Announced:
    """The announcements of one camera."""

    def __init__(
        self,
        *,
        ordered: bool,
        note: Callable[[RunAccount, PartBegin], None],
        move: Callable[[RunAccount, PartBegin], None],
        keep: Callable[[Collection[Told]], str] = lambda _: "",
    ) -> None:
        """`note` puts down what begins where a death does not reach it, `keep` what waits for its picture; words: not.

        `move` puts down that it begins after the picture that gets its number now.
        What begins is put down before it waits no more: whoever finds it in both places knows that it has begun.
        """
        self.ordered = ordered
        self._note = note
        self._move = move
        self._keep = keep
        self._before: Told | None = None  # followed: what was announced last
        self._orders: deque[Told] = deque()

    def follow(self, told: Told, account: RunAccount | None, unconfirmed: int) -> str:
        """Pictures that come from now on are of that part; says in words why not, where it is not on record."""
        if unconfirmed >= TAKEN_MAX:
            self.nobody(account, told.utc_ns, told.mono_ns)
            return _full(unconfirmed)
        if account is not None and told.part and told.part == account.announced:
            return ""
        self._before = told
        if account is None:
            return "the camera gives no pictures; what it gives once it is back is of this part"
        self._announce(account, told)
        return ""

    def nobody(self, account: RunAccount | None, utc_ns: int, mono_ns: int) -> None:
        """Followed: which part is before the camera is not known any more."""
        self._before = None
        if account is not None and account.announced and not self.ordered:
            self._announce(account, Told("", NOBODY, utc_ns, mono_ns), named=False)

    def order(self, told: Told, unconfirmed: int) -> str:
        """A picture is ordered for that part; says in words why it must not be."""
        if unconfirmed + len(self._orders) >= TAKEN_MAX:
            return _full(unconfirmed + len(self._orders))
        self._orders.append(told)
        if refused := self._keep(self._orders):
            self._orders.pop()
            self._keep(self._orders)  # in memory at the least: what was refused must not become a part that was lost
        return refused

    def cancel(self) -> None:
        """The last order did not reach the camera."""
        if self._orders:  # the run may have ended meanwhile, and all orders with it
            self._orders.pop()
            self._keep(self._orders)

    def run_begins(self, account: RunAccount) -> None:
        if self._before is not None:
            self._announce(account, self._before)

    def picture(self, account: RunAccount, arrived_mono_ns: int) -> None:
        """A picture that arrived then gets its number: of what it is."""
        if not self.ordered:
            for begun in account.comes(arrived_mono_ns):
                self._move(account, begun)
            return
        told = self._orders.popleft() if self._orders else None
        if told is None:
            if account.part:
                self._begin(account, Told("", NOBODY, 0, 0), named=False)
        elif not told.part or told.part != account.part:
            self._begin(account, told)
        if told is not None:
            self._keep(self._orders)

    def lull(self, account: RunAccount, mono_ns: int) -> None:
        """Followed: all that had come by then has its number, and nothing comes."""
        if not self.ordered:
            account.came_all(mono_ns)

    def run_ends(self, account: RunAccount | None) -> tuple[Told, ...]:
        """What was ordered and did not come; entered in the run, where there is one: parts without a picture."""
        left = tuple(self._orders)
        self._orders.clear()
        if account is not None:
            account.came_all()
            for told in left:
                self._begin(account, told)
        if left:
            self._keep(())
        return left if account is None else ()

    def _announce(self, account: RunAccount, told: Told, *, named: bool = True) -> None:
        name = _name(account, told, named=named)
        self._note(account, account.announce_part(name, told.by, told.utc_ns, told.mono_ns))

    def _begin(self, account: RunAccount, told: Told, *, named: bool = True) -> None:
        name = _name(account, told, named=named)
        self._note(account, account.begin_part(account.captured, name, told.by, told.utc_ns))


def _name(account: RunAccount, told: Told, *, named: bool) -> str:
    return told.part or (f"#{account.part_number}" if named else "")


def _full(waiting: int) -> str:
    return f"{waiting} parts wait for the recorder, which has confirmed none of them; this one is not taken"
