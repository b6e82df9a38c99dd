"""`python -m stream cameras`: what is connected, each with a line of YAML to paste below `cameras:`.

Each kind is looked for in a process of its own: a maker's library that hangs or falls takes none of the others along.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path

import msgspec

from stream.sources.seen import Seen
from stream.sources.source import SourceError

WITHIN_S = 20.0  # for all kinds together; the slowest library takes about two
VIDEO = Path("/sys/class/video4linux")
EXAMPLE = """example:
  python -m stream cameras
  python -m stream cameras --only aravis --json

A camera may stand there twice: a Basler GigE camera answers to pylon and to Aravis. Take one of them.
exit code: 0 there is a camera, 1 there is none"""


@dataclass(frozen=True)
class Look:
    """What came of looking for one kind."""

    kind: str
    cameras: tuple[Seen, ...] = ()
    said: str = ""  # why there are none, and what to do


def basler() -> tuple[Seen, ...]:
    from stream.sources.basler import connected

    return connected()


def genicam() -> tuple[Seen, ...]:
    from stream.sources.genicam import connected, producers, sdk

    sdk()
    return connected(producers(""))


def aravis() -> tuple[Seen, ...]:
    from stream.sources.aravis import connected

    return connected()


def usb() -> tuple[Seen, ...]:
    from stream.sources.v4l2 import connected

    return connected(VIDEO)


KINDS: dict[str, Callable[[], tuple[Seen, ...]]] = {"basler": basler, "genicam": genicam, "aravis": aravis, "usb": usb}


def look(kind: str) -> Look:
    """In this process."""
    try:
        cameras = KINDS[kind]()
    except SourceError as error:
        return Look(kind, said=str(error))
    return Look(kind, cameras, "" if cameras else "none is connected")


def look_everywhere(kinds: tuple[str, ...], within_s: float = WITHIN_S) -> tuple[Look, ...]:
    """All kinds at once; one that takes longer is ended, and says so."""
    words = (sys.executable, "-m", "stream", "cameras", "--here", "--json", "--only")
    children = [subprocess.Popen((*words, kind), stdout=subprocess.PIPE, stderr=subprocess.PIPE) for kind in kinds]
    with ThreadPoolExecutor(len(kinds)) as readers:  # each has the whole time, however long another takes
        return tuple(readers.map(_answer, kinds, children, repeat(within_s)))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.description = "Lists the cameras that are connected, each with a line of YAML to paste below `cameras:`."
    parser.epilog = EXAMPLE
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--only", choices=tuple(KINDS), help="look for one kind alone")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of words")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)  # for the processes of this command


def run(arguments: argparse.Namespace) -> int:
    """Prints what was found. 0: there is a camera; 1: there is none."""
    kinds = (arguments.only,) if arguments.only else tuple(KINDS)
    looks = tuple(map(look, kinds)) if arguments.here else look_everywhere(kinds)
    if arguments.json:
        print(json.dumps({"looks": [dataclasses.asdict(one) for one in looks]}, ensure_ascii=False))
    else:
        print("\n".join(line for one in looks for line in _in_words(one)))
    return 0 if any(one.cameras for one in looks) else 1


def yaml_line(camera: Seen) -> str:
    """For below `cameras:`. A serial number may be all digits, and a path may hold any sign: so it is quoted."""
    return f"  belt: {{source: {json.dumps(camera.source, ensure_ascii=False)}}}"


def _in_words(one: Look) -> list[str]:
    lines = [f"{one.kind}: {one.said}"] if one.said else [f"{one.kind}:"]
    for camera in one.cameras:
        called = f', called "{camera.called}"' if camera.called else ""
        lines += [f"  # {camera.what}{called}", yaml_line(camera)]
    return lines


def _answer(kind: str, child: subprocess.Popen[bytes], within_s: float) -> Look:
    try:
        said, trouble = child.communicate(timeout=within_s)
    except subprocess.TimeoutExpired:
        child.kill()
        child.communicate()
        return Look(kind, said="its library did not answer in time; is a camera or its network card stuck?")
    if child.returncode not in (0, 1) or not said:
        last = trouble.decode(errors="replace").strip().rpartition("\n")[2]
        return Look(kind, said=f"its library fell (exit code {child.returncode}): {last or 'no word'}")
    answer: Look = msgspec.convert(json.loads(said.splitlines()[-1])["looks"][0], Look)
    return answer
