"""`python -m stream COMMAND`: the commands of a line, in one table."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module

from stream.problem import ConfigurationError


@dataclass(frozen=True)
class CommandEntry:
    """A command: its module has `add_arguments(parser)` and `run(arguments) -> exit code`."""

    module: str
    says: str


COMMANDS = {
    "run": CommandEntry("stream.running", "the whole line: capture, inspection, record, page"),
    "check": CommandEntry("stream.check", "what is wrong with a configuration, before anything starts"),
    "replay": CommandEntry("stream.replay", "judge a recording again; list frames whose verdict changed"),
    "log": CommandEntry("stream.log_view", "the defect log: incidents, frames, export"),
    "status": CommandEntry("stream.control", "how the processes of a running line are"),
    "stop": CommandEntry("stream.control", "stop a running line in order"),
    "promote": CommandEntry("stream.control", "a running line takes the bundle that tools.promote put live"),
    "capture": CommandEntry("stream.roles", "one role alone: a camera"),
    "inspect": CommandEntry("stream.roles", "one role alone: an inspector"),
    "record": CommandEntry("stream.roles", "one role alone: the recorder"),
    "display": CommandEntry("stream.roles", "one role alone: the page"),
}


def main(words: Sequence[str]) -> int:
    logging.basicConfig(
        stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)-7s %(message)s", datefmt="%H:%M:%S"
    )
    arguments = _parse(words)
    run: Callable[[argparse.Namespace], int] = import_module(COMMANDS[arguments.command].module).run
    try:
        return run(arguments)
    except ConfigurationError as error:
        print(error, file=sys.stderr)
        return 2
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader (a pager, `head`) has enough
        return 0


def _parse(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m stream", description="Watches a production line.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    wanted = next((word for word in words if not word.startswith("-")), "")
    for name, entry in COMMANDS.items():
        command = commands.add_parser(name, help=entry.says)
        if name == wanted:  # the modules of the others need not be loaded
            import_module(entry.module).add_arguments(command)
    return parser.parse_args(words)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
