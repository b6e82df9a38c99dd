"""The beta distribution and Student's t by it, as intervals want them. Pure; nothing here asks for SciPy."""

from __future__ import annotations

import math

MOST_TERMS = 10_000  # of the continued fraction: about sqrt(max(a, b)) are taken
SMALLEST = 1e-300
CLOSE = 1e-14


def beta_cdf(x: float, a: float, b: float) -> float:
    """P(X <= x) for X ~ Beta(a, b): the regularised incomplete beta function, a, b > 0.

    By its continued fraction (DLMF 8.17.22), evaluated as Lentz does (Press et al., Numerical Recipes, 6.4).
    """
    if x <= 0.0:
        return 0.0
    if x >= 1.0:
        return 1.0
    if x > (a + 1) / (a + b + 2):  # the fraction converges fast on the other side
        return 1.0 - beta_cdf(1.0 - x, b, a)
    front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    return math.exp(front) / (a * _fraction(x, a, b))


def beta_quantile(p: float, a: float, b: float) -> float:
    """The x at which beta_cdf is p, 0 <= p <= 1; by halving, to 1e-12."""
    low, high = 0.0, 1.0
    while high - low > 1e-12:
        middle = (low + high) / 2
        if beta_cdf(middle, a, b) < p:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def t_quantile(p: float, degrees: float) -> float:
    """The t at which Student's distribution is p, 0.5 < p < 1; degrees of freedom > 0."""
    x = beta_quantile(2 * (1 - p), degrees / 2, 0.5)
    return math.sqrt(degrees * (1 - x) / max(x, SMALLEST))


def _fraction(x: float, a: float, b: float) -> float:
    """1 + d1 / (1 + d2 / (1 + ...)), the denominator of DLMF 8.17.22."""
    value, c, d = 1.0, 1.0, 0.0
    for n in range(1, MOST_TERMS):
        m = n // 2
        if n % 2:
            term = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        else:
            term = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        d = 1 / _away_from_zero(1 + term * d)
        c = _away_from_zero(1 + term / c)
        value *= c * d
        if abs(c * d - 1) < CLOSE:
            break
    return value


def _away_from_zero(number: float) -> float:
    return number if abs(number) > SMALLEST else SMALLEST
