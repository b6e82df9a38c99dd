"""What a line's hosts may be: names, addresses, and which roles can live away from which. Pure."""

from __future__ import annotations

import contextlib
import ipaddress
import re
from collections.abc import Iterator

from stream.hosts import all_roles, away_from_ring, home, host_of, inspectors_of
from stream.settings import PROMOTED, LineSettings, RecipeControlSettings

HOST_NAME = re.compile(r"[A-Za-z0-9_-]{1,32}")
ADDRESS = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,252}")


def host_name(name: str) -> str | None:
    """What is wrong with the name; it becomes part of the names of key files."""
    return None if HOST_NAME.fullmatch(name) else "not a host's name; use 1 to 32 of A-Z a-z 0-9 _ -"


def host_address(address: str) -> str | None:
    if ADDRESS.fullmatch(address):
        return None
    with contextlib.suppress(ValueError):
        ipaddress.IPv6Address(address)
        return None
    return "not an address; write 192.168.1.20 or a name, without a port (links.port is the first of them)"


def host_conflicts(line: LineSettings) -> Iterator[tuple[str, str]]:
    """What the hosts are together with the other settings: path of one, what to do."""
    names = [host.name for host in line.hosts]
    if line.links.here is not None and line.links.here not in names:
        known = f"the hosts are {', '.join(names)}" if names else "there are no hosts"
        yield "links.here", f"unknown host, got {line.links.here}; {known}"
        return
    if not line.hosts:
        return
    yield from _roles(line)
    yield from _pictures(line)


def _roles(line: LineSettings) -> Iterator[tuple[str, str]]:
    known = (*all_roles(line), "inspect", "capture")
    seen: dict[str, str] = {}
    for host in line.hosts:
        for role in host.runs:
            if role not in known:
                yield f"hosts.{host.name}.runs", f"no role of this line, got {role}; it has {', '.join(known)}"
            elif role in seen:
                yield f"hosts.{host.name}.runs", f"{role} lives on {seen[role]} already; delete one of the two"
            seen.setdefault(role, host.name)
    away = any(host_of(line, role) != home(line) for role in inspectors_of(line))
    if away and line.recipes:
        yield (
            "recipes",
            "they change only the inspectors of the line's own host, got inspectors on another; delete them",
        )
    for recipe in line.recipes:
        for camera in recipe.cameras:
            if camera.control != RecipeControlSettings() and host_of(line, f"capture {camera.name}") != home(line):
                text = "only a camera of the line's own host is opened again, got one on another; delete it"
                yield f"recipes.{recipe.name}.cameras.{camera.name}.control", text
    if away and line.inspector.bundle == PROMOTED:
        yield (
            "inspector.bundle",
            "promoted changes only the inspectors of the line's own host, got inspectors on another; name a bundle",
        )


def _pictures(line: LineSettings) -> Iterator[tuple[str, str]]:
    if not line.recorder.overlay_video:
        return
    for camera in line.cameras:
        if away_from_ring(line, "record", camera.name):
            yield (
                "recorder.overlay_video",
                f"the film needs the pictures of {camera.name}, and its capture lives on another host than the "
                "recorder; set it to false, or let both live on one",
            )
    inspectors = inspectors_of(line)
    away = any(away_from_ring(line, role, camera.name) for role in inspectors for camera in line.cameras)
    if away and line.links.frames == "jpeg":
        yield (
            "recorder.overlay_video",
            "the film shows the pictures of the ring, and an inspector on another host judges their JPEG; "
            "set links.frames: raw, or overlay_video: false",
        )
