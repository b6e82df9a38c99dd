"""Invariants of a broker: what the line took from it is on record, once, and each picture is of the part before it."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator

from tools.soak_check_facts import Finding, Soak
from tools.soak_check_log import Row
from tools.soak_check_told import KEPT, NAMED, NAMELESS, Told

BROKER = ("kill broker", "freeze broker", "broker garbage")
LATE_S = 2.0  # before a fault is on record it may have begun, on a busy machine


def taken_is_kept(soak: Soak) -> Finding:
    """What a camera's capture has acknowledged is a part on record, or was refused in words."""
    known = {(part.camera, part.part) for part in soak.log.parts}
    refused = {(event.camera, event.text.partition(", announced by")[0]) for event in soak.log.events}
    breaks, checked, excused = [], 0, 0
    for told in soak.told:
        if told.kind not in NAMED or told.acked_s is None:
            continue
        checked += 1
        if (told.camera, told.part) in known or (told.camera, f"part {told.part}") in refused:
            continue
        if _event_lost(told, soak):
            excused += 1
        else:
            breaks.append(f"{told.camera}: {told.part} was taken, and is neither on record nor refused")
    return Finding(checked, tuple(breaks), f"{excused} refused perhaps, to a recorder that died" if excused else "")


def one_verdict(soak: Soak) -> Finding:
    """A part stands no more often than it was announced, with one verdict; on order no picture is of no order."""
    sent = Counter((told.camera, told.part) for told in soak.told if told.kind in NAMED)
    heard = {name: camera for name, camera in soak.cameras.items() if camera.heard}
    rows: dict[tuple[str, str, int], list[str | None]] = defaultdict(list)
    for part in soak.log.parts:
        if part.camera in heard and part.part and not part.part.startswith("#"):
            run = 0 if heard[part.camera].ordered else part.run  # one that is followed goes on in the next run
            rows[part.camera, part.part, run].append(part.state)
    breaks = [
        f"{camera}: the part {part} was announced {sent[camera, part]} times, and has {len(states)} verdicts: {states}"
        for (camera, part, _), states in rows.items()
        if len(states) > sent[camera, part] or None in states
    ]
    for name, camera in heard.items():
        ordered = sum(told.camera == name and told.orders for told in soak.told)
        captured = sum(run.captured for run in soak.log.runs if run.camera == name)
        if camera.ordered and captured > ordered:
            breaks.append(f"{name}: {captured} pictures, and {ordered} were ordered")
    return Finding(len(rows), tuple(breaks))


def pictures_of_their_part(soak: Soak) -> Finding:
    """A picture that came between two announcements is of the first; where nobody knows it any more, of none."""
    breaks, checked = [], 0
    for name, camera in soak.cameras.items():
        if not camera.heard or camera.ordered:
            continue
        told = [one for one in soak.told if one.camera == name and one.kind != KEPT]
        for row, message, allowed in _between(soak, name, told):
            checked += 1
            if not any(may(row.part) for may in allowed):
                breaks.append(
                    f"{name} run {row.run} frame {row.seq}: of the part {row.part!r}, after message {message.number}, "
                    f"{message.kind} {message.part!r}"
                )
    return Finding(checked, tuple(breaks))


def heard_again(soak: Soak) -> Finding:
    """Once all faults are over each camera that is told of parts hears its broker."""
    names = [name for name, camera in soak.cameras.items() if camera.heard]
    breaks = []
    for name in names:
        mine = [f.over_s for f in soak.journal.faults if f.name in BROKER or f.ends(f"capture {name}")]
        last_s = max((one.acked_s or 0.0 for one in soak.told if one.camera == name), default=0.0)
        if last_s <= max(mine, default=0.0):
            breaks.append(f"{name}: it has not heard its broker since the last fault was over")
    return Finding(len(names), tuple(breaks))


def _between(soak: Soak, camera: str, told: list[Told]) -> Iterator[tuple[Row, Told, list[Callable[[str], bool]]]]:
    """The rows whose part is sure: the last message before each, and what their part may be."""
    times = [one.sent_s for one in told]
    for row in soak.log.rows:
        if row.camera != camera or row.captured_mono_ns is None or soak.is_challenge(camera, row.run):
            continue
        at_s = row.captured_mono_ns / 1e9
        place = bisect_right(times, at_s) - 1
        if place < 0 or (acked_s := told[place].acked_s) is None or acked_s >= at_s:
            continue
        if _died(soak, camera, told[place].sent_s, at_s):
            continue
        allowed = [_is(told[place])]
        if _unknown(soak, told[place].sent_s, at_s):
            allowed.append(lambda part: not part)
        yield row, told[place], allowed


def _is(told: Told) -> Callable[[str], bool]:
    if told.kind == NAMELESS:
        return lambda part: part.startswith("#")
    wanted = told.part if told.kind in NAMED else ""
    return lambda part: part == wanted


def _died(soak: Soak, camera: str, from_s: float, to_s: float) -> bool:
    """Whether its capture was hit since, or its camera was away: which part it then is of, another rule says."""
    hurt = (f for f in soak.journal.faults if f.ends(f"capture {camera}") or f.target in (camera, f"capture {camera}"))
    return any(fault.from_s - LATE_S <= to_s and fault.to_s >= from_s for fault in hurt)


def _unknown(soak: Soak, from_s: float, to_s: float) -> bool:
    """Whether the connection to the broker may have been lost since: nobody knows then what is before the camera."""
    hurt = (fault for fault in soak.journal.faults if fault.name in BROKER)
    return any(fault.from_s <= to_s and fault.to_s >= from_s for fault in hurt)


def _event_lost(told: Told, soak: Soak) -> bool:
    """Whether a refusal may have died on its way: events are not acknowledged."""
    when = (told.sent_s, told.acked_s or told.sent_s)
    died = any(soak.journal.away(role, when) for role in (f"capture {told.camera}", "record"))
    return died or soak.journal.excused("evidence", when)
