"""A night passes: what retention may delete is eight hours older, and a clock that counts a computer's sleep went on.

Without it a soak of minutes has nothing that is old enough to go: retention leaves alone what is younger than a minute,
or ten. The wall clock stays, as that of a computer would whose battery is empty; that must change nothing.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from pathlib import Path
from typing import Any

from stream.retention_ages import FILE
from stream.retention_plan import GB, KINDS
from stream.retention_sizes import BLOCK

from .soak_clocks import SECOND_NS, SLEEP, shift
from .soak_scene import Begun, Scene
from .soak_schedule import Planned

NIGHT_S = 8 * 3600.0
SMALL_GB = 0.002  # of evidence that comes within a minute
FLAT = "video"  # its films lie in one folder, all else in one a run
TOO_EARLY = "retention has looked at no evidence yet, and would not know what came before the night"


def pass_night(scene: Scene, _planned: Planned) -> Begun:
    """Everything is eight hours older."""
    data_dir = scene.soaked.line.data_dir
    if not has_looked(data_dir):
        return Begun(False, TOO_EARLY)
    count = grow_old(data_dir, NIGHT_S)
    shift(scene.clock, SLEEP, NIGHT_S)
    return Begun(True, f"{count} pictures and films are older")


def has_looked(data_dir: Path) -> bool:
    """Whether retention has seen evidence, and noted when that came."""
    return any(one.get("kind") == "evidence" for one in _ages(data_dir).get("marks", []))


def is_over(data_dir: Path, gb: float | None) -> bool:
    """Whether more evidence lies there than that, as soon as it can be: a budget of more is none of a soak's."""
    if gb is None or gb > SMALL_GB:
        return True
    blocks = sum(path.stat().st_blocks for path in (data_dir / "evidence").glob("*/*/*/*.*"))
    return blocks * BLOCK > gb * GB


def has_woken(data_dir: Path, clock: Path) -> bool:
    """Whether retention has had a turn since the last night, and has said so on the disk."""
    now_ns = time.clock_gettime_ns(time.CLOCK_BOOTTIME) + shift(clock, SLEEP, 0.0)
    looked_ns = int(_ages(data_dir).get("clock", {}).get("boot_ns", 0))
    return now_ns - looked_ns < NIGHT_S * SECOND_NS


def grow_old(data_dir: Path, by_s: float) -> int:
    """All that retention may delete was written so much earlier; how many pieces that are. What grows is let be."""
    count = 0
    for kind in KINDS:
        for path in (data_dir / kind).glob("*" if kind == FLAT else "*/*/*"):
            if path.name.startswith(".") or path.suffix == ".partial":
                continue
            with contextlib.suppress(FileNotFoundError):
                seen = path.stat()
                os.utime(path, ns=(seen.st_atime_ns, seen.st_mtime_ns - round(by_s * SECOND_NS)))
                count += 1
    return count


def _ages(data_dir: Path) -> dict[str, Any]:
    """What retention keeps of its clock; nothing where there is no such file."""
    try:
        found = json.loads((data_dir / FILE).read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
