"""`python -m stream COMMAND`: the commands of a line, in one table."""

from __future__ import annotations

import argparse
import logging
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module

from stream.private import keep_private
from stream.problem import ConfigurationError

# Exit code of a fault of the program itself (sysexits.h: EX_SOFTWARE). Python's own would be 1, by which `run`,
# `replay` and `status` tell something about the line: a service manager would take a crash for an orderly end.
BROKEN = 70
# Numpy's and OpenCV's own linear algebra each start a thread per processor as they are loaded, which spins for a tenth
# of a second; no role has a use for them.
THREADS_OF_NOBODY = "OPENBLAS_NUM_THREADS"


@dataclass(frozen=True)
class CommandEntry:
    """A command: its module has `add_arguments(parser)` and `run(arguments) -> exit code`."""

    module: str
    says: str


COMMANDS = {
    "run": CommandEntry("stream.running", "the whole line: capture, inspection, record, page"),
    "check": CommandEntry("stream.check", "what is wrong with a configuration, before anything starts"),
    "doctor": CommandEntry("stream.doctor.command", "what is wrong with a line on this computer, and what to do"),
    "cameras": CommandEntry("stream.cameras", "what is connected, each with a line of YAML to paste"),
    "calibrate": CommandEntry("stream.calibrate", "learn what is usual for a camera; measure its scale in mm"),
    "regions": CommandEntry("stream.region_command", "draw what of a camera's pictures is judged, in the browser"),
    "keys": CommandEntry("stream.key_command", "the keys of a line's hosts: make, list, revoke"),
    "users": CommandEntry("stream.user_command", "who may log in to the page, and as what"),
    "replay": CommandEntry("stream.replay", "judge a recording again; list frames whose verdict changed"),
    "log": CommandEntry("stream.log_view", "the defect log: incidents, frames, export"),
    "audit": CommandEntry("stream.audit", "what was done by whom; whether the log is still what was recorded"),
    "retention": CommandEntry("stream.retention_command", "what pictures take of the disk, and what would be deleted"),
    "proposal": CommandEntry("stream.proposal_command", "a threshold from reviews, with what it would let through"),
    "status": CommandEntry("stream.control", "how the processes of a running line are"),
    "stop": CommandEntry("stream.control", "stop a running line in order"),
    "trigger": CommandEntry("stream.trigger_command", "a part is before a camera of a running line"),
    "challenge": CommandEntry("stream.challenge_command", "a known-bad part or picture must be caught"),
    "report": CommandEntry("stream.report_command", "a day or a shift on one page, to read or to print"),
    "recipe": CommandEntry("stream.recipe_command", "which product's recipe a line judges by; change to another"),
    "promote": CommandEntry("stream.control", "a running line takes the bundle that tools.promote put live"),
    "watch": CommandEntry("stream.desktop.command", "the live overlay of a line, in a window on this computer"),
    "capture": CommandEntry("stream.roles", "one role alone: a camera"),
    "inspect": CommandEntry("stream.roles", "one role alone: an inspector"),
    "record": CommandEntry("stream.roles", "one role alone: the recorder"),
    "display": CommandEntry("stream.roles", "one role alone: the page"),
    "clips": CommandEntry("stream.roles", "one role alone: the films before and after incidents"),
    "spare": CommandEntry("stream.spare", "a process that stands by for any role (the supervisor starts it)"),
}


def main(words: Sequence[str]) -> int:
    logging.basicConfig(
        stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)-7s %(message)s", datefmt="%H:%M:%S"
    )
    keep_private()
    os.environ.setdefault(THREADS_OF_NOBODY, "1")
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
    except Exception:  # noqa: BLE001  # not caught to go on: the interpreter would end with 1
        traceback.print_exc()
        return BROKEN


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
