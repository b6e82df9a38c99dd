"""Faults of what a line stands on: disk, log, clock, memory, and the bundle that is changed under it."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from datetime import datetime, timezone
from pathlib import Path

from stream.asking import swap_timeout_s
from stream.defect_log import FILE
from stream.live_bundle import Live, put_live, read_live
from stream.lives import die_with
from stream.messages import Command
from stream.promotions import PROMOTED_KIND, Entry

from .soak_asking import Asking
from .soak_clocks import WALL, shift
from .soak_disk import LogLock
from .soak_scene import Begun, Scene, luck_of
from .soak_schedule import Planned

STEPS_S = (-7200.0, -3.0, -0.5, 0.5, 3.0, 7200.0)  # summer time, a wrong battery, a strict NTP server
HOG_MB_MOST, HOG_SHARE = 512, 8  # of memory: so much, but not more than that part of what is free
HOG = (
    "import sys,time\n"
    "held=bytearray(int(sys.argv[1])<<20)\n"
    "while True:\n"
    "  held[::4096]=bytes(len(held)//4096)\n"
    "  time.sleep(0.01)\n"
)


def fill_disk(scene: Scene, planned: Planned) -> Begun:
    """Not a byte is left."""
    disk = scene.disk
    if disk is None:
        return Begun(False, "there is no disk that could be filled: it takes root to mount one")
    taken = disk.fill()

    def end() -> str:
        disk.free()
        return "there is room again"

    return Begun(True, f"the last {taken} bytes taken", end=end)


def lock_log(scene: Scene, planned: Planned) -> Begun:
    """Somebody else holds the log, so that every commit waits, then fails."""
    lock = LogLock(scene.soaked.line.data_dir / FILE, planned.lasts_s)
    if lock.error:
        lock.release()
        return Begun(False, f"the log cannot be locked: {lock.error}")

    def end() -> str:
        lock.release()
        return "the log is free again"

    return Begun(True, end=end)


def step_clock(scene: Scene, planned: Planned) -> Begun:
    """The wall clock jumps, and stays there."""
    step_s = luck_of(planned).choice(STEPS_S)
    shift(scene.clock, WALL, step_s)
    return Begun(True, f"by {step_s:+g} s")


def hog_memory(scene: Scene, planned: Planned) -> Begun:
    """Another program takes memory and its bandwidth."""
    free_mb = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGESIZE") >> 20
    megabytes = min(HOG_MB_MOST, free_mb // HOG_SHARE)
    ours = os.getpid()
    hog = subprocess.Popen([sys.executable, "-c", HOG, str(megabytes)], preexec_fn=lambda: die_with(ours))

    def end() -> str:
        hog.kill()
        hog.wait()
        return "it is gone"

    return Begun(True, f"{megabytes} MB", end=end)


def swap_bundle(scene: Scene, planned: Planned) -> Begun:
    """The other bundle is put live, and the line told so, as tools.promote does."""
    data_dir = scene.soaked.line.data_dir
    try:
        bundle = _put_other_live(data_dir, scene.bundles)
    except OSError as error:
        return Begun(False, f"the disk does not take the change: {error}")
    care = scene.soaked.line.supervisor
    promote = Command("promote", f"user {os.getuid()}, process {os.getpid()}")
    asking = Asking(scene.places, promote, swap_timeout_s(care.starting_s, care.stop_s))
    return Begun(True, bundle, end=asking.answer)


def _put_other_live(data_dir: Path, bundles: tuple[Path, ...]) -> str:
    live = read_live(data_dir)
    before = live.bundle if live else ""
    other = next(bundle.name for bundle in bundles if bundle.name != before)
    with contextlib.suppress(FileNotFoundError):
        put_live(data_dir, Live(other, (before,), entry_of(other, before)))
    return other


def entry_of(bundle: str, before: str) -> Entry:
    """The record of a change by the soak."""
    now = datetime.fromtimestamp(time.time(), timezone.utc).isoformat(timespec="milliseconds")
    return Entry(now, PROMOTED_KIND, bundle, before, bundle, str(os.getuid()), "the soak", "a fault of its schedule")
