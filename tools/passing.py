"""Whether a bundle passes a golden set: what it got wrong, against stated limits. Pure.

UNKNOWN is no answer: of a BAD picture it counts as an escape, of a GOOD one as a false reject.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from detector.verdict import State
from stream.promotions import Limits, Measured


@dataclass(frozen=True)
class Called:
    """What the bundle said of one picture."""

    name: str  # good/NAME or bad/NAME
    truth: State  # GOOD or BAD
    state: State
    score: float | None  # probability of BAD; None for UNKNOWN
    reason: str | None = None  # of UNKNOWN

    @property
    def wrong(self) -> bool:
        return self.state is not self.truth

    def __str__(self) -> str:
        score = "no score" if self.score is None else f"score {self.score:.4f}"
        said = f"{self.name}: {self.truth.value} judged {self.state.value}, {score}"
        return f"{said}: {self.reason}" if self.reason else said


def measured(calls: Sequence[Called]) -> Measured:
    """The counts of all pictures."""
    return Measured(
        good=sum(call.truth is State.GOOD for call in calls),
        bad=sum(call.truth is State.BAD for call in calls),
        escapes=sum(call.wrong for call in calls if call.truth is State.BAD),
        false_rejects=sum(call.wrong for call in calls if call.truth is State.GOOD),
        unknown=sum(call.state is State.UNKNOWN for call in calls),
    )


def why_refused(found: Measured, limits: Limits) -> str | None:
    """What is over its limit, in words; None where nothing is."""
    over = [
        f"{name}: {count}, at most {limit} allowed"
        for name, count, limit in (
            ("escapes", found.escapes, limits.escapes),
            ("false rejects", found.false_rejects, limits.false_rejects),
        )
        if count > limit
    ]
    return "; ".join(over) or None


def offending(calls: Iterable[Called]) -> tuple[Called, ...]:
    """The pictures that were judged wrong, escapes first, each kind with the worst first."""
    wrong = [call for call in calls if call.wrong]
    return tuple(sorted(wrong, key=lambda call: (call.truth is State.GOOD, _mildness(call), call.name)))


def _mildness(call: Called) -> float:
    """0: wholly wrong, or no answer."""
    if call.score is None:
        return 0.0
    return call.score if call.truth is State.BAD else 1.0 - call.score
