"""`python -m stream regions`: draws a camera's regions on its live picture, in the browser, and writes the YAML."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import secrets
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from stream.configuration import read_line
from stream.settings import CameraSettings, DisplaySettings, LineSettings

if TYPE_CHECKING:
    from detector.bundle import Bundle

EXAMPLE = """examples:
  python -m stream regions configs/regions.yaml
  python -m stream regions configs/line.yaml --camera belt --port 8090

Prints an address for the browser of this computer; Ctrl-C ends it. Where the line runs, its own pictures are shown. A
running line judges by the new regions when it is started again.

exit code: 0 ended by a person; 2 no such camera, no such file, or the port is taken"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.description = "Draws what of a camera's pictures is judged, in the browser, and writes it into the file."
    parser.epilog = EXAMPLE
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("file", type=Path, metavar="FILE.yaml", help="the line whose file is changed")
    parser.add_argument("--camera", help="which one; not needed where the line has one")
    parser.add_argument("--port", type=int, default=0, help="of the page, on 127.0.0.1; default: any that is free")


def run(arguments: argparse.Namespace) -> int:
    """Serves until Ctrl-C."""
    from stream.claim import BusyError
    from stream.region_writing import WritingError

    line = read_line(arguments.file)
    names = [camera.name for camera in line.cameras]
    if arguments.camera is None and len(names) > 1:
        print(f"--camera: which one? the cameras of this line are {', '.join(names)}", file=sys.stderr)
        return 2
    if arguments.camera not in (None, *names):
        print(f"--camera: got {arguments.camera}; the cameras of this line are {', '.join(names)}", file=sys.stderr)
        return 2
    try:
        asyncio.run(_serve(arguments.file, line, line.camera(arguments.camera or names[0]), arguments.port))
    except (BusyError, WritingError, OverflowError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


async def _serve(path: Path, line: LineSettings, camera: CameraSettings, port: int) -> None:
    from detector.regions import Region
    from stream.page_address import address_of, open_socket
    from stream.places import Places, runtime_folder
    from stream.region_eye import Eye
    from stream.web.admission import Admission
    from stream.web.guard import Guard
    from stream.web.region_server import RegionPage, drawing_of
    from stream.web.server import serving_application
    from stream.web.turned_away import TurnedAway

    # a single region becomes the first of several: the two do not stand beside each other
    regions = camera.regions or ((Region("region", box=camera.region),) if camera.region else ())
    token = secrets.token_hex(16)
    scale = _scale_of(line)
    listening = open_socket(DisplaySettings(port=port))
    with contextlib.closing(Eye(camera, Places(runtime_folder(line.data_dir)))) as eye:
        page = RegionPage(drawing_of(path, camera.name, regions, eye, scale.bundle, scale.why))
        admission = Admission(Guard("127.0.0.1", frozenset(), token), TurnedAway())
        async with serving_application(page.application(admission), admission, listening):
            print(f"draw the regions of {camera.name} at {address_of(listening)}#token={token}", flush=True)
            await _until_told_to_stop()


@dataclass(frozen=True)
class _Scale:
    """What the networks were trained at; or why nobody knows."""

    bundle: Bundle | None
    why: str = ""


def _scale_of(line: LineSettings) -> _Scale:
    from detector.bundle import SHIPPED, open_bundle
    from detector.errors import OpenError
    from stream.live_bundle import settled

    if line.inspector.classifier:
        return _Scale(None, "checkpoints say nothing of the scale that they were trained at")
    try:
        return _Scale(open_bundle(settled(line).inspector.bundle or SHIPPED))
    except OpenError as error:
        return _Scale(None, str(error))


async def _until_told_to_stop() -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await stop.wait()
