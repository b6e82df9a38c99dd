"""Whether a step of the suite `cameras` broke, and what was at its end first: a table of causes. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .bench_camera_line import Step

BUSY = 0.9  # of what there is
FEW = 0.03  # free, of memory
CAPTURED = 0.9  # of the pictures that were due


@dataclass(frozen=True)
class Bounds:
    """What a step must keep."""

    p99_ms: float
    cores: int  # of the machine


@dataclass(frozen=True)
class Cause:
    """What can be at its end."""

    says: Callable[[Step, Bounds], str]
    holds: Callable[[Step, Bounds], bool]


CAUSES = (
    Cause(lambda s, b: "/dev/shm: no room for a ring", lambda s, b: "no_room" in s.dropped or s.shm_free_share < FEW),
    Cause(lambda s, b: "memory: the machine has hardly any left", lambda s, b: s.memory_free_share < FEW),
    Cause(
        lambda s, b: f"descriptors: a process has {s.descriptors_share:.0%} of those it may have",
        lambda s, b: s.descriptors_share > BUSY,
    ),
    Cause(
        lambda s, b: f"processors: {_used(s):.2f} of {b.cores} used, {_most(s)}",
        lambda s, b: _used(s) > BUSY * b.cores,
    ),
    Cause(
        lambda s, b: f"inspector: {s.cores['inspect']:.2f} cores, and its threads have no more",
        lambda s, b: s.cores.get("inspect", 0.0) > BUSY * s.load.inspectors * s.load.threads,
    ),
    Cause(
        lambda s, b: f"capture: {s.cores.get('capture', 0.0):.2f} cores, and pictures were not taken in time",
        lambda s, b: _behind(s),
    ),
    Cause(lambda s, b: f"nothing was at its end ({_used(s):.2f} of {b.cores} processors used)", lambda s, b: True),
)


def broken(step: Step, bounds: Bounds) -> str | None:
    """What was seen, then what was at its end; None where the step held."""
    seen = []
    if step.dropped:
        seen.append("dropped " + ", ".join(f"{n} ({reason})" for reason, n in sorted(step.dropped.items())))
    if step.p99_ms > bounds.p99_ms:
        seen.append(f"p99 {step.p99_ms:.0f} ms")
    if _behind(step):
        seen.append(f"{step.captured_per_s:.1f} pictures/s taken of {step.load.cameras * step.load.fps:g} due")
    if step.restarted:
        seen.append(f"restarted: {', '.join(step.restarted)}")
    if not seen:
        return None
    cause = next(cause for cause in CAUSES if cause.holds(step, bounds))
    return f"{'; '.join(seen)}. At its end: {cause.says(step, bounds)}"


def _behind(step: Step) -> bool:
    return step.captured_per_s < CAPTURED * step.load.cameras * step.load.fps


def _used(step: Step) -> float:
    return sum(step.cores.values())


def _most(step: Step) -> str:
    role = max(step.cores, key=lambda name: step.cores[name])
    return f"most by {role} ({step.cores[role]:.2f})"
