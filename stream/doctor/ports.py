"""The ports that the line listens on, and who has them."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from stream.conflicts import is_loopback
from stream.doctor.complaint import Complaint, Diagnosis
from stream.doctor.scene import Scene, read
from stream.far import HostError, numeric, this_host
from stream.hosts import listening, port_of
from stream.problem import ERROR, NOTE

LISTENING = "0A"  # state of a row of /proc/net/tcp (proc(5))

TAKEN = Complaint(
    "port-taken",
    ERROR,
    "port {port} is taken by {who}",
    "the line cannot listen there, and does not start",
    "stop that program, or write another port ({setting}); who it is: sudo ss -ltnp 'sport = :{port}'",
)
RIGHTS = Complaint(
    "port-needs-rights",
    ERROR,
    "port {port} may be opened by root alone",
    "the line cannot listen there, and does not start",
    "write a port above 1023 ({setting})",
)
NO_ADDRESS = Complaint(
    "port-other-address",
    ERROR,
    "{host} is no address of this computer",
    "nothing can listen on the address of another one",
    "ip -brief address shows those that it has; write one of them, or 127.0.0.1 ({setting})",
)
FIREWALL = Complaint(
    "firewall-not-looked-at",
    NOTE,
    "other computers are to reach {ports}; whether a firewall lets them was not looked at",
    "from inside a computer it cannot be seen who is turned away",
    "from another computer: nc -vz {host} {port}; let it through: sudo ufw allow {port}/tcp",
)
COMPLAINTS = (TAKEN, RIGHTS, NO_ADDRESS, FIREWALL)


@dataclass(frozen=True)
class Wish:
    """A port that the line wants here."""

    setting: str
    host: str
    port: int


def look(scene: Scene) -> Iterator[Diagnosis]:
    """Every port that the line wants on this computer."""
    wishes = tuple(wishes_of(scene))
    for wish in wishes if scene.running is None else ():  # a line that runs has them itself
        yield from judge(wish, scene.root)
    outside = [wish for wish in wishes if not is_loopback(wish.host)]
    if outside:
        ports = ", ".join(f"{wish.host} port {wish.port}" for wish in outside)
        yield FIREWALL.told(outside[0].setting, ports=ports, host=outside[0].host, port=outside[0].port)


def wishes_of(scene: Scene) -> Iterator[Wish]:
    """The page's port, and those at which other hosts reach this one."""
    display = scene.line.display
    if "display" in scene.roles and display.enabled and display.port:
        yield Wish("display.port", display.host.strip("[]"), display.port)
    if not scene.line.hosts:
        return
    try:
        here = this_host(scene.line)
    except HostError:
        return  # `check` says it
    (address,) = (numeric(host.address) for host in scene.line.hosts if host.name == here)
    for service in listening(scene.line, here):
        yield Wish("links.port", address, port_of(scene.line, service.name))


def judge(wish: Wish, root: Path) -> Iterator[Diagnosis]:
    """Tries to listen there for a moment."""
    try:
        family, _, _, _, address = socket.getaddrinfo(wish.host, wish.port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, socket.SOCK_STREAM) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(address)
    except OSError as error:
        yield why_not(error, wish, root)


def why_not(error: OSError, wish: Wish, root: Path) -> Diagnosis:
    """What the refusal means."""
    if error.errno == errno.EADDRINUSE:
        who = owner(wish.port, root) or "a program of another user"
        return TAKEN.told(wish.setting, port=wish.port, who=who, setting=wish.setting)
    if error.errno == errno.EACCES:
        return RIGHTS.told(wish.setting, port=wish.port, setting=wish.setting)
    setting = "display.host" if wish.setting == "display.port" else "hosts"
    return NO_ADDRESS.told(setting, host=wish.host, setting=setting)


def owner(port: int, root: Path) -> str:
    """The program that listens on a port, in words; empty where that is not ours to see."""
    inodes = set()
    for name in ("tcp", "tcp6"):
        for row in read(root / "proc/net" / name).splitlines()[1:]:
            fields = row.split()
            if fields[3] == LISTENING and int(fields[1].rpartition(":")[2], 16) == port:
                inodes.add(f"socket:[{fields[9]}]")
    for folder in sorted((root / "proc").glob("[0-9]*")):
        if inodes & set(_open_in(folder)):
            words = read(folder / "cmdline").replace("\0", " ").strip()
            return f"process {folder.name} ({words[:60] or read(folder / 'comm')})"
    return ""


def _open_in(process: Path) -> Iterator[str]:
    try:
        entries = list((process / "fd").iterdir())
    except OSError:  # of another user, or gone
        return
    for entry in entries:
        try:
            yield os.readlink(entry)  # noqa: PTH115  # it names no path
        except OSError:
            continue
