"""`python -m stream challenge FILE.yaml`: what is known to be bad must be caught; says what came of it."""

from __future__ import annotations

import argparse
import getpass
import os
import sys
import time
import uuid
from pathlib import Path

import msgspec

from stream.asking import line_runs
from stream.challenge import CAUGHT, KIND, WITHIN_MAX_S, Wish
from stream.challenge_log import Told, acts_of, told
from stream.check import add_line_arguments
from stream.configuration import read_line
from stream.links import Links
from stream.log_reading import reading
from stream.messages import Act, Noted
from stream.part_names import PartError, checked
from stream.places import PlaceError, Places, places_for
from stream.settings import LineSettings

EXAMPLE = """examples:
  python -m stream challenge configs/line.yaml                      the stored picture, now
  python -m stream challenge configs/line.yaml --part               the next part is a known-bad one
  python -m stream challenge configs/parts.yaml --part B-0000       the part of that name is

exit code: 0 caught, 1 not caught (missed, undecided, refused, no line runs), 2 what was given does not fit"""
ANSWER_S = 5.0
AGAIN_S = 0.5
LOOK_S = 0.1
GONE_LOOKS = 100  # so often in a row no line is found: it was stopped; one that is started again is sooner there
NEXT = " "  # --part without a name


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Asks a running line to catch what is known to be bad, and waits for what came of it. "
        "docs/challenge.md says more."
    )
    parser.epilog = EXAMPLE
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    add_line_arguments(parser)
    parser.add_argument("--camera", help="which camera, where there are several")
    parser.add_argument(
        "--part", nargs="?", const=NEXT, metavar="ID", help="a part, by its name, or the next; no picture"
    )
    parser.add_argument(
        "--within", type=float, default=60.0, metavar="S", help="seconds in which it comes (default: 60)"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of words")


def run(arguments: argparse.Namespace) -> int:
    line = read_line(arguments.file, arguments.overrides, arguments.source)
    try:
        camera, wish = _camera(line, arguments.camera), _wish(arguments.part, arguments.within)
        places = places_for(line.data_dir)
    except (PartError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    except PlaceError as error:
        print(error, file=sys.stderr)
        return 1
    if not line_runs(places):
        print(f"no line runs that keeps its log in {line.data_dir}")
        return 1
    act = Act(
        uuid.uuid4().hex, time.time_ns(), _who(), "engineer", KIND, camera, new=msgspec.json.encode(wish).decode()
    )
    noted = _note(places, act)
    if noted is None or not noted.ok:
        print(noted.text if noted else "the recorder does not answer", file=sys.stderr)
        return 1
    deadline_s = line.camera(camera).challenge.deadline_s + (wish.within_s if wish.what == "part" else 0.0)
    ended = _outcome(line.data_dir, places, act, time.monotonic() + deadline_s + ANSWER_S)
    if ended is None:
        print("it is not decided; `GET /api/challenges` and the report say when it is", file=sys.stderr)
        return 1
    print(msgspec.json.encode(ended).decode() if arguments.json else words_of(ended))
    return 0 if ended.result == CAUGHT else 1


def words_of(ended: Told) -> str:
    """What came of it; of a known-bad part also which frame was taken for it, for people to look whether it was."""
    taken = f"; taken for it: {ended.frame}, look at it" if ended.what == "part" and ended.state == "BAD" else ""
    return f"{ended.camera}: {ended.result}: {ended.said}{taken if ended.frame else ''}"


def _wish(part: str | None, within_s: float) -> Wish:
    if not 1 <= within_s <= WITHIN_MAX_S:
        raise ValueError(f"--within: 1 to {WITHIN_MAX_S:g} seconds, got {within_s:g}")
    if part is None:
        return Wish()
    return Wish("part", checked(part.strip()), within_s)


def _camera(line: LineSettings, wanted: str | None) -> str:
    names = [camera.name for camera in line.cameras]
    if wanted is None and len(names) == 1:
        return names[0]
    if wanted not in names:
        raise ValueError(f"--camera: got {wanted}; the cameras of this line are {', '.join(names)}")
    return wanted


def _who() -> str:
    try:
        return getpass.getuser()[:64]
    except (KeyError, OSError):  # no such user in the system's list
        return f"user {os.getuid()}"


def _note(places: Places, act: Act) -> Noted | None:
    """What the recorder says; None where it is silent."""
    links = Links(places.far)
    recorder = links.ask(places.socket("record"), f"challenge {os.getpid()}", (Noted,))
    until_s, again_s = time.monotonic() + ANSWER_S, 0.0
    try:
        while (now_s := time.monotonic()) < until_s:
            if now_s >= again_s:
                again_s = now_s + AGAIN_S
                recorder.send(act)
            links.wait(LOOK_S)
            for _, message in recorder.receive():
                if isinstance(message, Noted) and message.id == act.id:
                    return message
        return None
    finally:
        links.flush_and_close(0.0)


def _outcome(data_dir: Path, places: Places, act: Act, until_s: float) -> Told | None:
    """What came of the challenge, once the log has it; None: not in time, or nobody is left to decide it."""
    gone = 0
    while time.monotonic() < until_s and gone < GONE_LOOKS:
        gone = 0 if line_runs(places) else gone + 1
        with reading(data_dir) as db:
            found = [one for one in told(acts_of(db, since_ns=act.utc_ns)) if one.id == act.id]
        if found and found[0].ended_utc_ns:
            return found[0]
        time.sleep(LOOK_S)
    return None
