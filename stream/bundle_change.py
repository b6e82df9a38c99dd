"""Which bundle the inspectors of a running line judge with, and the change to the one that is live now.

Knows the inspectors alone; how they take over from each other is swap.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from detector.errors import OpenError
from stream.care import Patience
from stream.children import Child
from stream.configuration import dump_line
from stream.lineup import inspector_task, next_numbers, number_of
from stream.live_bundle import live_folder, settled
from stream.messages import Answer
from stream.places import Places
from stream.settings import PROMOTED, LineSettings
from stream.swap import Swap, Swapped

FIXED = "this line judges with a fixed bundle; write `bundle: promoted` under inspector and start the line anew"
BUSY = "a bundle is being changed already; ask again when that is over"


class BundleChange:
    """Makes inspectors, and changes them for others."""

    def __init__(self, line: LineSettings, places: Places, session: str) -> None:
        """Raises LiveBundleError where the line wants a promoted bundle and there is none."""
        self._line = line
        self._places = places
        self._session = session
        self._now: Path | None = settled(line).inspector.bundle
        self._next: Path | None = None
        self._swap: Swap | None = None

    def inspectors(self, numbers: Sequence[int], bundle: Path | None) -> tuple[Child, ...]:
        """Inspectors of these numbers, not started, that judge with this bundle for as long as they live."""
        care = self._line.supervisor
        settings = dump_line(replace(self._line, inspector=replace(self._line.inspector, bundle=bundle)))
        patience = Patience(care.starting_s, care.judging_s)
        return tuple(Child(inspector_task(self._session, n), settings, self._places, patience) for n in numbers)

    def first(self) -> tuple[Child, ...]:
        """The inspectors that the line begins with."""
        return self.inspectors(range(1, self._line.inspector.count + 1), self._now)

    def begin(self, old: Sequence[Child], now_s: float) -> Answer | tuple[Child, ...]:
        """Starts inspectors with the bundle that is live now, beside the old; an answer where none are needed."""
        if self._line.inspector.bundle != PROMOTED:
            return Answer(False, FIXED)
        if self._swap is not None:
            return Answer(False, BUSY)
        try:
            self._next = live_folder(self._line.data_dir)
        except OpenError as error:
            return Answer(False, str(error))
        if self._next == self._now:
            return Answer(True, f"the line judges with {self._next.name} already")
        numbers = next_numbers([number_of(child.task) for child in old], self._line.inspector.count)
        new = self.inspectors(numbers, self._next)
        care = self._line.supervisor
        self._swap = Swap(old, new, now_s, starting_s=care.starting_s + 1.0, ending_s=care.stop_s)
        return new

    def step(self, now_s: float) -> Swapped | None:
        """One turn of a change, where there is one; gives how it came out, once."""
        swapped = None if self._swap is None else self._swap.step(now_s)
        if swapped is None or self._next is None or self._now is None:
            return None
        before, self._swap = self._now.name, None
        if not swapped.ok:
            return replace(swapped, text=f"{self._next.name} does not judge: {swapped.text}. {before} goes on")
        self._now = self._next
        return replace(swapped, text=f"{self._now.name} judges now, {before} did before")

    def abandon(self, why: str) -> None:
        """Those that do not judge yet never will."""
        if self._swap is not None:
            self._swap.abandon(why)

    def close(self) -> None:
        if self._swap is not None:
            self._swap.close()
