"""Everything an evaluation says, ready to be printed, written as JSON or made a page of. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from detector.intervals import Interval, Share
from detector.verdict import State

from .defect_recall import Row
from .figures import Calls, Figure
from .outcomes import Outcome
from .thresholds import Operating, Proposal

FEW_GROUPS = 20


@dataclass(frozen=True)
class Fact:
    """What was evaluated, for people: `bundle`, `edge@5986ca7ad33b`."""

    name: str
    value: str


@dataclass(frozen=True)
class FigureTable:
    """Figures that belong together."""

    key: str  # in JSON
    title: str
    note: str
    figures: tuple[Figure, ...]


@dataclass(frozen=True)
class RecallTable:
    """Recall by class of defect."""

    key: str  # in JSON
    title: str
    note: str
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Confusion:
    """Pictures of one truth, by what was judged."""

    truth: State
    good: int
    bad: int
    unknown: int
    never_judged: int

    @property
    def total(self) -> int:
        return self.good + self.bad + self.unknown + self.never_judged


@dataclass(frozen=True)
class Evaluation:
    """All of it, but for pictures."""

    title: str
    unit: str  # picture | frame
    facts: tuple[Fact, ...]
    notes: tuple[str, ...]  # what the reader must know before believing a figure
    confusion: tuple[Confusion, ...]  # BAD, GOOD
    tables: tuple[FigureTable, ...]
    operating: Operating | None  # at the threshold in force
    proposals: tuple[Proposal, ...]
    defects: tuple[RecallTable, ...]
    calls: Calls


def confusion(outcomes: Sequence[Outcome]) -> tuple[Confusion, ...]:
    """A row for BAD and one for GOOD."""
    rows = []
    for truth in (State.BAD, State.GOOD):
        states = [outcome.state for outcome in outcomes if outcome.truth is truth]
        rows.append(Confusion(truth, *(states.count(state) for state in (State.GOOD, State.BAD, State.UNKNOWN, None))))
    return tuple(rows)


def cautions(outcomes: Sequence[Outcome], unit: str) -> list[str]:
    """What there is to say against the figures, in plain words."""
    said = []
    for state, word in ((State.UNKNOWN, "UNKNOWN"), (None, "never judged")):
        some = [outcome for outcome in outcomes if outcome.state is state]
        if some:
            reasons = ", ".join(sorted({outcome.reason.split(":")[0] or "no reason given" for outcome in some}))
            said.append(f"{_many(len(some), unit)} {word} ({reasons}): in no rate; UNKNOWN is never read as GOOD.")
    for truth in (State.BAD, State.GOOD):
        groups = len({outcome.group for outcome in outcomes if outcome.truth is truth and outcome.judged})
        if groups < FEW_GROUPS:
            said.append(
                f"Only {_many(groups, 'group')} of {truth.value} {unit}s: intervals are wide, those by resampling "
                f"are rather too narrow under {FEW_GROUPS} groups, and another line may look quite different."
            )
    return said


def document(evaluation: Evaluation) -> dict[str, Any]:
    """Ready for json.dumps; what cannot be told is null."""
    return {
        "facts": {fact.name: fact.value for fact in evaluation.facts},
        "notes": list(evaluation.notes),
        "confusion": {
            row.truth.value: {
                "GOOD": row.good,
                "BAD": row.bad,
                "UNKNOWN": row.unknown,
                "none": row.never_judged,
            }
            for row in evaluation.confusion
        },
        **{table.key: {f.key: _figure(f) for f in table.figures} for table in evaluation.tables},
        "operating": evaluation.operating and _operating(evaluation.operating),
        "thresholds": [_proposal(proposal) for proposal in evaluation.proposals],
        **{table.key: {row.name: _share(row.found) for row in table.rows} for table in evaluation.defects},
    }


def _figure(figure: Figure) -> dict[str, Any]:
    return {
        "value": _rounded(figure.value),
        "interval_95": _interval(figure.interval),
        "of": figure.of,
        "how": figure.how,
    }


def _proposal(proposal: Proposal) -> dict[str, Any]:
    return {
        "wanted_recall": proposal.wanted,
        **_operating(proposal.reached),
        "promised": proposal.promised and _operating(proposal.promised),
        "verdict": proposal.verdict,
    }


def _operating(found: Operating) -> dict[str, Any]:
    return {"threshold": found.threshold, "recall": _share(found.recall), "false_alarms": _share(found.false_alarms)}


def _share(found: Share) -> dict[str, Any]:
    return {
        "hits": found.hits,
        "total": found.total,
        "groups": found.groups,
        "share": _rounded(found.value),
        "interval_95": _interval(found.interval if found.total else None),
        "lower_95": _rounded(found.lower),
    }


def _interval(interval: Interval | None) -> list[float | None] | None:
    return None if interval is None else [_rounded(interval.low), _rounded(interval.high)]


def _rounded(number: float) -> float | None:
    return None if math.isnan(number) else round(number, 5)


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
