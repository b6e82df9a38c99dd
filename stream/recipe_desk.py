"""Who wants which recipe: a person over the control socket, or a watched file. Keeps what was chosen, and by whom.

Knows no inspector: the supervisor changes those (bundle_change.py).
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from stream.chosen_recipe import ChoiceError, acted_on, choice_of, keep_choice, read_choice
from stream.recipes import NONE, shown
from stream.settings import LineSettings
from stream.watched_file import Said, WatchedFile

log = logging.getLogger("linewatch")


@dataclass(frozen=True)
class Wish:
    """A recipe that somebody wants."""

    recipe: str  # empty: none
    who: str
    before: str = ""  # that was in force
    asker: bytes = b""  # at the control socket; empty: nobody waits for an answer
    serial: int = 0  # the asker's own, for the answer


class RecipeDesk:
    """One wish at a time; `file_wish` tells of new ones."""

    def __init__(self, line: LineSettings) -> None:
        self._line = line
        self._wish: Wish | None = None
        self._file = None if line.recipe_file is None else WatchedFile(line.recipe_file)
        self._acted_on = _acted_on(line.data_dir)
        self._offered = Said()  # what the file's last wish was made of
        self._refused = self._unlike = ""  # what came of a wish; how the file and the recipe in force differ

    @property
    def alarm(self) -> str:
        """In plain words; empty where all is well."""
        return self._refused or self._unlike

    def file_wish(self, now_s: float, recipe: str) -> Wish | None:
        """What the watched file wants, where that is new; None where it is old, or what is in force already.

        `recipe`: the one in force; empty: none.
        """
        if self._file is None:
            return None
        said = self._file.look(now_s)
        wanted = said.name if said.name != NONE else ""
        if not said.name or not said.newer_than(self._acted_on):
            self._compare(said, wanted, recipe)
            return None
        self._compare(Said(), "", recipe)
        if said.name == self._acted_on.name and wanted == recipe:
            self._acted_on, self._refused = said, ""  # only written anew: nothing for the record
            return None
        self._offered = said
        return Wish(said.name, f"the file {self._line.recipe_file}")

    def _compare(self, said: Said, wanted: str, recipe: str) -> None:
        """A person may have chosen another recipe than the file names: everybody is to know."""
        text = said.trouble
        if said.name and wanted != recipe and not self._refused:
            text = f"the file {self._line.recipe_file} names {shown(wanted)}, but {shown(recipe)} was chosen since"
            text += " and judges; where the file is right, write it anew"
        if text and text != self._unlike:
            log.warning("%s", text)
        self._unlike = text

    def begin(self, wish: Wish) -> None:
        """Inspectors with it are on their way, or it is in force already; a wish of the file is not looked at again."""
        self._wish = wish
        if not wish.asker:
            self._acted_on = self._offered

    def refuse(self, wish: Wish, why: str) -> None:
        """It cannot be; the one before stays. Said once, by an alarm where nobody else waits for the answer."""
        self._wish = None
        if not wish.asker:
            self._acted_on = self._offered
            self._refused = f"{wish.who} wants the recipe {wish.recipe}: {why}"
            log.warning("%s", self._refused)

    def end(self, *, ok: bool, text: str) -> Wish | None:
        """How the change came out; gives whose wish it was, None where it was nobody's."""
        wish, self._wish = self._wish, None
        if wish is None:
            return None
        if not ok:
            self.refuse(wish, text)
            return wish
        recipe = "" if wish.recipe == NONE else wish.recipe
        self._refused = ""
        choice = choice_of(recipe, wish.before, self._line, wish.who, self._acted_on)
        try:
            keep_choice(self._line.data_dir, choice)
        except OSError as error:
            text = f"the choice of the recipe {wish.recipe} could not be kept: {error}; it is gone at a restart"
            self._refused = text
            log.error("%s", self._refused)
        return wish


def _acted_on(data_dir: Path) -> Said:
    try:
        return acted_on(read_choice(data_dir))
    except ChoiceError:
        return Said()  # the line that begins has said so
