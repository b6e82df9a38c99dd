"""`genicam:` any GenICam camera through its maker's GenTL producer, by harvesters and EMVA's genicam.

`genicam:/opt/maker/producer.cti#SERIAL`; without a producer all that GENICAM_GENTL64_PATH names are asked, and without
a serial number (or the name that its owner gave it) the first camera is taken.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from stream.settings import CameraSettings
from stream.sources.industrial import IndustrialCamera
from stream.sources.maker_library import load
from stream.sources.nodes import Allowed, NodeError, Value
from stream.sources.opened import Shot
from stream.sources.seen import Seen
from stream.sources.source import SourceError

MISSING = "GenICam cameras need harvesters and genicam: make setup-cameras, or pip install -r requirements-cameras.txt"
PRODUCERS = "GENICAM_GENTL64_PATH"  # folders with producers, as the GenTL standard has it
# The library holds Python's lock while it waits for a picture: a wait of its own would stop the whole capture.
POLL_S = 0.002
DISCOVERY_MS = 500
BUFFERS = 8
REFUSALS = (
    *("AccessException", "InvalidArgumentException", "LogicalErrorException", "OutOfRangeException"),
    *("DynamicCastException", "PropertyException"),
)
USABLE = 1  # EAccessMode: not implemented, not available, write, read, both


@dataclass(frozen=True)
class Sdk:
    """The modules."""

    harvesters: Any
    genapi: Any
    gentl: Any


def open_camera(camera: CameraSettings, address: str) -> IndustrialCamera:
    """Raises SourceError (final) where the packages are missing, or the producer is."""
    sdk()
    producer, _, wanted = address.partition(":")[2].partition("#")
    files = producers(producer)
    return IndustrialCamera(camera, lambda: OpenedGenicam(files, wanted))


def sdk() -> Sdk:
    """Raises SourceError (final) where the packages are missing."""
    return Sdk(*load(("harvesters.core", "genicam.genapi", "genicam.gentl"), MISSING))


def producers(named: str) -> tuple[Path, ...]:
    """The producer that is named, or all there are. Raises SourceError (final) where there is none."""
    if named:
        if not Path(named).is_file():
            raise SourceError(f"{named}: no such producer; give the .cti file of the camera's maker", final=True)
        return (Path(named),)
    folders = [Path(folder) for folder in os.environ.get(PRODUCERS, "").split(os.pathsep) if folder]
    if not (files := tuple(sorted(file for folder in folders for file in folder.glob("*.cti")))):
        where = f"{PRODUCERS} names {', '.join(map(str, folders))}" if folders else f"{PRODUCERS} is not set"
        text = f"no GenTL producer: {where}; install the camera maker's, or write genicam:/path/to/producer.cti"
        raise SourceError(text, final=True)
    return files


def connected(files: tuple[Path, ...]) -> tuple[Seen, ...]:
    """The cameras that answer to these producers now. Raises SourceError."""
    loaded = sdk()
    seen = []
    for file in files:
        with _plain(loaded, file.name), _harvester(loaded, (file,)) as harvester:
            for info in harvester.device_info_list:
                words = info.property_dict
                what = f"{words['vendor']} {words['model']}, {words['tl_type']}"
                seen.append(Seen(f"genicam:{file}#{_serial(words)}", what, words["user_defined_name"] or ""))
    return tuple(seen)


class OpenedGenicam:
    """See opened.Opened. Raises SourceError where there is no such camera, or another program has it."""

    def __init__(self, files: tuple[Path, ...], wanted: str) -> None:
        self._sdk = sdk()
        self.name = f"GenICam {wanted}".strip()
        self._closing = contextlib.ExitStack()
        with contextlib.ExitStack() as undone, _plain(self._sdk, self.name):
            harvester = undone.enter_context(_harvester(self._sdk, files))
            place, words = _chosen(harvester, wanted)
            self.name = f"{words['vendor']} {words['model']} {_serial(words)}"
            self._acquirer = harvester.create(place)
            undone.callback(self._acquirer.destroy)
            self._acquirer.num_buffers = max(BUFFERS, self._acquirer.min_num_buffers)
            self.nodes = GenapiNodes(self._sdk, self._acquirer.remote_device.node_map, self.name)
            self._format = ""
            self._monitor: Any = None
            self._closing = undone.pop_all()

    def start(self) -> None:
        self._format = str(self.nodes.read("PixelFormat"))
        with _plain(self._sdk, self.name):
            self._acquirer.start()
        # harvesters' own fetch() lets incomplete pictures go without a word, and computes while it waits.
        self._monitor = next(iter(self._acquirer._new_buffer_event_monitor_dict.values()))

    def take(self, timeout_s: float) -> Shot | None:
        until_s = time.monotonic() + timeout_s
        with _plain(self._sdk, self.name):
            while not self._arrived():
                if time.monotonic() >= until_s:
                    return None
                time.sleep(POLL_S)
            return self._shot(self._monitor.buffer)

    def look(self) -> None:
        """Reads the first register of the camera; that there is none is an answer too."""
        with _plain(self._sdk, self.name), contextlib.suppress(self._sdk.gentl.InvalidAddressException):
            self._acquirer.remote_device.port.read(0, 4)

    def close(self) -> None:
        """A camera that was pulled out may refuse to be stopped; it is let go all the same."""
        with contextlib.suppress(self._sdk.gentl.GenericException, self._sdk.genapi.GenericException):
            self._closing.close()

    def _arrived(self) -> bool:
        try:
            self._monitor.update_event_data(0)
        except self._sdk.gentl.TimeoutException:
            return False
        return True

    def _shot(self, buffer: Any) -> Shot:
        whole = bool(buffer.is_complete())
        raw = np.frombuffer(buffer.raw_buffer, np.uint8, offset=buffer.image_offset) if whole else None
        return Shot(
            raw=raw,
            format=self._format,
            width=buffer.width if whole else 0,
            height=buffer.height if whole else 0,
            padding=self._said(buffer, "padding_x") or 0,
            number=self._said(buffer, "frame_id"),
            stamp_ns=self._said(buffer, "timestamp_ns"),
            give_back=lambda: buffer.parent.queue_buffer(buffer),
        )

    def _said(self, buffer: Any, name: str) -> int | None:
        """What the producer says of the buffer; None where it has no word for it."""
        try:
            return int(getattr(buffer, name))
        except self._sdk.gentl.GenericException:
            return None


class GenapiNodes:
    """See nodes.Nodes."""

    def __init__(self, loaded: Sdk, node_map: Any, camera: str) -> None:
        self._sdk = loaded
        self._map = node_map
        self._camera = camera

    def has(self, name: str) -> bool:
        with _plain(self._sdk, self._camera, asked=True):
            return self._map.has_node(name) and getattr(self._map, name).get_access_mode() > USABLE

    def read(self, name: str) -> Value:
        with _plain(self._sdk, self._camera, asked=True):
            value: Value = getattr(self._map, name).value
            return value

    def write(self, name: str, value: Value) -> None:
        with _plain(self._sdk, self._camera, asked=True):
            node = getattr(self._map, name)
            node.value = {"IInteger": int, "IFloat": float, "IBoolean": bool}.get(type(node).__name__, str)(value)

    def allowed(self, name: str) -> Allowed:
        with _plain(self._sdk, self._camera, asked=True):
            node = getattr(self._map, name)
            if hasattr(node, "symbolics"):
                return Allowed(choices=tuple(node.symbolics))
            if type(node).__name__ == "IInteger":
                return Allowed(node.min, node.max, node.inc)
            return Allowed(node.min, node.max) if hasattr(node, "min") else Allowed()

    def run(self, name: str) -> None:
        with _plain(self._sdk, self._camera, asked=True):
            getattr(self._map, name).execute()


@contextmanager
def _harvester(loaded: Sdk, files: tuple[Path, ...]) -> Iterator[Any]:
    """With its producers loaded, and the cameras looked for."""
    harvester = loaded.harvesters.Harvester()
    try:
        harvester.timeout_for_update = DISCOVERY_MS
        for file in files:
            harvester.add_file(str(file), check_existence=True, check_validity=True)
        harvester.update()
        yield harvester
    finally:
        harvester.reset()


def _chosen(harvester: Any, wanted: str) -> tuple[int, dict[str, Any]]:
    found = [info.property_dict for info in harvester.device_info_list]
    for place, words in enumerate(found):
        if wanted in ("", words["serial_number"], words["user_defined_name"], words["id_"]):
            return place, words
    there = ", ".join(map(_serial, found)) or "none"
    missing = f"no GenICam camera {wanted}".rstrip()
    raise SourceError(f"{missing} answers; there are: {there}; is it powered, and in this network?")


def _serial(words: dict[str, Any]) -> str:
    return str(words["serial_number"] or words["id_"])


@contextmanager
def _plain(loaded: Sdk, camera: str, asked: bool = False) -> Iterator[None]:
    """The library's errors in ours; `asked`: about a node, so it may be a refusal."""
    try:
        yield
    except (loaded.genapi.GenericException, loaded.gentl.GenericException) as error:
        said = str(error).partition(" : ")[0].strip()
        if asked and type(error).__name__ in REFUSALS:
            raise NodeError(said) from None
        raise SourceError(f"{camera}: {said}; is it powered, and does no other program use it?") from None
