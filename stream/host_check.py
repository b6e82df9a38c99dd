"""What the world must hold before a line on several hosts starts: who this computer is, keys, addresses, ports."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping

from stream.asking import line_runs
from stream.far import HostError, key_folder, numeric, this_host
from stream.hosts import all_roles, away_from_ring, elsewhere, inspectors_of, listening, port_of, roles_on
from stream.keys import KeyFileError, KeyFolder
from stream.places import PlaceError, places_for
from stream.probe import PictureSize
from stream.problem import ERROR, WARNING, Finding
from stream.sent_pictures import may_travel_raw
from stream.settings import LineSettings


def look_at_hosts(line: LineSettings, sizes: Mapping[str, PictureSize | None]) -> Iterator[Finding]:
    """All that is wrong for the host that this computer is; nothing where the line has one host.

    `sizes`: of the pictures of each camera whose capture lives here, where it is known.
    """
    if not line.hosts:
        return
    try:
        here = this_host(line)
    except HostError as error:
        yield Finding(ERROR, "hosts", str(error).removeprefix("hosts: "))
        return
    for host in line.hosts:
        if numeric(host.address) == host.address and not _is_number(host.address):
            text = f"nobody knows this name, got {host.address}; write the address itself, such as 192.168.1.20"
            yield Finding(ERROR, f"hosts.{host.name}.address", text)
    yield from _keys(line, key_folder(line), here)
    yield from _ports(line, here)
    for camera, size in sizes.items():
        if (
            size is not None
            and not may_travel_raw(size.height * size.width * 3)
            and _evidence_leaves_ring(line, camera)
        ):
            text = f"pictures of {size.width}x{size.height} px are too large to travel raw, so what an inspector beside"
            yield Finding(ERROR, "hosts", f"{text} {camera} judges cannot be evidence elsewhere; let record run there")
        elif size is not None and line.links.frames == "raw" and not may_travel_raw(size.height * size.width * 3):
            text = f"pictures of {size.width}x{size.height} px are too large to travel raw, and go as JPEG; {camera} is"
            yield Finding(WARNING, "links.frames", f"{text} judged so by inspectors elsewhere; set frames: jpeg")


def roles_here(line: LineSettings) -> tuple[str, ...]:
    """The roles whose world is this computer's; all of them where it is not known which host this is."""
    try:
        return roles_on(line, this_host(line)) if line.hosts else all_roles(line)
    except HostError:
        return all_roles(line)


def _keys(line: LineSettings, folder: KeyFolder, here: str) -> Iterator[Finding]:
    try:
        folder.pair(here)
    except KeyFileError as error:
        yield Finding(ERROR, "links.keys", str(error))
    for name in sorted({host.name for _, host in elsewhere(line, here)}):
        try:
            folder.public(name)
        except KeyFileError as error:
            yield Finding(ERROR, "links.keys", str(error))
    known = {host.name for host in line.hosts}
    try:
        let_in = set(folder.allowed().values())
    except KeyFileError as error:
        yield Finding(ERROR, "links.keys", str(error))
        let_in = set()
    for name in sorted(let_in - known):
        text = f"{name} may come in and is no host of this line; if that is not meant: python -m stream keys revoke"
        yield Finding(WARNING, "links.keys", f"{folder.path}: {text}")
    for name in sorted(known - {here}):
        if (folder.path / f"{name}.secret").exists():
            text = f"{folder.path}: the secret key of {name} lies here, too; move it to that host, and delete it here"
            yield Finding(WARNING, "links.keys", text)


def _ports(line: LineSettings, here: str) -> Iterator[Finding]:
    try:
        if line_runs(places_for(line.data_dir)):
            return  # it has them itself
    except PlaceError:
        return
    (address,) = (numeric(host.address) for host in line.hosts if host.name == here)
    for service in listening(line, here):
        port = port_of(line, service.name)
        try:
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            with socket.socket(family, socket.SOCK_STREAM) as trial:
                trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                trial.bind((address, port))
        except OSError as error:
            text = f"{service.name} cannot listen on {address}, port {port} ({error.strerror}); set another first port"
            yield Finding(ERROR, "links.port", text)


def _evidence_leaves_ring(line: LineSettings, camera: str) -> bool:
    """Whether an inspector judges the ring's pixels, and the recorder cannot see them."""
    beside = (not away_from_ring(line, role, camera) for role in inspectors_of(line))
    return away_from_ring(line, "record", camera) and any(beside)


def _is_number(address: str) -> bool:
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            socket.inet_pton(family, address)
        except OSError:
            continue
        return True
    return False
