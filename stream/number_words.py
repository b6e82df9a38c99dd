"""Numbers as people read them; static/rules.js writes them alike, and a test compares. Pure."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

SCORE_DIGITS, SCORE_DIGITS_MOST = 4, 8


def fixed(value: float, digits: int) -> str:
    """With so many digits; a half goes up, as in a browser (Python's own formats go to the even digit)."""
    return f"{Decimal(value).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)}"


def scored(score: float, threshold: float | None = None) -> str:
    """A score in four digits, and in more where four would not lie on its side of the threshold."""
    for digits in range(SCORE_DIGITS, SCORE_DIGITS_MOST):
        said = fixed(score, digits)
        if threshold is None or (float(said) < threshold) == (score < threshold):
            return said
    return fixed(score, SCORE_DIGITS_MOST)


def span(seconds: float) -> str:
    """A time in few letters."""
    if seconds < 9.95:
        return f"{fixed(seconds, 1)} s"
    if seconds < 120:
        return f"{fixed(seconds, 0)} s"
    return f"{fixed(seconds / 60, 0)} min" if seconds < 7200 else f"{fixed(seconds / 3600, 0)} h"
