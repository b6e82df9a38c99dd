"""`aravis:` GigE Vision and USB3 Vision cameras of any maker through Aravis: no maker's software is needed.

`aravis:` the first found, `aravis:SERIAL`, or `aravis:192.168.1.20`, which looks for none and is the quickest back.
"""

from __future__ import annotations

import contextlib
import ctypes
import ipaddress
from ctypes import byref, c_double, c_int, c_int64, c_size_t, c_uint, c_uint32
from typing import Any

import numpy as np

from stream.settings import CameraSettings
from stream.sources.aravis_library import Library, library
from stream.sources.gvcp import is_there
from stream.sources.industrial import IndustrialCamera
from stream.sources.nodes import Allowed, NodeError, Value
from stream.sources.opened import Shot
from stream.sources.seen import Seen
from stream.sources.source import SourceError

BUFFERS = 8
SEARCHES = 3  # of a second each, without the pause that intake makes between two openings: sooner back after a loss
WHOLE, CLEARED = 0, 1  # ArvBufferStatus: success; nothing was ever in it
ENDLESS = 1e300  # a bound beyond that is none
KINDS = (("gc_enumeration", "string"), ("gc_boolean", "boolean"), ("gc_float", "float"), ("gc_integer", "integer"))
NEVER = 0  # ArvGvPacketSizeAdjustment


def open_camera(camera: CameraSettings, address: str) -> IndustrialCamera:
    """Raises SourceError (final) where libaravis is missing."""
    library()
    return IndustrialCamera(camera, lambda: OpenedAravis(address.partition(":")[2], camera.control.packet_size))


def connected() -> tuple[Seen, ...]:
    """The cameras that answer now; takes a second. Raises SourceError."""
    found = library()
    found.call("arv_update_device_list")
    return tuple(
        Seen(
            source=f"aravis:{_said(found, 'serial_nbr', place) or _said(found, 'id', place)}",
            what=" ".join(_said(found, word, place) for word in ("vendor", "model", "protocol", "address")),
        )
        for place in range(found.call("arv_get_n_devices"))
    )


class OpenedAravis:
    """See opened.Opened. Raises SourceError where there is no such camera, or another program has it."""

    def __init__(self, wanted: str, packet_size: int | None) -> None:
        self._arv = library()
        self.name = f"Aravis {wanted}".strip()
        identity = wanted if _is_ip(wanted) else _identity(self._arv, wanted)
        self._stream: int | None = None
        self._device: int | None = self._opened(identity)
        self._gige = self._arv.is_a(self._device, "gv_device")
        host = (wanted if _is_ip(wanted) else _address(self._arv, identity)) if self._gige else ""
        self._host = host if host and is_there(host) else ""  # empty: only the library can be asked
        self._arv.call("arv_device_set_range_check_policy", self._device, 1)
        if self._gige and packet_size is not None:
            self._arv.call("arv_gv_device_set_packet_size_adjustment", self._device, NEVER)
        self.nodes = AravisNodes(self._arv, self._device, self.name)
        self._format = ""

    def start(self) -> None:
        self._format = str(self.nodes.read("PixelFormat"))
        size = int(self.nodes.read("PayloadSize"))
        self._stream = self._asked("arv_device_create_stream", self._device, None, None)
        for _ in range(BUFFERS):
            self._arv.call("arv_stream_push_buffer", self._stream, self._arv.call("arv_buffer_new_allocate", size))
        if self.nodes.has("TLParamsLocked"):
            with contextlib.suppress(NodeError):  # some have it, and let nobody write it
                self.nodes.write("TLParamsLocked", 1)
        self.nodes.run("AcquisitionStart")

    def take(self, timeout_s: float) -> Shot | None:
        """Aravis now and then hands back all buffers empty, just after the start: they are no pictures."""
        for _ in range(BUFFERS + 1):
            buffer = self._buffer(timeout_s)
            if buffer is None:
                return None
            if self._arv.call("arv_buffer_get_status", buffer) != CLEARED:
                return self._shot(buffer)
            self._arv.call("arv_stream_push_buffer", self._stream, buffer)
        return None

    def look(self) -> None:
        """Whether it answers, and lets us rule: Aravis gives control up when the camera misses its heartbeats."""
        if self._host and not is_there(self._host):
            raise SourceError(f"{self.name}: it does not answer; is it powered, and its cable in?")
        if self._gige and not self._arv.call("arv_gv_device_is_controller", self._device):
            raise SourceError(f"{self.name}: control of the camera is lost; is it powered, and its cable in?")
        with contextlib.suppress(NodeError):  # a refusal is an answer
            self._asked("arv_device_read_register", self._device, 0, byref(c_uint32()))

    def close(self) -> None:
        device, stream, self._device, self._stream = self._device, self._stream, None, None
        if device is None:
            return
        if stream is not None:
            with contextlib.suppress(NodeError, SourceError):
                self._arv.ask(self.name, "arv_device_execute_command", device, b"AcquisitionStop")
            with contextlib.suppress(NodeError, SourceError):
                self._arv.ask(self.name, "arv_device_set_integer_feature_value", device, b"TLParamsLocked", 0)
            self._arv.call("g_object_unref", stream)
        self._arv.call("g_object_unref", device)

    def _buffer(self, timeout_s: float) -> int | None:
        if timeout_s > 0:
            buffer = self._arv.call("arv_stream_timeout_pop_buffer", self._stream, int(timeout_s * 1e6))
        else:
            buffer = self._arv.call("arv_stream_try_pop_buffer", self._stream)
        return None if buffer is None else int(buffer)

    def _opened(self, identity: str) -> int:
        device = self._asked("arv_open_device", identity.encode())
        if device is None:
            raise SourceError(f"{self.name}: no camera answers there; is it powered, and in this network?")
        return int(device)

    def _asked(self, name: str, *words: object) -> int | None:
        answer: int | None = self._arv.ask(self.name, name, *words)
        return answer

    def _shot(self, buffer: int) -> Shot:
        arv, whole = self._arv, self._arv.call("arv_buffer_get_status", buffer) == WHOLE
        size, padding, below = c_size_t(), c_int(), c_int()
        raw = None
        if whole:
            start = arv.call("arv_buffer_get_image_data", buffer, byref(size))
            raw = np.frombuffer(memoryview((ctypes.c_uint8 * size.value).from_address(start)), np.uint8)
            arv.call("arv_buffer_get_image_padding", buffer, byref(padding), byref(below))
        return Shot(
            raw=raw,
            format=self._format,
            width=arv.call("arv_buffer_get_image_width", buffer) if whole else 0,
            height=arv.call("arv_buffer_get_image_height", buffer) if whole else 0,
            padding=padding.value,
            number=arv.call("arv_buffer_get_frame_id", buffer),
            stamp_ns=arv.call("arv_buffer_get_timestamp", buffer) or None,
            give_back=lambda: arv.call("arv_stream_push_buffer", self._stream, buffer),
        )


