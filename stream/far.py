"""What the sockets of this host need to reach other hosts: addresses, keys, and which of them carry pictures.

Made once at the start of a role, from the settings and the key folder. Knows no ZeroMQ.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from dataclasses import dataclass, replace

from stream.hosts import away_from_ring, elsewhere, home, host_of, listening, port_of, roles_on, with_pictures
from stream.keys import KeyFolder, KeyPair
from stream.places import Places
from stream.settings import HostSettings, LineSettings

KEYS_SUFFIX = "-keys"
SILENT_S = 3.0  # an inspector asks four times a second, but not while it judges


class HostError(OSError):
    """This computer is none of the line's hosts, or not the one for this role; the text says what to do."""


@dataclass(frozen=True)
class Far:
    """How this host's sockets meet those of others. Addresses are as Places.socket gives them."""

    pair: KeyPair  # this host's own
    folder: KeyFolder  # who is let in
    doors: Mapping[str, str]  # a local address → the tcp address at which other hosts reach it, too
    hosts: Mapping[str, str]  # a tcp address on another host → the name of that host, whose key it must own
    pictures: frozenset[str]  # addresses over which pictures travel
    sends: frozenset[str] = frozenset()  # of those: where this role itself sends them
    attached: frozenset[str] = frozenset()  # cameras whose BAD pictures an inspector here sends along
    frames: str = "raw"  # as settings.LinksSettings
    jpeg_quality: int = 95
    silent_s: float = SILENT_S  # an inspector on another host that says nothing for so long is dead


def key_folder(line: LineSettings) -> KeyFolder:
    """Where the keys lie; by default beside data_dir, which people copy and hand on."""
    return KeyFolder(line.links.keys or line.data_dir.with_name(line.data_dir.name + KEYS_SUFFIX))


def this_host(line: LineSettings) -> str:
    """The name of the host that this computer is: the one that is said, or whose address it has. Raises HostError."""
    if not line.hosts:
        return ""
    if line.links.here is not None:
        return line.links.here
    mine = [host.name for host in line.hosts if has_address(host.address)]
    if len(mine) == 1:
        return mine[0]
    found = "has none of their addresses" if not mine else f"has the addresses of {', '.join(mine)}"
    names = ", ".join(f"{host.name} ({host.address})" for host in line.hosts)
    raise HostError(f"hosts: which of {names} is this computer? it {found}; say so with --set links.here=NAME")


def has_address(address: str) -> bool:
    """Whether the address is one of this computer's own: whether a socket can be bound to it."""
    try:
        family, kind, _, _, place = socket.getaddrinfo(address, 0, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as trial:
            trial.bind(place)
    except OSError:
        return False
    return True


def with_far(places: Places, line: LineSettings, role: str = "supervise") -> Places:
    """The places of this host, with those of others where the line has several hosts.

    Raises HostError where the role does not live here, KeyFileError where a key is missing or open to others.
    """
    if not line.hosts:
        return places
    here = this_host(line)
    if host_of(line, role) != here:
        lives = f"{role} lives on the host {host_of(line, role)}"
        here_are = ", ".join(roles_on(line, here)) or "no roles"
        raise HostError(f"hosts: {lives}, this is {here}, whose roles are: {here_are}")
    there = {service.name: tcp_address(host, port_of(line, service.name)) for service, host in elsewhere(line, here)}
    reaching = replace(places, here=here, elsewhere=there)
    far = _far(line, here, reaching)
    seen = (camera.name for camera in line.cameras)
    attached = (c for c in seen if away_from_ring(line, role, c) or away_from_ring(line, "record", c))
    own = role.replace(" ", "-") if role.startswith("capture ") else "record" if role.startswith("inspect ") else ""
    sends = far.pictures & {reaching.socket(own)}
    return replace(reaching, far=replace(far, attached=frozenset(attached), sends=sends))


def _far(line: LineSettings, here: str, places: Places) -> Far:
    folder = key_folder(line)
    (own,) = (host for host in line.hosts if host.name == here)
    bound = replace(own, address=numeric(own.address))
    doors = {places.socket(s.name): tcp_address(bound, port_of(line, s.name)) for s in listening(line, here)}
    if here != home(line):
        folder.public(home(line))  # without it a role here would wait for ever
    return Far(
        folder.pair(here),
        folder,
        doors,
        {places.elsewhere[s.name]: host.name for s, host in elsewhere(line, here)},
        frozenset(places.socket(name) for name in with_pictures(line)),
        frames=line.links.frames,
        jpeg_quality=line.links.jpeg_quality,
        silent_s=max(SILENT_S, line.supervisor.judging_s + 1.0),
    )


def tcp_address(host: HostSettings, port: int) -> str:
    """As ZeroMQ writes it."""
    return f"tcp://[{host.address}]:{port}" if ":" in host.address else f"tcp://{host.address}:{port}"


def numeric(address: str) -> str:
    """A name's address: a socket can be bound to nothing else. The name itself where nobody knows it."""
    try:
        return str(socket.getaddrinfo(address, 0, type=socket.SOCK_STREAM)[0][4][0])
    except OSError:
        return address
