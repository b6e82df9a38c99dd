"""The processes of a line as the kernel tells them: which role is which, who is dead, who is left. Reads /proc."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

PROC = Path("/proc")
TITLE = "linewatch "  # what a role calls itself in `ps`
MARK = "LINEWATCH_SOAK"  # a variable in the environment of every process of a soaked line
KEPT = {"SPT_NOENV": "1"}  # setproctitle writes a role's name over its environment unless it is told not to
_ROLES = {"capture": "--camera", "inspect": "--number", "record": "", "display": ""}


def children_of(pid: int) -> list[int]:
    """The children that its threads have now."""
    found = []
    for task in (PROC / str(pid) / "task").glob("*/children"):
        with contextlib.suppress(OSError):
            found += [int(child) for child in task.read_text().split()]
    return found


def roles_of(supervisor: int) -> dict[str, int]:
    """The roles below a supervisor, also those that have not yet taken their name; the newest of two that share one."""
    named = {child: role_in(command_of(child)) for child in sorted(children_of(supervisor)) if not gone(child)}
    return {role: child for child, role in named.items() if role}


def role_in(command: list[str]) -> str:
    """The role that a command line is of; empty where it is none. Pure."""
    whole = " ".join(command)
    if whole.startswith(TITLE):
        return whole.removeprefix(TITLE)
    if command[1:3] != ["-m", "stream"] or len(command) < 4 or command[3] not in _ROLES:
        return ""
    word, option = command[3], _ROLES[command[3]]
    if not option:
        return word
    return f"{word} {command[command.index(option) + 1]}" if option in command[:-1] else ""


def command_of(pid: int) -> list[str]:
    try:
        words = (PROC / str(pid) / "cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return []
    return [word for word in words if word]


def state_of(pid: int) -> str:
    """R, S, T, Z … as in `ps`; empty where there is no such process."""
    try:
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return ""


def gone(pid: int) -> bool:
    """Whether the process works no more: it is dead, though perhaps not buried."""
    return state_of(pid) in ("", "Z", "X")


def marking(mark: str) -> dict[str, str]:
    """What the environment must have for `marked` to find whoever has it."""
    return {MARK: mark, **KEPT}


def marked(mark: str) -> dict[int, str]:
    """Every living process, but this one, that has this mark in its environment, with its command line."""
    wanted = f"{MARK}={mark}".encode()
    found = {}
    for folder in PROC.glob("[0-9]*"):
        pid = int(folder.name)
        try:
            ours = pid != os.getpid() and wanted in (folder / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        if ours and not gone(pid):
            found[pid] = " ".join(command_of(pid))
    return found
