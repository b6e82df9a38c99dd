"""Faults of processes: killed, stopped, hung, starved of memory. Each gets the scene and its plan."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
from pathlib import Path

from .soak_hang import Hang
from .soak_house import still
from .soak_scene import Begun, Scene, luck_of
from .soak_schedule import Planned

DOWN = "it was down just then"
WEAK = "it had not worked since it was hit twice"
SUPERVISOR = "supervisor"
SPARE_BYTES = 4 << 20  # of address space that a starved process may still take


def kill(scene: Scene, planned: Planned) -> Begun:
    """SIGKILL."""
    if _weak(scene, planned.target):
        return Begun(False, WEAK)
    pid = scene.house.signal(planned.target, signal.SIGKILL)
    if pid == 0:
        return Begun(False, DOWN)
    scene.recoveries.watch(planned, planned.target, pid)
    return Begun(True, pid=pid)


def kill_two(scene: Scene, planned: Planned) -> Begun:
    """SIGKILL of a role and, in the same moment, of another."""
    others = [role for role in scene.house.roles if role != planned.target and not _weak(scene, role)]
    other = luck_of(planned).choice(others) if others else planned.target
    first = kill(scene, planned)
    pid = scene.house.signal(other, signal.SIGKILL) if others else 0
    if pid:
        scene.recoveries.watch(planned, other, pid)
    return Begun(first.done or pid != 0, f"and {other}, process {pid}" if pid else f"{other} was down", first.pid)


def stop(scene: Scene, planned: Planned) -> Begun:
    """SIGSTOP, left for the supervisor to find; should it never, the process goes on when the fault is over."""
    if _weak(scene, planned.target):
        return Begun(False, WEAK)
    pid = scene.house.signal(planned.target, signal.SIGSTOP)
    if pid == 0:
        return Begun(False, DOWN)
    scene.recoveries.watch(planned, planned.target, pid)

    def end() -> str:
        if not still(pid):
            return "it was found and killed"
        scene.recoveries.forget(planned.target)  # also where another fault has let it go on
        _send(pid, signal.SIGCONT)
        return "nobody had found it; it was let go on"

    return Begun(True, pid=pid, end=end)


def pause(scene: Scene, planned: Planned) -> Begun:
    """SIGSTOP, and SIGCONT after a while."""
    pid = scene.house.signal(planned.target, signal.SIGSTOP)
    if pid == 0:
        return Begun(False, DOWN)

    def end() -> str:
        if not still(pid):
            return "it was killed meanwhile"
        _send(pid, signal.SIGCONT)
        return "it went on"

    return Begun(True, pid=pid, end=end)


def stop_supervisor(scene: Scene, planned: Planned) -> Begun:
    """SIGSTOP of the supervisor; after a while SIGKILL, as systemd's watchdog gives it."""
    pid = scene.house.signal(planned.target, signal.SIGSTOP)
    if pid == 0:
        return Begun(False, DOWN)

    def end() -> str:
        if scene.house.pid != pid:
            return "it was killed meanwhile"
        scene.recoveries.watch(planned, planned.target, pid)
        scene.house.signal(planned.target, signal.SIGKILL)
        return "killed, as a watchdog would have"

    return Begun(True, pid=pid, end=end)


def hang(scene: Scene, planned: Planned) -> Begun:
    """The work loop stands still, the other threads go on."""
    if _weak(scene, planned.target):
        return Begun(False, WEAK)
    pid = scene.house.role(planned.target)
    if pid == 0:
        return Begun(False, DOWN)
    held = Hang(pid, planned.lasts_s)
    if held.error:
        return Begun(False, f"it cannot be traced: {held.error}", pid)
    scene.recoveries.watch(planned, planned.target, pid)

    def end() -> str:
        held.release()
        if held.died:
            return "it was found and killed"
        scene.recoveries.forget(planned.target)
        return "nobody had found it; it was let go on"

    return Begun(True, pid=pid, end=end)


def starve(scene: Scene, planned: Planned) -> Begun:
    """No more memory for a role than it has, but a few megabytes."""
    if _weak(scene, planned.target):
        return Begun(False, WEAK)
    scene.recoveries.strike(planned.target)
    pid = scene.house.role(planned.target)
    if pid == 0:
        return Begun(False, DOWN)
    try:
        pages = int((Path("/proc") / str(pid) / "statm").read_text().split()[0])
        before = resource.prlimit(pid, resource.RLIMIT_AS)
        resource.prlimit(pid, resource.RLIMIT_AS, (pages * resource.getpagesize() + SPARE_BYTES, before[1]))
    except (OSError, IndexError) as error:
        return Begun(False, f"its memory cannot be limited: {error}", pid)

    def end() -> str:
        if not still(pid):
            return "it died of it, or was killed meanwhile"
        with contextlib.suppress(OSError):
            resource.prlimit(pid, resource.RLIMIT_AS, before)
        return "it lived through it"

    return Begun(True, pid=pid, end=end)


def _weak(scene: Scene, target: str) -> bool:
    return target != SUPERVISOR and scene.recoveries.weak(target)


def _send(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
