"""`basler:` Basler's cameras, GigE and USB, through pylon (pypylon). `basler:`, `basler:SERIAL` or `basler:NAME`.

With PYLON_CAMEMU=2 in the environment pylon has two emulated cameras, 0815-0000 and 0815-0001: no hardware is needed.

pylon ends its waits by SIGALRM: no other part of the process may catch that signal, or a wait for a picture is endless.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from stream.settings import CameraSettings
from stream.sources.industrial import IndustrialCamera
from stream.sources.maker_library import load
from stream.sources.nodes import Allowed, NodeError, Value
from stream.sources.opened import Shot
from stream.sources.seen import Seen
from stream.sources.source import SourceError

MISSING = "Basler cameras need pypylon: make setup-cameras, or pip install -r requirements-cameras.txt"
BUFFERS = 8
NO_NUMBER = 2**64 - 1  # pylon's word for a camera without a count
REFUSALS = ("AccessException", "InvalidArgumentException", "LogicalErrorException", "OutOfRangeException")
KINDS: dict[str, type] = {"IntegerParameter": int, "FloatParameter": float, "BooleanParameter": bool}


def open_camera(camera: CameraSettings, address: str) -> IndustrialCamera:
    """Raises SourceError (final) where pypylon is missing."""
    sdk()
    return IndustrialCamera(camera, lambda: OpenedBasler(address.partition(":")[2]))


@dataclass(frozen=True)
class Sdk:
    """pypylon's two modules."""

    pylon: Any
    genicam: Any


def sdk() -> Sdk:
    """Raises SourceError (final) where pypylon is missing."""
    return Sdk(*load(("pypylon.pylon", "pypylon.genicam"), MISSING))


def connected() -> tuple[Seen, ...]:
    """The Basler cameras that answer now; takes a second or two. Raises SourceError."""
    loaded = sdk()
    with _plain(loaded, "basler"):
        found = loaded.pylon.TlFactory.GetInstance().EnumerateDevices()
        return tuple(
            Seen(
                source=f"basler:{info.GetSerialNumber()}",
                what=f"{info.GetVendorName()} {info.GetModelName()}, {info.GetDeviceClass()}",
                called=info.GetUserDefinedName(),
            )
            for info in found
        )


class OpenedBasler:
    """See opened.Opened. Raises SourceError where there is no such camera, or another program has it."""

    def __init__(self, wanted: str) -> None:
        self._sdk = sdk()
        self._pylon = pylon = self._sdk.pylon
        self.name = f"Basler {wanted}".strip()
        with _plain(self._sdk, self.name):
            factory = pylon.TlFactory.GetInstance()
            info = _chosen(factory.EnumerateDevices(), wanted)
            self.name = f"Basler {info.GetModelName()} {info.GetSerialNumber()}"
            self._camera = pylon.InstantCamera(factory.CreateDevice(info))
            self._camera.Open()
            self._camera.MaxNumBuffer.Value = BUFFERS
            self.nodes = PylonNodes(self._sdk, self._camera.GetNodeMap(), self.name)
            self._tick_ns = self._ticks()
            self._format = ""

    def start(self) -> None:
        self._format = str(self.nodes.read("PixelFormat"))
        with _plain(self._sdk, self.name):
            self._camera.StartGrabbing(self._pylon.GrabStrategy_OneByOne)

    def take(self, timeout_s: float) -> Shot | None:
        pylon = self._pylon
        with _plain(self._sdk, self.name):
            grabbed = self._camera.RetrieveResult(int(timeout_s * 1000), pylon.TimeoutHandling_Return)
            if not grabbed.IsValid():
                return None
            number = grabbed.GetBlockID()
            whole = grabbed.GrabSucceeded()
            return Shot(
                raw=np.frombuffer(grabbed.GetMemoryView(), np.uint8) if whole else None,
                format=self._format,
                width=grabbed.GetWidth() if whole else 0,
                height=grabbed.GetHeight() if whole else 0,
                padding=grabbed.GetPaddingX() if whole else 0,
                number=None if number == NO_NUMBER else number,
                stamp_ns=int(grabbed.GetTimeStamp() * self._tick_ns) or None,
                give_back=grabbed.Release,
            )

    def look(self) -> None:
        with _plain(self._sdk, self.name):
            if self._camera.IsCameraDeviceRemoved():
                raise SourceError(f"{self.name}: the camera was unplugged or restarted; is it powered, its cable in?")

    def close(self) -> None:
        """A camera that was pulled out may refuse to be closed; it is let go all the same."""
        for step in (self._camera.StopGrabbing, self._camera.Close, self._camera.DestroyDevice):
            try:
                step()
            except self._sdk.genicam.GenericException:
                continue

    def _ticks(self) -> float:
        """Nanoseconds of one tick: GigE cameras say how many ticks a second has, USB cameras count nanoseconds."""
        if not self.nodes.has("GevTimestampTickFrequency"):
            return 1.0
        return 1e9 / max(1.0, float(self.nodes.read("GevTimestampTickFrequency")))


class PylonNodes:
    """See nodes.Nodes."""

    def __init__(self, loaded: Sdk, node_map: Any, camera: str) -> None:
        self._sdk = loaded
        self._map = node_map
        self._camera = camera

    def has(self, name: str) -> bool:
        with _plain(self._sdk, self._camera, asked=True):
            node = self._map.GetNode(name)
            return node is not None and bool(self._sdk.genicam.IsAvailable(node))

    def read(self, name: str) -> Value:
        with _plain(self._sdk, self._camera, asked=True):
            value: Value = self._map.GetNode(name).GetValue()
            return value

    def write(self, name: str, value: Value) -> None:
        with _plain(self._sdk, self._camera, asked=True):
            node = self._map.GetNode(name)
            kind = KINDS.get(type(node).__name__, str)
            node.SetValue(kind(value))

    def allowed(self, name: str) -> Allowed:
        with _plain(self._sdk, self._camera, asked=True):
            node = self._map.GetNode(name)
            if hasattr(node, "GetSymbolics"):
                return Allowed(choices=tuple(node.GetSymbolics()))
            if type(node).__name__ == "IntegerParameter":
                return Allowed(node.GetMin(), node.GetMax(), node.GetInc())
            return Allowed(node.GetMin(), node.GetMax()) if hasattr(node, "GetMin") else Allowed()

    def run(self, name: str) -> None:
        with _plain(self._sdk, self._camera, asked=True):
            self._map.GetNode(name).Execute()


def _chosen(found: Any, wanted: str) -> Any:
    """The device that is wanted by its serial number or the name that a user gave it; any, where none is named."""
    for info in found:
        if wanted in ("", info.GetSerialNumber(), info.GetUserDefinedName()):
            return info
    there = ", ".join(info.GetSerialNumber() for info in found) or "none"
    missing = f"no Basler camera {wanted}".rstrip()
    raise SourceError(f"{missing} answers; there are: {there}; is it powered, and in this network?")


@contextmanager
def _plain(loaded: Sdk, camera: str, asked: bool = False) -> Iterator[None]:
    """pylon's errors in ours; `asked`: about a node, so it may be a refusal."""
    try:
        yield
    except loaded.genicam.GenericException as error:
        said = str(error).partition(" : ")[0].strip()
        if asked and type(error).__name__ in REFUSALS:
            raise NodeError(said) from None
        raise SourceError(f"{camera}: {said}; does another program use the camera?") from None
