"""`python -m stream status|stop|promote`: asks the supervisor of a running line, over its local control socket."""

from __future__ import annotations

import argparse
import sys

import msgspec

from stream.asking import ask, line_runs, swap_timeout_s
from stream.check import add_line_arguments
from stream.configuration import read_line
from stream.places import PlaceError, places_for


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Asks a running line. `promote`: it is to judge with the bundle that is live now for its data_dir "
        "(`python -m tools.promote` puts one live, and asks this by itself). "
        "Exit code: 0 done, 1 not done, or the line does not run or cannot be reached."
    )
    parser.epilog = "example: python -m stream status configs/demo.yaml"
    add_line_arguments(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of words")


def run(arguments: argparse.Namespace) -> int:
    line = read_line(arguments.file, arguments.overrides, arguments.source)
    try:
        places = places_for(line.data_dir)
    except PlaceError as error:
        print(error, file=sys.stderr)
        return 1
    if not line_runs(places):
        print(f"no line runs that keeps its log in {line.data_dir}")
        return 1
    care = line.supervisor
    slow = arguments.command == "promote"
    answer = ask(places, arguments.command, swap_timeout_s(care.starting_s, care.stop_s) if slow else 3.0)
    if answer is None:
        print(f"the line that keeps its log in {line.data_dir} does not answer")
        return 1
    if arguments.json:
        print(msgspec.json.encode(answer).decode())
        return 0 if answer.ok else 1
    print(answer.text)
    if answer.house is not None:
        for role in answer.house.roles:
            print(f"  {role.role:<20} {role.state:<12} {role.restarts} restarts  {role.text}".rstrip())
        for alarm in answer.house.alarms:
            print(f"  ALARM {alarm}")
    return 0 if answer.ok else 1
