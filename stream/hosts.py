"""Which role lives on which host, and which port each of its sockets has there. Pure; knows no key and no socket."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from stream import clips_cameras
from stream.settings import HostSettings, LineSettings

ONE_HOST = ""  # the name of the host of a line whose roles all live on one


@dataclass(frozen=True)
class Service:
    """A socket at which a role is to be had."""

    name: str  # as in Places.socket
    role: str  # that binds it
    users: tuple[str, ...]  # roles that connect


def inspectors_of(line: LineSettings) -> tuple[str, ...]:
    return tuple(f"inspect {number}" for number in range(1, line.inspector.count + 1))


def captures_of(line: LineSettings) -> tuple[str, ...]:
    return tuple(f"capture {camera.name}" for camera in line.cameras)


def all_roles(line: LineSettings) -> tuple[str, ...]:
    """Every role by the name that `ps` shows."""
    return ("record", "display", *inspectors_of(line), *captures_of(line))


def home(line: LineSettings) -> str:
    """The host of the supervisor, and of every role that no host names: the first."""
    return line.hosts[0].name if line.hosts else ONE_HOST


def host_of(line: LineSettings, role: str) -> str:
    """The host that runs the role: the one that names it whole, then the one that names its kind, then the first."""
    for wanted in (role, role.split(" ")[0]):
        for host in line.hosts:
            if wanted in host.runs:
                return host.name
    return home(line)


def roles_on(line: LineSettings, host: str) -> tuple[str, ...]:
    """The roles that live there."""
    return tuple(role for role in all_roles(line) if host_of(line, role) == host)


def services(line: LineSettings) -> tuple[Service, ...]:
    """Every socket of the line that other hosts may need, in the order of their ports."""
    inspectors, captures = inspectors_of(line), captures_of(line)
    clips = (clips_cameras.ROLE,) if clips_cameras.wanted(line) else ()
    found = [
        Service("record", "record", ("supervise", *inspectors, *captures, "display", *clips)),
        Service("record-live", "record", ("supervise", "display")),
        Service("house-live", "supervise", ("record", *captures, "display")),
    ]
    for role in captures:
        name = "capture-" + role.removeprefix("capture ")
        told = line.camera(role.removeprefix("capture ")).parts.told
        found.append(Service(name, role, (*inspectors, "display", *(("supervise",) if told else ()))))
        found.append(Service(f"{name}-live", role, ("supervise", "display", *clips)))
    found += [Service(f"{role.replace(' ', '-')}-live", role, ("display", *clips)) for role in inspectors]
    return tuple(found)


def port_of(line: LineSettings, service: str) -> int:
    """The tcp port of a socket, on whichever host it is."""
    return line.links.port + [s.name for s in services(line)].index(service)


def listening(line: LineSettings, host: str) -> Iterator[Service]:
    """The sockets of a host that somebody on another host needs; no other listens on the network."""
    for service in services(line):
        if host_of(line, service.role) == host and any(host_of(line, user) != host for user in service.users):
            yield service


def elsewhere(line: LineSettings, host: str) -> Iterator[tuple[Service, HostSettings]]:
    """The sockets that are to be had on other hosts, with their host."""
    by_name = {h.name: h for h in line.hosts}
    for service in services(line):
        there = host_of(line, service.role)
        if there != host:
            yield service, by_name[there]


def away_from_ring(line: LineSettings, role: str, camera: str) -> bool:
    """Whether the role cannot see the camera's ring."""
    return host_of(line, role) != host_of(line, f"capture {camera}")


def with_pictures(line: LineSettings) -> Iterator[str]:
    """The sockets over which frames travel: to an inspector or a display, or with a verdict to the recorder."""
    for service in services(line):
        if service.name == "record":
            lookers = ("record", *(user for user in service.users if user.startswith("inspect ")))
            away = (away_from_ring(line, role, camera.name) for camera in line.cameras for role in lookers)
        elif service.role.startswith("capture ") and not service.name.endswith("-live"):
            camera = service.role.removeprefix("capture ")
            away = (away_from_ring(line, role, camera) for role in service.users)
        else:
            continue
        if any(away):
            yield service.name
