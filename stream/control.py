"""`python -m stream status|stop`: asks the supervisor of a running line, over its local control socket."""

from __future__ import annotations

import argparse
import sys

import msgspec

from stream.check import add_line_arguments
from stream.configuration import read_line
from stream.places import PlaceError, places_for
from stream.supervisor import ask


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = "Asks a running line. Exit code: 0 answered, 1 the line does not run or cannot be reached."
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
    answer = ask(places, arguments.command)
    if answer is None:
        print(f"no line runs that keeps its log in {line.data_dir}")
        return 1
    if arguments.json:
        print(msgspec.json.encode(answer).decode())
        return 0
    print(answer.text)
    if answer.house is not None:
        for role in answer.house.roles:
            print(f"  {role.role:<20} {role.state:<12} {role.restarts} restarts  {role.text}".rstrip())
        for alarm in answer.house.alarms:
            print(f"  ALARM {alarm}")
    return 0
