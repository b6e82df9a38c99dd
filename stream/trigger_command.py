"""`python -m stream trigger FILE.yaml CAMERA --part ID`: a part is before a camera of a running line."""

from __future__ import annotations

import argparse
import os
import sys

import msgspec

from stream.asking import line_runs, say
from stream.check import add_line_arguments
from stream.configuration import read_line
from stream.messages import Command
from stream.part_names import PartError, checked
from stream.places import PlaceError, places_for

EXAMPLE = """examples:
  python -m stream trigger configs/parts.yaml belt --part A-1017
  python -m stream trigger configs/parts.yaml belt

exit code: 0 the camera has taken it, 1 it has not, or no line runs, 2 what was given cannot be a part's name"""
TIMEOUT_S = 4.0  # longer than the supervisor waits for the capture


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Announces the part that is before a camera; a camera that takes its pictures on order takes one. "
        "The camera's pictures are of that part until the next is announced. docs/parts.md says more."
    )
    parser.epilog = EXAMPLE
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    add_line_arguments(parser)
    parser.add_argument("camera", metavar="CAMERA", help="its name in that file")
    parser.add_argument("--part", default="", metavar="ID", help="the part's name; without it, it gets a number: #17")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of words")


def run(arguments: argparse.Namespace) -> int:
    try:
        checked(arguments.part)
    except PartError as error:
        print(f"--part: {error}", file=sys.stderr)
        return 2
    line = read_line(arguments.file, arguments.overrides, arguments.source)
    try:
        places = places_for(line.data_dir)
    except PlaceError as error:
        print(error, file=sys.stderr)
        return 1
    if not line_runs(places):
        print(f"no line runs that keeps its log in {line.data_dir}")
        return 1
    if arguments.camera not in {camera.name for camera in line.cameras}:
        print(f"no camera {arguments.camera!a} here; known: {', '.join(camera.name for camera in line.cameras)}")
        return 1
    who = f"user {os.getuid()}, process {os.getpid()}"
    answer = say(places, Command("trigger", who, arguments.camera, arguments.part), TIMEOUT_S)
    if answer is None:
        print(f"the line that keeps its log in {line.data_dir} does not answer")
        return 1
    print(msgspec.json.encode(answer).decode() if arguments.json else answer.text)
    return 0 if answer.ok else 1
