"""`python -m stream status|stop|promote`: asks the supervisor of a running line, over its local control socket."""

from __future__ import annotations

import argparse
import sys

import msgspec

from stream.asking import Runner, ask, end_timeout_s, line_runs, swap_timeout_s
from stream.check import add_line_arguments
from stream.configuration import read_line
from stream.messages import ClockStatus
from stream.places import PlaceError, places_for


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Asks a running line. `promote`: it is to judge with the bundle that is live now for its data_dir "
        "(`python -m tools.promote` puts one live, and asks this by itself). `stop` returns when the line has ended. "
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
    with Runner(places) as runner:
        answer = ask(places, arguments.command, swap_timeout_s(care.starting_s, care.stop_s) if slow else 3.0)
        if answer is None:
            print(f"the line that keeps its log in {line.data_dir} does not answer")
            return 1
        if answer.ok and arguments.command == "stop" and not runner.ended(end_timeout_s(care.stop_s)):
            print(f"the line is still stopping after {end_timeout_s(care.stop_s):.0f} s; ask for its `status`")
            return 1
    if arguments.json:
        print(msgspec.json.encode(answer).decode())
        return 0 if answer.ok else 1
    if answer.ok and arguments.command == "stop":
        print("the line has stopped")
        return 0
    print(answer.text)
    if answer.house is not None and answer.house.recipe:
        print(f"  recipe {answer.house.recipe}")
    if answer.house is not None:
        for role in answer.house.roles:
            print(f"  {role.role:<20} {role.state:<12} {role.restarts} restarts  {role.text}".rstrip())
        for camera in answer.cameras:
            if camera.clock is not None:
                print(f"  camera {camera.camera:<13} {clock_line(camera.clock)}")
        for alarm in answer.house.alarms:
            print(f"  ALARM {alarm}")
    return 0 if answer.ok else 1


def clock_line(clock: ClockStatus) -> str:
    """How a camera's own clock stands, for people."""
    side = "ahead of" if clock.offset_ms >= 0 else "behind"
    said = f"its clock is {abs(clock.offset_ms):.1f} ms {side} this computer's"
    late = f"the newest picture took {clock.late_ms:.1f} ms longer than the quickest"
    set_ = f", set {clock.steps} times" if clock.steps else ""
    return f"{said}, drifts {clock.drift_ppm:+.1f} ppm{set_}; {late} (at most {clock.late_most_ms:.1f} ms)"
