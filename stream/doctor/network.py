"""What the kernel says of the network: which interface leads to an address, how fast it is. Reads /proc and /sys."""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass
from pathlib import Path

from stream.doctor.scene import number, read

LOOPBACK = "lo"


@dataclass(frozen=True)
class Interface:
    """One network interface."""

    name: str
    mbit_s: int  # that it was agreed with the other end of the cable; 0 where it says nothing (virtual, no cable)
    mtu: int  # bytes


def interface_to(address: str, root: Path) -> str:
    """The interface over which packets go to an IPv4 address; empty where none is known."""
    if address.startswith("127."):
        return LOOPBACK
    try:
        (wanted,) = struct.unpack("<I", socket.inet_aton(address))
    except OSError:
        return ""
    best, found = -1, ""
    for row in read(root / "proc/net/route").splitlines()[1:]:
        fields = row.split()
        if len(fields) < 8 or not int(fields[3], 16) & 1:  # RTF_UP
            continue
        target, mask = int(fields[1], 16), int(fields[7], 16)
        if wanted & mask == target and mask.bit_count() > best:
            best, found = mask.bit_count(), fields[0]
    return found


def interface(name: str, root: Path) -> Interface:
    """What the kernel knows of an interface."""
    folder = root / "sys/class/net" / name
    return Interface(name, max(0, number(folder / "speed") or 0), number(folder / "mtu") or 0)


def wired(root: Path) -> tuple[Interface, ...]:
    """The interfaces of hardware that are up, by name: what a camera could hang on."""
    folders = sorted((root / "sys/class/net").glob("*"))
    up = [f.name for f in folders if (f / "device").exists() and read(f / "operstate") in ("up", "unknown")]
    return tuple(interface(name, root) for name in up)


def received_bytes(name: str, root: Path) -> int:
    """Bytes that came in at an interface since the start; 0 where nobody knows."""
    return number(root / "sys/class/net" / name / "statistics/rx_bytes") or 0
