"""Invariants of who died: what lay in a ring is judged, every role came back, nobody fell of itself. Pure."""

from __future__ import annotations

from collections import Counter

from tools.soak_check_facts import DROPPED, Finding, Soak
from tools.soak_check_frames import EXCUSES, JUDGED
from tools.soak_check_story import Camera, Held

STARVING = ("starve", "memory pressure")  # faults after which a process may say that it has no memory
NO_MEMORY = (
    "MemoryError",
    "Cannot allocate memory",
    "Unable to allocate",
    "bad_alloc",
    "bad allocation",
    "failed to map segment",
    "can't start new thread",
)


def adopted(soak: Soak) -> Finding:
    """A frame that lay whole in the ring of a dead capture is judged; only where frames may give way, it may do so."""
    outcomes = {
        (span.camera, span.run, seq): span.outcome for span in soak.log.spans for seq in range(span.start, span.stop)
    }
    breaks, fates = [], Counter[str]()
    for held in dict.fromkeys(soak.rings):
        outcome = outcomes.get((held.camera, held.run, held.seq), "without an outcome")
        fates[outcome] += 1
        if outcome not in JUDGED and not _gave_way(held, outcome, soak):
            breaks.append(f"{held.camera} run {held.run} frame {held.seq}: lay in a ring, is {outcome}")
    return Finding(sum(fates.values()), tuple(breaks), ", ".join(f"{n:,} {name}" for name, n in sorted(fates.items())))


def never_fell(soak: Soak) -> Finding:
    """The supervisor ends when it is told to, or killed, and never of itself."""
    breaks = [f"the supervisor ended by itself: {said}" for said in soak.journal.unasked_exits]
    return Finding(soak.journal.starts, tuple(breaks))


def all_came_back(soak: Soak) -> Finding:
    """Whoever was hit worked again within the time that was watched."""
    return Finding(soak.journal.recoveries, tuple(f"{said}: was not back" for said in soak.journal.never_back))


def nothing_raised(soak: Soak) -> Finding:
    """No error that nobody expected; but who was starved of memory may say that it has none."""
    starved = any(soak.journal.had(name) for name in STARVING)
    excused = [text for text in soak.said.tracebacks if starved and any(word in text for word in NO_MEMORY)]
    breaks = [f"line.log: {text[:300]}" for text in soak.said.tracebacks if text not in excused]
    return Finding(soak.said.lines, tuple(breaks), f"{len(excused)} for want of memory" if excused else "")


def _gave_way(held: Held, outcome: str, soak: Soak) -> bool:
    camera: Camera | None = soak.cameras.get(held.camera)
    name = outcome.removeprefix(DROPPED)
    if name == "capture_died":  # it gave way by name, in the memory of a capture that then died before it could report
        return camera is not None and not camera.every and held.gone_later
    if camera is None or name not in ("newest", "ring_full", "unrecorded"):
        return False
    return EXCUSES[name](camera, soak.journal, soak.when(held.camera, held.run, held.seq))
