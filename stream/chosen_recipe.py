"""The recipe that was chosen for a data_dir: kept over a restart, on record with who chose it and when.

    data_dir/recipe.json        the choice in force; always replaced as a whole
    data_dir/recipes.jsonl      every choice, one JSON object a line

Knows no running line: whoever changes it has changed the inspectors before.
"""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

import msgspec

from detector.errors import OpenError
from stream.durable import append_line, make_folder, replace_file
from stream.messages import RecipeName
from stream.recipes import NONE, RecipeError, laid_over, recipe_of
from stream.settings import LineSettings
from stream.watched_file import Said, WatchedFile

POINTER = "recipe.json"
RECORD = "recipes.jsonl"


class ChoiceError(OpenError):
    """The choice cannot be read, or names no recipe of the line; the text says what to do."""


class Choice(msgspec.Struct, frozen=True):
    """Which recipe is in force; empty: none."""

    recipe: RecipeName
    before: RecipeName
    written: RecipeName  # what the line's file said then: where it says something else today, that is newer
    file: str  # the first line of the watched file then: the same
    who: str
    utc: str  # ISO 8601
    mark: str = ""  # which writing of the watched file that was; empty: not kept then


def choice_of(recipe: str, before: str, line: LineSettings, who: str, file: Said) -> Choice:
    """A choice made now; `file`: what the watched file said, as far as it was acted on."""
    utc = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
    return Choice(recipe, before, line.recipe or "", file.name, who, utc, file.mark)


def read_choice(data_dir: Path) -> Choice | None:
    """The choice in force; None where none was made. Raises ChoiceError where it is damaged."""
    path = data_dir / POINTER
    try:
        return msgspec.json.decode(path.read_bytes(), type=Choice)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise ChoiceError(f"{path}: cannot be read ({error.strerror}); change its rights") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ChoiceError(
            f"{path}: damaged ({error}); remove it and choose again: python -m stream recipe FILE.yaml NAME"
        ) from error


def keep_choice(data_dir: Path, choice: Choice) -> None:
    """It is in force, on disk when this returns. Raises OSError."""
    make_folder(data_dir)
    replace_file(data_dir / POINTER, msgspec.json.format(msgspec.json.encode(choice), indent=1) + b"\n")
    append_line(data_dir / RECORD, msgspec.json.encode(choice))


def history(data_dir: Path) -> tuple[Choice, ...]:
    """Every choice, oldest first. Raises OSError; a line that a dead writer left half is passed over."""
    path = data_dir / RECORD
    found = []
    for line in path.read_bytes().splitlines() if path.is_file() else ():
        try:
            found.append(msgspec.json.decode(line, type=Choice))
        except (msgspec.DecodeError, UnicodeDecodeError):
            continue
    return tuple(found)


def in_force(line: LineSettings) -> str:
    """The name of the recipe that the line begins with; empty: none. Raises ChoiceError.

    What was said last: a watched file that was written since the choice, else the line's own file where that has
    changed, else the choice. A watched file that cannot be read says nothing here (it is an alarm of the line's).
    """
    if not line.recipes:
        return ""
    written = line.recipe or ""
    choice = read_choice(line.data_dir)
    told = told_first(line)
    names = {NONE: "", **{recipe.name: recipe.name for recipe in line.recipes}}
    if told.name in names and told.newer_than(acted_on(choice)):
        return names[told.name]
    if choice is None or choice.written != written:
        return written
    try:
        recipe_of(line, choice.recipe)
    except RecipeError as error:
        text = f"{line.data_dir / POINTER}: {error}; choose one: python -m stream recipe FILE.yaml NAME"
        raise ChoiceError(text) from error
    return choice.recipe


def acted_on(choice: Choice | None) -> Said:
    """What the watched file said, as far as it was acted on."""
    return Said() if choice is None else Said(choice.file, choice.mark)


def told_first(line: LineSettings) -> Said:
    """What the watched file says now, where there is one; it is waited for, but not for ever."""
    return Said() if line.recipe_file is None else WatchedFile(line.recipe_file).first()


def with_recipe(line: LineSettings) -> LineSettings:
    """The line as the recipe in force has it. Raises ChoiceError."""
    return laid_over(line, in_force(line)) if line.recipes else line
