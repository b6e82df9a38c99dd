"""A line that runs is to judge by another bundle or recipe: who wished it, how it goes on, and what the asker hears.

Between the supervisor, who knows sockets, and bundle_change.py, which knows inspectors.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import replace

from stream.bundle_change import BundleChange
from stream.crew import Crew
from stream.messages import Answer
from stream.recipe_desk import RecipeDesk, Wish
from stream.recipes import shown
from stream.settings import LineSettings

log = logging.getLogger("linewatch")
NOT_NOW = "the line is starting or stopping; ask again when it runs"
Tell = Callable[[str, str], None]  # kind of event, text
Reply = Callable[[bytes, bool, str, int], None]  # whom, whether it came out well, how, the asker's serial


class Changing:
    """One change at a time."""

    def __init__(self, line: LineSettings, bundle: BundleChange, crew: Crew, tell: Tell, reply: Reply) -> None:
        self._bundle = bundle
        self._crew = crew
        self._tell = tell
        self._reply = reply
        self._recipes = RecipeDesk(line)
        self._asker = b""  # of the change of bundle

    @property
    def alarm(self) -> str:
        """In plain words; empty where all is well."""
        return self._recipes.alarm

    @property
    def recipe(self) -> str:
        """The one in force; empty: none."""
        return self._bundle.recipe

    def promote(self, asker: bytes, *, complete: bool) -> Answer | None:
        """Inspectors with the bundle that is live now are to take over; an answer where that need not or cannot be.

        None: it goes on, and the asker hears when it is over. `complete`: the line runs, and is not being stopped.
        """
        if not complete:
            return Answer(False, NOT_NOW)
        begun = self._bundle.begin(self._crew.named("inspect"), time.monotonic())
        if isinstance(begun, Answer):
            return begun
        self._crew.take_in(begun)
        self._asker = asker
        return None

    def take_recipe(self, wish: Wish, *, complete: bool) -> Answer | None:
        """Inspectors with that recipe are to take over; an answer where that need not or cannot be."""
        if not complete:
            return Answer(False, NOT_NOW)
        begun = self._bundle.begin_recipe(wish.recipe, self._crew.named("inspect"), time.monotonic())
        if isinstance(begun, Answer) and not begun.ok:
            if not self._bundle.busy:
                self._recipes.refuse(wish, begun.text)
            return begun
        self._recipes.begin(wish)
        if isinstance(begun, Answer):
            self._recipes.end(ok=True, text=begun.text)
            return begun
        self._crew.take_in(begun)
        return None

    def step(self, *, complete: bool) -> None:
        """A change goes on by a turn; what a watched file wants is a wish as any other."""
        self._go_on()
        if complete and not self._bundle.busy:  # while another change goes on, the file waits
            self._mind_file()

    def _go_on(self) -> None:
        """Once a change is over, its asker hears how it came out."""
        swapped = self._bundle.step(time.monotonic())
        if swapped is None:
            return
        self._crew.let_go(swapped.gone)
        wish = self._recipes.end(ok=swapped.ok, text=swapped.text)
        self._tell("recipe" if wish else "promote", swapped.text)
        log.info("%s", swapped.text)
        for name in self._bundle.retuned():
            if (capture := self._crew.get(f"capture {name}")) is not None:
                capture.renew(self._bundle.settings)
                self._tell("recipe", f"camera {name} is opened again, to be set as {shown(self._bundle.recipe)} says")
        asker = wish.asker if wish else self._asker
        if asker:
            self._reply(asker, swapped.ok, swapped.text, wish.serial if wish else 0)

    def _mind_file(self) -> None:
        if wish := self._recipes.file_wish(time.monotonic(), self._bundle.recipe):
            self._tell("control", f"recipe {wish.recipe} asked by {wish.who}")
            self.take_recipe(replace(wish, before=self._bundle.recipe), complete=True)
