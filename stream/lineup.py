"""The table of roles: which processes a line has, by the name that `ps` shows, and the words each is started with."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from stream.children import Task
from stream.clips_cameras import ROLE
from stream.clips_places import clipped
from stream.hosts import home, host_of
from stream.settings import LineSettings

WINDOW = "window"  # the role


def tasks_of(line: LineSettings, session: str, page: int) -> tuple[Task, ...]:
    """Every role of the first host but the inspectors. `page` is the descriptor of the page's socket; -1: none yet."""
    common = ("-", "--session", session)
    tasks = [Task("record", ("record", *common))]
    if line.display.enabled:
        arguments = ("display", *common, "--listening", str(page))
        tasks.append(Task("display", arguments, (page,) if page >= 0 else ()))
        if line.display.window and page >= 0:
            tasks.append(Task(WINDOW, (WINDOW, *common, "--listening", str(page)), (page,)))
    if clipped(line):
        tasks.append(Task(ROLE, (ROLE, *common)))
    for camera in line.cameras:
        tasks.append(Task(f"capture {camera.name}", ("capture", *common, "--camera", camera.name)))
    return tuple(task for task in tasks if host_of(line, task.name) == home(line))


def inspector_task(session: str, number: int) -> Task:
    return Task(f"inspect {number}", ("inspect", "-", "--session", session, "--number", str(number)))


def before_gate(task: Task, descriptor: int) -> Task:
    """The same inspector, which waits at a gate until it may judge."""
    return replace(task, arguments=(*task.arguments, "--gate", str(descriptor)), descriptors=(descriptor,))


def number_of(task: Task) -> int:
    return int(task.name.removeprefix("inspect "))


def next_numbers(taken: Iterable[int], count: int) -> range:
    """Numbers for inspectors beside those that judge: 1 to count and count + 1 to 2 * count take turns. Pure."""
    return range(count + 1, 2 * count + 1) if min(taken) <= count else range(1, count + 1)
