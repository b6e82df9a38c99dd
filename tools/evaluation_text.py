"""An evaluation as lines for a terminal. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable

from detector.intervals import Interval, Share

from .evaluation import Evaluation


def lines(evaluation: Evaluation) -> list[str]:
    """All of it, some eighty columns wide."""
    found = [*(f"{fact.name:<20} {fact.value}" for fact in evaluation.facts), ""]
    found += [f"! {note}" for note in evaluation.notes]
    found += ["", f"{'truth':<10}{'GOOD':>8}{'BAD':>8}{'UNKNOWN':>9}{'never judged':>14}"]
    found += [
        f"{row.truth.value:<10}{row.good:>8}{row.bad:>8}{row.unknown:>9}{row.never_judged:>14}"
        for row in evaluation.confusion
    ]
    for table in evaluation.tables:
        found += ["", table.title]
        found += [f"  {f.name:<24}{number(f.value):>8}  {span(f.interval):<18} {f.of}" for f in table.figures]
    found += ["", *_thresholds(evaluation)]
    for defects in evaluation.defects:
        found += ["", defects.title]
        found += [f"  {row.name:<24}{_share(row.found)}" for row in defects.rows]
    return found


def number(value: float) -> str:
    """0.9923, or a dash where it cannot be told."""
    return "–" if math.isnan(value) else f"{value:.4f}"


def span(interval: Interval | None) -> str:
    """0.9871..0.9958"""
    return "" if interval is None else f"{interval.low:.4f}..{interval.high:.4f}"


def _thresholds(evaluation: Evaluation) -> Iterable[str]:
    if evaluation.operating is not None:
        now = evaluation.operating
        yield f"Threshold in force: {now.threshold:g}"
        yield f"  recall       {_share(now.recall)}; promised: {now.recall.lower:.4f}"
        yield f"  false alarms {_share(now.false_alarms)}"
    for proposal in evaluation.proposals:
        at = proposal.reached
        yield f"For a recall of {proposal.wanted:g}: threshold {at.threshold:g}"
        yield f"  recall       {_share(at.recall)}"
        yield f"  false alarms {_share(at.false_alarms)}"
        yield f"  {proposal.verdict}"


def _share(found: Share) -> str:
    if not found.total:
        return f"{'–':>8}  none"
    groups = "" if found.groups == found.total else f" in {found.groups} groups"
    return f"{number(found.value):>8}  {span(found.interval):<18} {found.hits} of {found.total}{groups}"
