"""`python -m stream recipe`: which recipe is in force, and the change to another."""

from __future__ import annotations

import argparse
import getpass
import os
import sys
from dataclasses import replace

import msgspec

from stream.asking import line_runs, say, swap_timeout_s
from stream.check import add_line_arguments, pasted
from stream.chosen_recipe import (
    Choice,
    ChoiceError,
    acted_on,
    choice_of,
    history,
    in_force,
    keep_choice,
    read_choice,
    told_first,
)
from stream.configuration import read_line
from stream.messages import Answer, Command
from stream.places import places_for
from stream.recipes import NONE, RecipeError, recipe_of, shown
from stream.settings import LineSettings
from stream.watched_file import Said

EXAMPLE = """examples:
  python -m stream recipe configs/recipes.yaml             which recipe is in force, and which there are
  python -m stream recipe configs/recipes.yaml lid         another one, also while the line runs
  python -m stream recipe configs/recipes.yaml none        the line's own settings
  python -m stream recipe configs/recipes.yaml --history   who chose which, and when

exit code: 0 done, 1 not done, 2 no such recipe"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = "Changes how a line judges to another product's recipe, without losing a frame."
    parser.epilog = EXAMPLE
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    add_line_arguments(parser)
    parser.add_argument("name", nargs="?", metavar="NAME", help="the recipe; none: the line's own settings")
    parser.add_argument("--history", action="store_true", help="every choice, oldest first")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of words")


def run(arguments: argparse.Namespace) -> int:
    line = read_line(arguments.file, arguments.overrides, arguments.source)
    try:
        if arguments.history:
            return _tell_history(history(line.data_dir), as_json=arguments.json)
        if arguments.name is None:
            return _tell_state(line, as_json=arguments.json)
        recipe_of(line, arguments.name)
        answer = change(line, arguments.name)
    except RecipeError as error:
        print(error, file=sys.stderr)
        return 2
    except (ChoiceError, OSError) as error:
        print(pasted(str(error), arguments.file), file=sys.stderr)
        return 1
    print(msgspec.json.encode(answer).decode() if arguments.json else answer.text)
    return 0 if answer.ok else 1


def change(line: LineSettings, name: str) -> Answer:
    """A running line takes it now, another one at its next start. Raises OSError, ChoiceError."""
    who = f"{getpass.getuser()} (user {os.getuid()}, process {os.getpid()})"
    places = places_for(line.data_dir)
    if line_runs(places):
        care = line.supervisor
        command = Command("recipe", who, recipe=name)
        answer = say(places, command, swap_timeout_s(care.starting_s, care.stop_s))
        return answer or Answer(False, f"the line that keeps its log in {line.data_dir} does not answer")
    recipe = "" if name == NONE else name
    told = told_first(line)
    if told.trouble:  # what it said before is no news when it can be read again
        told = replace(_acted_on(line), trouble=told.trouble)
    keep_choice(line.data_dir, choice_of(recipe, _before(line), line, who, told))
    warning = f", unless a file says otherwise: {told.trouble}" if told.trouble else ""
    return Answer(True, f"{shown(name)} is in force when the line starts{warning}")


def _acted_on(line: LineSettings) -> Said:
    try:
        return acted_on(read_choice(line.data_dir))
    except ChoiceError:
        return Said()


def _before(line: LineSettings) -> str:
    try:
        return in_force(line)
    except ChoiceError:
        return ""  # it is damaged, or names a recipe that is gone: the new choice takes its place


def _tell_state(line: LineSettings, *, as_json: bool) -> int:
    now, names = in_force(line), [recipe.name for recipe in line.recipes]
    if as_json:
        print(msgspec.json.encode({"recipe": now, "recipes": names}).decode())
        return 0
    print(f"{shown(now)} is in force; the recipes of this line: {', '.join(names) or 'none'}")
    return 0


def _tell_history(choices: tuple[Choice, ...], *, as_json: bool) -> int:
    if as_json:
        print(msgspec.json.encode(choices).decode())
        return 0
    for choice in choices:
        print(f"{choice.utc}  {choice.recipe or NONE:<32} before: {choice.before or NONE:<32} {choice.who}")
    return 0
