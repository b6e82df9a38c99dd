"""One role as a process of its own: started by the supervisor, or alone by a person, also on its own terminal."""

from __future__ import annotations

import argparse
import logging
import socket
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import setproctitle

from detector.errors import OpenError
from stream.check import add_line_arguments
from stream.children import REFUSED, refusal_file
from stream.configuration import parse_line, read_line
from stream.heart import Heart, stopping_on_signals
from stream.links import BusyError
from stream.live_bundle import settled
from stream.lives import die_with
from stream.places import PlaceError, Places, places_for
from stream.settings import LineSettings
from stream.web.guard import GuardError

log = logging.getLogger("linewatch")
MODULES = {
    "capture": "stream.capture",
    "inspect": "stream.inspector",
    "record": "stream.recorder",
    "display": "stream.display",
}
ALONE = "alone"  # the session of roles that no supervisor started


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = "One role alone; the roles of a line find each other by its data_dir."
    parser.epilog = "example:\n  python -m stream capture configs/line.yaml --camera belt"
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    add_line_arguments(parser)
    parser.add_argument("--camera", help="capture: which camera, where there are several")
    parser.add_argument("--number", type=int, default=1, help="inspect: which inspector, from 1 (default: 1)")
    parser.add_argument("--session", default=ALONE, help=argparse.SUPPRESS)
    parser.add_argument("--parent", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--listening", type=int, default=-1, help=argparse.SUPPRESS)
    parser.add_argument("--gate", type=int, default=-1, help=argparse.SUPPRESS)


def run(arguments: argparse.Namespace) -> int:
    """Runs the role that `arguments.command` names, until it is told to stop."""
    supervised = arguments.parent is not None
    if supervised:
        die_with(arguments.parent)
    line = _line(arguments)
    refusal: Path | None = None  # where a supervisor looks for the reason
    try:
        places = places_for(line.data_dir)
        name, work = _role(arguments, line, places)
        refusal = refusal_file(places, name) if supervised else None
        setproctitle.setproctitle(f"linewatch {name}")
        heart = Heart(places.heart(name) if supervised else None)
        with stopping_on_signals(heart, supervised=supervised):
            work(heart)
        heart.close()
    except (BusyError, PlaceError, OpenError, GuardError) as error:
        log.error("%s", error)
        if refusal is not None:
            refusal.write_text(str(error))
        return REFUSED
    return 0


def _line(arguments: argparse.Namespace) -> LineSettings:
    """The supervisor hands the settings over on standard input: nothing secret stands in a command line."""
    if arguments.file == Path("-"):
        return parse_line(sys.stdin.read())
    return read_line(arguments.file, arguments.overrides, arguments.source)


def _role(arguments: argparse.Namespace, line: LineSettings, places: Places) -> tuple[str, Callable[[Heart], None]]:
    """The role's name in `ps`, and its work. Only its own module is loaded: the others cost memory."""
    module = import_module(MODULES[arguments.command])
    session = arguments.session
    if arguments.command == "record":
        return "record", lambda heart: module.run(line, places, heart, session)
    if arguments.command == "display":
        listening = socket.socket(fileno=arguments.listening) if arguments.listening >= 0 else None
        return "display", lambda heart: module.run(line, places, heart, listening, session)
    if arguments.command == "inspect":
        number, gate = arguments.number, arguments.gate
        return f"inspect {number}", lambda heart: module.run(settled(line), places, heart, number, gate)
    camera = line.camera(_camera(line, arguments.camera))
    stop_s = line.supervisor.stop_s
    return f"capture {camera.name}", lambda heart: module.run(camera, places, heart, session, stop_s)


def _camera(line: LineSettings, wanted: str | None) -> str:
    names = [camera.name for camera in line.cameras]
    if wanted is None and len(names) == 1:
        return names[0]
    if wanted not in names:
        raise BusyError(f"--camera: got {wanted}; the cameras of this line are {', '.join(names)}")
    return wanted
