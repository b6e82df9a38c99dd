"""One role as a process of its own: started by the supervisor, or alone by a person, also on its own terminal."""

from __future__ import annotations

import argparse
import contextlib
import gc
import logging
import socket
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import setproctitle

from detector.errors import OpenError
from stream.check import add_line_arguments
from stream.claim import BusyError
from stream.clips_places import shelf_of
from stream.configuration import parse_line, read_line
from stream.far import HostError, with_far
from stream.following import HouseSession
from stream.heart import Heart, HeartError, stopping_on_signals
from stream.hosts import home
from stream.keeping import LOG_FILE
from stream.keys import KeyFileError
from stream.lineup import WINDOW
from stream.lives import die_with
from stream.page_address import address_of
from stream.places import PlaceError, Places, places_for
from stream.private import close_to_others
from stream.recipes import laid
from stream.refusing import REFUSED, refusal_file
from stream.settings import LineSettings
from stream.sources.source import SourceError
from stream.sources.table import KINDS, kind_of
from stream.stage import place_of
from stream.web.guard import GuardError

log = logging.getLogger("linewatch")
MODULES = {
    "capture": "stream.capture",
    "inspect": "stream.inspector",
    "record": "stream.recorder",
    "display": "stream.display",
    "clips": "stream.clips",
    WINDOW: "stream.desktop.role",
}
ALONE = "alone"  # the session of roles that no supervisor started


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "One role alone. The roles of a line find each other by its data_dir, and on other hosts by its `hosts`."
    )
    parser.epilog = "example:\n  python -m stream capture configs/line.yaml --camera belt"
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    add_line_arguments(parser)
    parser.add_argument("--camera", help="capture: which camera, where there are several")
    parser.add_argument("--number", type=int, default=1, help="inspect: which inspector, from 1 (default: 1)")
    parser.add_argument("--session", default=ALONE, help=argparse.SUPPRESS)
    parser.add_argument("--parent", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--listening", type=int, default=-1, help=argparse.SUPPRESS)
    parser.add_argument("--gate", type=int, default=-1, help=argparse.SUPPRESS)


def become(words: Sequence[str]) -> int:
    """Runs the role that these words name, as `python -m stream WORDS` would."""
    parser = argparse.ArgumentParser()
    parser.add_argument("command", choices=MODULES)
    add_arguments(parser)
    return run(parser.parse_args(words))


def run(arguments: argparse.Namespace) -> int:
    """Runs the role that `arguments.command` names, until it is told to stop."""
    supervised = arguments.parent is not None
    if supervised:
        die_with(arguments.parent)
    line = _line(arguments)
    refusal: Path | None = None  # where a supervisor looks for the reason
    try:
        places = with_far(places_for(line.data_dir), line, _role_name(arguments, line))
        if arguments.command == "record":
            close_to_others(line.data_dir, LOG_FILE)
            if not supervised:
                _bring_log_up(line)
        name = _process_name(arguments, line)
        refusal = refusal_file(places, name) if supervised else None
        setproctitle.setproctitle(f"linewatch {name}")
        if places.here != home(line) and not supervised and arguments.command != "inspect":
            return _follow(arguments, line, places)
        heart = Heart(places.heart(name) if supervised else None)
        with stopping_on_signals(heart, supervised=supervised):
            work = _work(arguments, line, places, arguments.session)
            # What is loaded stays for good. To look through all of it takes the garbage collector some 25 ms, with
            # every thread of the role standing still: an intake that drains a camera, too.
            gc.freeze()
            work(heart)
        heart.close()
    except (BusyError, PlaceError, HeartError, OpenError, GuardError, HostError, KeyFileError) as error:
        log.error("%s", error)
        if refusal is not None:
            with contextlib.suppress(OSError):  # shared memory may be full; the log has the reason
                refusal.write_text(str(error))
        return REFUSED
    return 0


def _bring_log_up(line: LineSettings) -> None:
    """What `stream run` does before it starts a recorder. Raises PlaceError."""
    upgrade: Any = import_module("stream.log_upgrade")  # other roles know no log
    try:
        upgrade.bring_log_up(line.data_dir, line.recorder.incident_gap_frames)
    except OSError as error:
        raise PlaceError(str(error)) from error


def _line(arguments: argparse.Namespace) -> LineSettings:
    """The supervisor hands the settings over on standard input: nothing secret stands in a command line."""
    if arguments.file == Path("-"):
        return parse_line(sys.stdin.read())
    return read_line(arguments.file, arguments.overrides, arguments.source)


def _follow(arguments: argparse.Namespace, line: LineSettings, places: Places) -> int:
    """A role alone on another host: in the session of the line, and in the next one when that begins."""
    house = HouseSession(places)
    heart = Heart(None)
    try:
        with stopping_on_signals(heart, supervised=False):
            while house.wait(heart):
                one = Heart(None, lambda: not heart.stopping and house.same())
                _work(arguments, line, places, house.session)(one)
    finally:
        house.close()
    return 0


def _work(arguments: argparse.Namespace, line: LineSettings, places: Places, session: str) -> Callable[[Heart], None]:
    """The role's work. Only what it needs is loaded, unless it was the spare: the rest costs memory."""
    module = import_module(MODULES[arguments.command])
    if arguments.command in ("record", "clips"):
        return lambda heart: module.run(line, places, heart, session)
    if arguments.command == "display":
        listening = socket.socket(fileno=arguments.listening) if arguments.listening >= 0 else None
        return lambda heart: module.run(line, places, heart, listening, session)
    if arguments.command == WINDOW:
        with socket.socket(fileno=arguments.listening) as held:
            address = address_of(held)
        return lambda heart: module.run(line, heart, address)
    if arguments.command == "inspect":
        number, gate = arguments.number, arguments.gate
        return lambda heart: module.run(_judging(line), places, heart, number, gate)
    camera = line.camera(_camera(line, arguments.camera))
    # With it, before the first beat: what it loads later would take its time from the pictures, and a package that is
    # missing would be a death in full work. A source of no known kind is the intake's to tell.
    with contextlib.suppress(SourceError):
        import_module(KINDS[kind_of(camera.source)].module)
    taken_list = camera.taken_list or line.data_dir / "watched" / f"{camera.name}.jsonl"
    camera, shelf = replace(camera, taken_list=taken_list), shelf_of(line, camera)
    stop_s = line.supervisor.stop_s
    return lambda heart: module.run(camera, places, heart, session, stop_s, line.data_dir, laid(line), shelf)


def _judging(line: LineSettings) -> LineSettings:
    """The line with the recipe, the bundle and the engine that judge; a supervisor has settled all of them.

    Raises ChoiceError, LiveBundleError.
    """
    # They open bundles, for which the other roles have no use.
    from stream.chosen import chosen
    from stream.chosen_recipe import with_recipe
    from stream.live_bundle import settled

    line = settled(with_recipe(line))
    found = chosen(line)
    if found.words:
        log.info("engine: %s", found.words)
    return replace(line, inspector=found.inspector)


def _process_name(arguments: argparse.Namespace, line: LineSettings) -> str:
    """As `ps` shows it."""
    return f"inspect {arguments.number}" if arguments.command == "inspect" else _role_name(arguments, line)


def _role_name(arguments: argparse.Namespace, line: LineSettings) -> str:
    """As the hosts name it. An inspector that takes over with a new bundle has the place of one that they know."""
    if arguments.command == "capture":
        return f"capture {_camera(line, arguments.camera)}"
    if arguments.command == "inspect":
        return f"inspect {place_of(arguments.number, line.inspector.count)}"
    return str(arguments.command)


def _camera(line: LineSettings, wanted: str | None) -> str:
    names = [camera.name for camera in line.cameras]
    if wanted is None and len(names) == 1:
        return names[0]
    if wanted not in names:
        raise BusyError(f"--camera: got {wanted}; the cameras of this line are {', '.join(names)}")
    return wanted
