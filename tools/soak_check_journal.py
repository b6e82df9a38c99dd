"""What was done to a soaked line, and what that excuses: only what was near it in time. Pure."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

SETTLING_S = 15.0  # a fault excuses what it relaxes until so long after its end
NEAR_S = 2.0  # what a process had in memory alone when it died is no older, if the recorder could write
WRITES_AGAIN_S = 5.0  # for a recorder that died, or was refused, to write again
POWER_CUT = "power cut"  # the one fault that takes shared memory away; none of a soak does
Moment = tuple[float, float]  # something happened between the two, on the monotonic clock
ALWAYS: Moment = (-math.inf, math.inf)
ASKED = ("announce part", "switch recipe")
SECOND = re.compile(r"and (.+), process \d+$")


@dataclass(frozen=True)
class Fault:
    """A fault that was done to the line, on the monotonic clock."""

    name: str
    target: str
    relaxes: tuple[str, ...]
    from_s: float
    to_s: float  # its end, and the time of settling

    @property
    def over_s(self) -> float:
        return self.to_s - SETTLING_S

    @property
    def stops_writing(self) -> bool:
        """Whether what the recorder hears stays in memory meanwhile: its own, and that of whoever told it."""
        return self.target in ("record", "supervisor") or "evidence" in self.relaxes

    def holds(self, when: Moment) -> bool:
        """Whether it was, or had just been, at that time."""
        return _meet((self.from_s, self.to_s), when)

    def excuses(self, word: str, when: Moment) -> bool:
        """Whether `word` need not hold at that time."""
        return word in self.relaxes and _meet((self.from_s, self.to_s), when)

    def ends(self, target: str) -> bool:
        """Whether that role may die of it, alone or with the whole line; a supervisor that only pauses takes nobody."""
        with_the_line = self.target == "supervisor" and not self.name.startswith("pause")
        return self.target == target or with_the_line


@dataclass(frozen=True)
class Asked:
    """Something that the line was asked for: `announce part`, `switch recipe`."""

    name: str
    target: str
    wanted: str
    yes: bool  # the line has said that it is done
    from_s: float
    to_s: float  # by then


@dataclass(frozen=True)
class Journal:
    """What was done to the line."""

    faults: tuple[Fault, ...] = ()
    starts: int = 1  # of the whole line
    unasked_exits: tuple[str, ...] = ()  # the whole line was gone without an order
    recoveries: int = 0  # that were watched to their end
    never_back: tuple[str, ...] = ()  # of them, who was not back
    backs: tuple[tuple[str, float], ...] = ()  # whose return was seen, or given up, and when
    asked: tuple[Asked, ...] = ()
    end_s: float = 0.0  # of its last entry

    def excused(self, word: str, when: Moment) -> bool:
        return any(fault.excuses(word, when) for fault in self.faults)

    def hit(self, target: str, when: Moment) -> bool:
        """Whether that role, or the whole line with it, was hit so soon after `when` that this was in its hands."""
        return any(_meet(self._in_hand(fault), when) for fault in self.faults if fault.ends(target))

    def away(self, role: str, when: Moment) -> bool:
        """Whether a role of that name, or the whole line with it, was hit near `when`, or was not back from it."""
        mine = (f for f in self.faults if f.ends(role) or f.target.startswith(f"{role} ") or f.target == role)
        return any(_meet((fault.from_s - NEAR_S, self._back_s(fault)), when) for fault in mine)

    def _back_s(self, fault: Fault) -> float:
        """When whoever was hit was surely back, and wrote again."""
        back = (at_s for target, at_s in self.backs if target in (fault.target, "supervisor") and at_s >= fault.from_s)
        return max(fault.over_s, min(back, default=fault.from_s)) + WRITES_AGAIN_S

    def had(self, name: str) -> bool:
        return any(fault.name == name for fault in self.faults)

    def written_by(self, at_s: float, within_s: float) -> float:
        """When what the recorder was to write at `at_s` is on disk at the latest: within so long, once it can write."""
        end_s = at_s + within_s
        for other in sorted(self.faults, key=lambda other: other.from_s):
            if other.stops_writing and other.from_s - NEAR_S <= end_s and at_s <= other.over_s + WRITES_AGAIN_S:
                end_s = max(end_s, other.over_s + WRITES_AGAIN_S)
        return end_s

    def _in_hand(self, fault: Fault) -> Moment:
        """When that was captured whose fate was in memory alone when the fault struck: just before, or for as long as
        the recorder had not been able to write."""
        begin_s = fault.from_s - NEAR_S
        for other in sorted(self.faults, key=lambda other: -other.from_s):
            if other.stops_writing and other.from_s <= begin_s <= other.over_s + WRITES_AGAIN_S:
                begin_s = other.from_s - NEAR_S
        return begin_s, fault.over_s + NEAR_S


def journal_of(text: str) -> Journal:
    """The journal as its file has it. Raises ValueError, KeyError, TypeError."""
    entries = [json.loads(line) for line in text.splitlines() if line]
    ended_s = {e["id"]: e["mono_ns"] / 1e9 for e in entries if e["kind"] == "ended"}
    faults = [
        Fault(
            name=e["name"],
            target=target,
            relaxes=tuple(e["relaxes"]),
            from_s=e["mono_ns"] / 1e9,
            to_s=ended_s.get(e["id"], e["mono_ns"] / 1e9) + SETTLING_S,
        )
        for e in entries
        if e["kind"] == "fault" and e["done"]
        for target in _targets(e)
    ]
    lines = [e for e in entries if e["kind"] == "line"]
    back = [e for e in entries if e["kind"] == "recovery"]
    return Journal(
        faults=tuple(faults),
        starts=sum(e["what"] == "started" for e in lines),
        unasked_exits=tuple(
            f"process {e['pid']} with code {e['code']}" for e in lines if e["what"] == "exited" and not e["asked"]
        ),
        recoveries=len(back),
        asked=_asked(entries),
        end_s=max((e["mono_ns"] for e in entries), default=0) / 1e9,
        backs=tuple((e["target"], e["mono_ns"] / 1e9) for e in back),
        never_back=tuple(f"{e['target']} after {e['name']!r}" for e in back if e["beat_s"] is None),
    )


def _asked(entries: list[dict[str, Any]]) -> tuple[Asked, ...]:
    ends = {e["id"]: e for e in entries if e["kind"] == "ended"}
    return tuple(
        Asked(
            name=e["name"],
            target=e["target"],
            wanted=e["text"],
            yes=e["id"] in ends and ends[e["id"]]["text"].startswith("done"),
            from_s=e["mono_ns"] / 1e9,
            to_s=ends[e["id"]]["mono_ns"] / 1e9 if e["id"] in ends else math.inf,
        )
        for e in entries
        if e["kind"] == "fault" and e["done"] and e["name"] in ASKED
    )


def _targets(entry: dict[str, Any]) -> Iterator[str]:
    """Who was hit: `kill two` names the second in its text."""
    yield entry["target"]
    if second := SECOND.match(entry["text"]):
        yield second[1]


def _meet(a: Moment, b: Moment) -> bool:
    return a[0] <= b[1] and b[0] <= a[1]