class AravisNodes:
    """See nodes.Nodes."""

    def __init__(self, arv: Library, device: int, camera: str) -> None:
        self._arv = arv
        self._device = device
        self._camera = camera

    def has(self, name: str) -> bool:
        try:
            return bool(self._ask("arv_device_is_feature_available", name))
        except NodeError:
            return False

    def read(self, name: str) -> Value:
        kind = self._kind(name)
        value: Value | bytes = self._ask(f"arv_device_get_{kind}_feature_value", name)
        if isinstance(value, bytes):
            return value.decode(errors="replace")
        return bool(value) if kind == "boolean" else value

    def write(self, name: str, value: Value) -> None:
        kind = self._kind(name)
        given = str(value).encode() if kind == "string" else float(value) if kind == "float" else int(value)
        self._ask(f"arv_device_set_{kind}_feature_value", name, given)

    def allowed(self, name: str) -> Allowed:
        kind = self._kind(name)
        if kind == "string":
            return Allowed(choices=self._choices(name))
        if kind == "boolean":
            return Allowed()
        low, high = (c_double(), c_double()) if kind == "float" else (c_int64(), c_int64())
        self._ask(f"arv_device_get_{kind}_feature_bounds", name, byref(low), byref(high))
        step = self._ask("arv_device_get_integer_feature_increment", name) if kind == "integer" else None
        if abs(low.value) > ENDLESS or abs(high.value) > ENDLESS:
            return Allowed()
        return Allowed(low.value, high.value, step)

    def run(self, name: str) -> None:
        self._ask("arv_device_execute_command", name)

    def _choices(self, name: str) -> tuple[str, ...]:
        count = c_uint()
        listed = self._ask("arv_device_dup_available_enumeration_feature_values_as_strings", name, byref(count))
        choices = tuple(listed[place].decode() for place in range(count.value))
        self._arv.call("g_free", listed)  # the list alone: its words belong to the device
        return choices

    def _kind(self, name: str) -> str:
        node = self._arv.call("arv_device_get_feature", self._device, name.encode())
        if node is None:
            raise NodeError(f"no node {name}")
        return next((kind for which, kind in KINDS if self._arv.is_a(node, which)), "string")

    def _ask(self, function: str, name: str, *words: object) -> Any:
        return self._arv.ask(self._camera, function, self._device, name.encode(), *words)


def _identity(arv: Library, wanted: str) -> str:
    """Aravis' own name of the camera with that serial number, or of the first."""
    found = range(0)
    for _ in range(SEARCHES):
        arv.call("arv_update_device_list")
        found = range(arv.call("arv_get_n_devices"))
        for place in found:
            if wanted in ("", *(_said(arv, word, place) for word in ("serial_nbr", "id", "manufacturer_info"))):
                return _said(arv, "id", place)
    there = ", ".join(_said(arv, "serial_nbr", place) for place in found) or "none"
    missing = f"no GigE Vision or USB3 Vision camera {wanted}".rstrip()
    raise SourceError(f"{missing} answers; there are: {there}; is it powered, and in this network?")


def _address(arv: Library, identity: str) -> str:
    """Where the camera of that name was found; empty where it was not."""
    places = range(arv.call("arv_get_n_devices"))
    return next((_said(arv, "address", place) for place in places if _said(arv, "id", place) == identity), "")


def _said(arv: Library, word: str, place: int) -> str:
    said: bytes | None = arv.call(f"arv_get_device_{word}", place)
    return (said or b"").decode(errors="replace")


def _is_ip(wanted: str) -> bool:
    try:
        ipaddress.ip_address(wanted)
    except ValueError:
        return False
    return True
