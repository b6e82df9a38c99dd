"""What became of a camera's frames, minute by minute: what the figures of months are made of. Pure.

A frame counts in the UTC minute in which it was captured; one that nobody judged (dropped, lost, given up by its
capture) in the minute in which that was told, for no picture is left to say more. Whoever counts does so where the
ledger takes a frame for the first time, so a repeat counts nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from stream.messages import Judged

MINUTE_NS = 60 * 1_000_000_000
REASON_MAX = 64  # characters of a reason that are told apart
REASONS_MAX = 16  # reasons of one minute that are told apart; the rest are OTHER
OTHER = "other"
DROPPED = "dropped:"  # before the reason of a frame that was never judged; the others are UNKNOWN's


@dataclass(frozen=True)
class Minute:
    """What became of the frames of one minute, or of any other time: they add up."""

    good: int = 0
    bad: int = 0
    unknown: int = 0
    dropped: int = 0
    lost: int = 0  # before capture, by the camera's own count
    latency_ms_sum: float = 0.0  # from capture to verdict, of GOOD and BAD frames
    latency_ms_max: float = 0.0  # of every frame that has a verdict
    reasons: Mapping[str, int] = field(default_factory=dict)  # of UNKNOWN; of dropped, behind `dropped:`

    def __add__(self, other: Minute) -> Minute:
        return Minute(
            good=self.good + other.good,
            bad=self.bad + other.bad,
            unknown=self.unknown + other.unknown,
            dropped=self.dropped + other.dropped,
            lost=self.lost + other.lost,
            latency_ms_sum=self.latency_ms_sum + other.latency_ms_sum,
            latency_ms_max=max(self.latency_ms_max, other.latency_ms_max),
            reasons=added_reasons(self.reasons, other.reasons),
        )

    @property
    def frames(self) -> int:
        """All that were captured."""
        return self.good + self.bad + self.unknown + self.dropped

    @property
    def latency_ms_mean(self) -> float | None:
        """Of the frames that were judged GOOD or BAD; None without any."""
        judged = self.good + self.bad
        return self.latency_ms_sum / judged if judged else None


def minute_of(utc_ns: int) -> int:
    """The UTC minute since 1970."""
    return utc_ns // MINUTE_NS


def of_judged(judged: Judged) -> Minute:
    """What one verdict counts."""
    frame, verdict = judged.frame, judged.verdict
    latency_ms = max(0.0, (judged.judged_mono_ns - frame.captured_mono_ns) / 1e6)
    if verdict.state == "UNKNOWN":
        return Minute(unknown=1, latency_ms_max=latency_ms, reasons={told_apart(verdict.reason): 1})
    good = verdict.state == "GOOD"
    return Minute(good=int(good), bad=int(not good), latency_ms_sum=latency_ms, latency_ms_max=latency_ms)


def of_fate(outcome: str, frames: int, reason: str | None = None) -> Minute:
    """What so many frames count of which the capture, or the recorder for a dead one, said what became."""
    if outcome.startswith(DROPPED):
        return Minute(dropped=frames, reasons={outcome: frames})
    return Minute(unknown=frames, reasons={told_apart(reason): frames})


def of_lost(frames: int) -> Minute:
    """What was lost before capture."""
    return Minute(lost=frames)


def told_apart(reason: str | None) -> str:
    """A reason as it is counted: on one line, of bounded length."""
    return " ".join((reason or "").split()).removeprefix(DROPPED)[:REASON_MAX] or OTHER


def added_reasons(one: Mapping[str, int], other: Mapping[str, int]) -> Mapping[str, int]:
    """Both together; past REASONS_MAX a new one is OTHER, or DROPPED and OTHER, so that the sums stay right."""
    if not other:
        return one
    total = dict(one)
    for reason, frames in other.items():
        full = reason not in total and len(total) >= REASONS_MAX
        name = _other(reason) if full else reason
        total[name] = total.get(name, 0) + frames
    return total


def _other(reason: str) -> str:
    return f"{DROPPED}{OTHER}" if reason.startswith(DROPPED) else OTHER
