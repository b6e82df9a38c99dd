"""What the inspectors of a running line judge by, and the change to another recipe or to the bundle that is live now.

Knows the inspectors alone; how they take over from each other is swap.py.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from detector.errors import OpenError
from stream.care import Patience
from stream.children import Child
from stream.chosen import of_bundle
from stream.chosen_recipe import in_force
from stream.configuration import dump_line
from stream.hosts import home, roles_on
from stream.lineup import inspector_task, next_numbers, number_of
from stream.live_bundle import live_folder, settled
from stream.messages import Answer
from stream.places import Places
from stream.recipes import NONE, RecipeError, laid_over, retuned, shown
from stream.settings import PROMOTED, LineSettings
from stream.swap import Swap, Swapped

log = logging.getLogger("linewatch")
FIXED = "this line judges with a fixed bundle; write `bundle: promoted` under inspector and start the line anew"
NO_RECIPES = "this line has no recipes; write some under `recipes` and start the line anew"
BUSY = "a bundle or a recipe is being changed already; ask again when that is over"


@dataclass(frozen=True)
class Order:
    """What inspectors are to judge by."""

    line: LineSettings  # with the recipe laid over it
    bundle: Path | None  # settled; None: the shipped one, or checkpoints

    @property
    def recipe(self) -> str:
        """Its name; empty: none."""
        return self.line.recipe or ""


class BundleChange:
    """Makes inspectors, and changes them for others."""

    def __init__(self, line: LineSettings, places: Places, session: str) -> None:
        """Raises LiveBundleError where nothing is promoted that should be, ChoiceError (chosen_recipe.py)."""
        self._line = line
        self._places = places
        self._session = session
        self._now = self._order(in_force(line))
        self._next: Order | None = None
        self._engine = ""  # of those that were made last: why it is so, in words
        self._swap: Swap | None = None
        self._retuned: tuple[str, ...] = ()

    @property
    def settings(self) -> str:
        """The line as the recipe in force has it, for a role of it."""
        return dump_line(self._now.line)

    def retuned(self) -> tuple[str, ...]:
        """The cameras into which the last change writes something else; told once."""
        told, self._retuned = self._retuned, ()
        return told

    @property
    def recipe(self) -> str:
        """The name of the one in force; empty: none."""
        return self._now.recipe

    @property
    def busy(self) -> bool:
        """Whether a change is going on."""
        return self._swap is not None

    def inspectors(self, numbers: Sequence[int], order: Order) -> tuple[Child, ...]:
        """Inspectors of these numbers, not started, that judge by this order for as long as they live."""
        care = self._line.supervisor
        found = of_bundle(order.line, order.bundle)
        self._engine = f"engine: {found.words}" if found.words else ""
        if self._engine:
            log.info("%s", self._engine)
        settings = dump_line(replace(order.line, inspector=found.inspector))
        patience = Patience(care.starting_s, care.judging_s)
        return tuple(Child(inspector_task(self._session, n), settings, self._places, patience) for n in numbers)

    def first(self) -> tuple[Child, ...]:
        """The inspectors that the line begins with."""
        here = set(roles_on(self._line, home(self._line)))
        numbers = [n for n in range(1, self._line.inspector.count + 1) if f"inspect {n}" in here]
        return self.inspectors(numbers, self._now)

    def begin(self, old: Sequence[Child], now_s: float) -> Answer | tuple[Child, ...]:
        """Starts inspectors with the bundle that is live now, beside the old; an answer where none are needed."""
        if self._now.line.inspector.bundle != PROMOTED:
            return Answer(False, FIXED)
        if self._swap is not None:
            return Answer(False, BUSY)
        try:
            order = replace(self._now, bundle=live_folder(self._line.data_dir))
        except OpenError as error:
            return Answer(False, str(error))
        if order == self._now and order.bundle is not None:
            return Answer(True, f"the line judges with {order.bundle.name} already")
        return self._start(order, old, now_s)

    def begin_recipe(self, name: str, old: Sequence[Child], now_s: float) -> Answer | tuple[Child, ...]:
        """Starts inspectors with that recipe, beside the old; an answer where none are needed."""
        if not self._line.recipes:
            return Answer(False, NO_RECIPES)
        if self._swap is not None:
            return Answer(False, BUSY)
        try:
            order = self._order(name)
        except (RecipeError, OpenError) as error:
            return Answer(False, str(error))
        if order == self._now:
            return Answer(True, f"{shown(name)} is in force already")
        return self._start(order, old, now_s)

    def step(self, now_s: float) -> Swapped | None:
        """One turn of a change, where there is one; gives how it came out, once."""
        swapped = None if self._swap is None else self._swap.step(now_s)
        if swapped is None or self._next is None:
            return None
        before, order, self._swap = self._now, self._next, None
        new_recipe = order.recipe != before.recipe
        what, was = (shown(order.recipe), shown(before.recipe)) if new_recipe else (_name(order), _name(before))
        if not swapped.ok:
            return replace(swapped, text=f"{what} does not judge: {swapped.text}. {was} goes on")
        self._now = order
        self._retuned = retuned(before.line, order.line)
        # Without a choice of its own it may judge several times slower: whoever changes it should read so at once.
        engine = f". {self._engine}" if self._engine else ""
        return replace(swapped, text=f"{what} judges now, {was} did before{engine}")

    def abandon(self, why: str) -> None:
        """Those that do not judge yet never will."""
        if self._swap is not None:
            self._swap.abandon(why)

    def close(self) -> None:
        if self._swap is not None:
            self._swap.close()

    def _start(self, order: Order, old: Sequence[Child], now_s: float) -> tuple[Child, ...]:
        self._next = order
        numbers = next_numbers([number_of(child.task) for child in old], self._line.inspector.count)
        new = self.inspectors(numbers, order)
        care = self._line.supervisor
        self._swap = Swap(old, new, now_s, starting_s=care.starting_s + 1.0, ending_s=care.stop_s)
        return new

    def _order(self, name: str) -> Order:
        """Raises RecipeError, LiveBundleError."""
        line = laid_over(self._line, name or NONE)
        return Order(line, settled(line).inspector.bundle)


def _name(order: Order) -> str:
    return order.bundle.name if order.bundle is not None else "the shipped bundle"
