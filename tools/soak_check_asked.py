"""Invariants of what people asked of the line: announced parts and recipes, as they stand in the log. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

from tools.soak_check_facts import Finding, Soak
from tools.soak_check_journal import Asked
from tools.soak_check_log import Part
from tools.soak_check_told import NAMELESS

PART, RECIPE, NO_RECIPE = "announce part", "switch recipe", "none"


def parts_kept(soak: Soak) -> Finding:
    """A part that was taken is on record; its state is that of its frames; each row names the part it is of."""
    asked = [one for one in soak.journal.asked if one.name == PART]
    known = {(part.camera, part.part) for part in soak.log.parts}
    breaks = [f"{a.target}: {a.wanted} was taken, and is not on record" for a in asked if a.yes and not _on(a, known)]
    wanted = {(one.target, one.wanted) for one in asked} | {(one.camera, one.part) for one in soak.told if one.orders}
    nameless = {one.camera for one in soak.told if one.kind == NAMELESS}
    breaks += [
        f"{camera}: the part {part!r} is on record, and nobody announced it"
        for camera, part in sorted(known - wanted)
        if part and not (camera in nameless and part.startswith("#"))
    ]
    breaks += _wrongly_decided(soak)
    breaks += _wrongly_named(soak)
    return Finding(len(asked) + len(soak.log.parts), tuple(breaks))


def recipes_named(soak: Soak) -> Finding:
    """What is judged after a change of recipe, and before the next is asked for, is judged by that recipe."""
    asked = [one for one in soak.journal.asked if one.name == RECIPE]
    breaks, checked = [], Counter[str]()
    for now, following in pairwise([*asked, None]):
        assert now is not None
        until_s = following.from_s if following is not None else float("inf")
        if not now.yes or soak.journal.excused("evidence", (now.from_s, now.to_s)):
            continue  # a choice that the disk refused is gone when the line is started again
        wanted = "" if now.wanted == NO_RECIPE else now.wanted
        for row in soak.log.rows:
            if row.state != "BAD" or row.judged_mono_ns is None or not now.to_s <= row.judged_mono_ns / 1e9 < until_s:
                continue
            recipe = soak.log.recipes.get(row.settings, "")
            checked[wanted] += 1
            if recipe != wanted:
                breaks.append(
                    f"{row.camera} run {row.run} frame {row.seq}: judged by {recipe!r}, {wanted!r} was chosen"
                )
    note = ", ".join(f"{count:,} by {name or 'none'}" for name, count in sorted(checked.items()))
    return Finding(checked.total(), tuple(breaks), note)


def _on(asked: Asked, known: set[tuple[str, str]]) -> bool:
    return (asked.target, asked.wanted) in known


def _spans(soak: Soak) -> Iterator[tuple[Part, int, int]]:
    """The frames of each part: first <= seq < stop."""
    runs: dict[tuple[str, int], list[Part]] = {}
    for part in soak.log.parts:
        runs.setdefault((part.camera, part.run), []).append(part)
    for key, parts in runs.items():
        parts.sort(key=lambda part: part.number)
        captured = soak.runs[key].captured if key in soak.runs else 0
        stops = [*(part.first_seq for part in parts[1:]), captured]
        yield from ((part, part.first_seq, stop) for part, stop in zip(parts, stops, strict=True))


def _wrongly_decided(soak: Soak) -> Iterator[str]:
    for part, first, stop in _spans(soak):
        counts = Counter[str]()
        for span in soak.spans_of.get((part.camera, part.run), []):
            counts[span.outcome] += max(0, min(stop, span.stop) - max(first, span.start))
        bad, good = counts["BAD"], counts["GOOD"] and not counts["UNKNOWN"]
        wanted = "BAD" if bad else "GOOD" if good else "UNKNOWN"
        if part.state != wanted:
            yield f"{part.camera} run {part.run}: part {part.part!r} is {part.state}, by its frames it is {wanted}"


def _wrongly_named(soak: Soak) -> Iterator[str]:
    spans = list(_spans(soak))
    for row in soak.log.rows:
        mine = (
            p.part for p, first, stop in spans if (p.camera, p.run) == (row.camera, row.run) and first <= row.seq < stop
        )
        wanted = next(mine, "")
        if row.part != wanted:
            yield f"{row.camera} run {row.run} frame {row.seq}: names the part {row.part!r}, and is of {wanted!r}"
