"""Whether what the cameras bring fits through memory and network, and whether that is set up for GigE cameras."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from stream.doctor.complaint import Complaint, Diagnosis
from stream.doctor.network import LOOPBACK, Interface, interface, wired
from stream.doctor.scene import MB, Scene, number
from stream.problem import WARNING
from stream.settings import INDUSTRIAL_PREFIXES, CameraSettings

GIGE = INDUSTRIAL_PREFIXES  # may send raw pictures in packets over a network
PASSES = 4  # times that a byte of a picture is written or read: decoded, into the ring, judged, shown
MEMORY_SHARE, NETWORK_SHARE = 0.5, 0.8  # of what there is that the cameras may take
JUMBO = 8000  # bytes: an MTU from here on is one
GIGABIT = 1000  # Mbit/s
RECEIVE_BYTES = 16 * 1024 * 1024  # of the kernel's buffer of a socket: a few pictures, while a process has no processor
COPIED = 32 * MB
COPY_S = 0.2

MEMORY = Complaint(
    "memory-bandwidth",
    WARNING,
    "the cameras bring {raw:.0f} MB a second, each byte is moved about {passes} times, and this computer copies "
    "{copies:.0f} MB a second",
    "memory is shared by all processes: pictures wait, and the oldest give way",
    "lower fps or the size of the pictures, or take cameras to another computer (docs/remote.md)",
)
NETWORK = Complaint(
    "network-full",
    WARNING,
    "{mb:.0f} MB a second come in at {interface}, which carries {can:.0f} ({mbit} Mbit/s)",
    "on a full cable packets are lost, and with them pictures",
    "lower fps, the size or the bit rate, or give the cameras a cable of their own; sudo ethtool {interface} shows it",
)
LINK = Complaint(
    "network-slow-cable",
    WARNING,
    "{interface} runs at {mbit} Mbit/s",
    "a GigE camera needs 1000; a damaged cable or plug falls back to 100",
    "where the camera hangs on it: change the cable, then look: sudo ethtool {interface}",
)
MTU = Complaint(
    "network-small-packets",
    WARNING,
    "{interface} takes packets of {mtu} bytes at most",
    "a GigE camera then sends six times as many packets, and each costs processor time",
    "where the camera hangs on it: sudo ip link set {interface} mtu 9000, and "
    "the packet size of the camera to 8192; the switch must take them too",
)
BUFFER = Complaint(
    "network-small-buffer",
    WARNING,
    "the kernel keeps {kb} kB for what a GigE camera sends",
    "when the capture gets no processor for a moment, packets are lost, and with them pictures",
    "sudo sysctl -w net.core.rmem_max={wanted}; for ever: the line net.core.rmem_max={wanted} in "
    "/etc/sysctl.d/90-cameras.conf",
)
COMPLAINTS = (MEMORY, NETWORK, LINK, MTU, BUFFER)


@dataclass(frozen=True)
class Incoming:
    """What comes in at one interface from cameras."""

    interface: Interface
    mb_s: float


def look(scene: Scene) -> Iterator[Diagnosis]:
    """Everything about bandwidth."""
    raw = sum(_raw_mb_s(scene, camera) for camera in scene.captured_here)
    if raw and scene.running is None:
        yield from judge_memory(raw, copied_mb_s())
    yield from judge_network(_incoming(scene))
    if any(camera.source.startswith(GIGE) for camera in scene.captured_here):
        yield from judge_gige(wired(scene.root), number(scene.root / "proc/sys/net/core/rmem_max"))


def judge_memory(raw_mb_s: float, copies_mb_s: float) -> Iterator[Diagnosis]:
    """Pure."""
    if raw_mb_s * PASSES > MEMORY_SHARE * copies_mb_s:
        yield MEMORY.told("cameras", raw=raw_mb_s, passes=PASSES, copies=copies_mb_s)


def judge_network(incoming: Sequence[Incoming]) -> Iterator[Diagnosis]:
    """Pure."""
    for one in incoming:
        can = one.interface.mbit_s / 8
        if can and one.mb_s > NETWORK_SHARE * can:
            name = one.interface.name
            yield NETWORK.told("cameras", mb=one.mb_s, interface=name, can=can, mbit=one.interface.mbit_s)


def judge_gige(interfaces: Sequence[Interface], receive_bytes: int | None) -> Iterator[Diagnosis]:
    """What GigE cameras need of the interfaces that they may hang on. Pure."""
    for one in interfaces:
        if 0 < one.mbit_s < GIGABIT:
            yield LINK.told("cameras", interface=one.name, mbit=one.mbit_s)
        if 0 < one.mtu < JUMBO:
            yield MTU.told("cameras", interface=one.name, mtu=one.mtu)
    if receive_bytes is not None and receive_bytes < RECEIVE_BYTES:
        yield BUFFER.told("cameras", kb=receive_bytes // 1024, wanted=2 * RECEIVE_BYTES)


def copied_mb_s() -> float:
    """How fast memory is copied here now, by one processor."""
    source, target = np.ones(COPIED, np.uint8), np.ones(COPIED, np.uint8)
    copies, began_s = 0, time.perf_counter()
    while (took_s := time.perf_counter() - began_s) < COPY_S:
        target[:] = source
        copies += 1
    return copies * COPIED / MB / took_s


def _raw_mb_s(scene: Scene, camera: CameraSettings) -> float:
    width, height = scene.size(camera)
    return width * height * 3 * scene.rate(camera) / MB


def _incoming(scene: Scene) -> list[Incoming]:
    """By interface; each camera's own measure counts all that came in there meanwhile, so the largest is the sum."""
    found: dict[str, float] = {}
    for seen in scene.cameras.values():
        if seen.interface not in ("", LOOPBACK):
            found[seen.interface] = max(found.get(seen.interface, 0.0), seen.wire_mb_s)
    return [Incoming(interface(name, scene.root), mb_s) for name, mb_s in found.items()]
