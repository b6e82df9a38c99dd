"""Curves as SVG inside the page, coloured by its style sheet. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from detector.intervals import Interval, clopper_pearson

from .curves import LOG_ODDS_MAX, Bin, Curve, log_odds

WIDTH, HEIGHT = 460, 320
LEFT, RIGHT, TOP, BOTTOM = 54, 14, 12, 46
MOST_POINTS = 600  # of a curve; more would not be seen
TENTHS = tuple((i / 5, f"{i / 5:g}") for i in range(6))
SCORES = (0.001, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999)


@dataclass(frozen=True)
class Axis:
    """From value to place."""

    name: str
    low: float
    high: float
    ticks: tuple[tuple[float, str], ...]

    def share(self, value: float) -> float:
        """0..1 along the axis."""
        return (value - self.low) / (self.high - self.low)


@dataclass(frozen=True)
class Plane:
    """Two axes, and what places a point between them."""

    x: Axis
    y: Axis

    def at_x(self, value: float) -> float:
        return LEFT + self.x.share(value) * (WIDTH - LEFT - RIGHT)

    def at_y(self, value: float) -> float:
        return HEIGHT - BOTTOM - self.y.share(value) * (HEIGHT - TOP - BOTTOM)

    def at(self, x: float, y: float) -> str:
        return f"{self.at_x(x):.1f},{self.at_y(y):.1f}"

    def svg(self, title: str, marks: Iterable[str]) -> str:
        """The whole picture: grid, axes, marks."""
        inside = "".join([*self._grid(), *marks])
        return (
            f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}" class="chart">{inside}</svg>'
        )

    def _grid(self) -> Iterable[str]:
        left, right, top, bottom = LEFT, WIDTH - RIGHT, TOP, HEIGHT - BOTTOM
        for value, name in self.x.ticks:
            x = self.at_x(value)
            yield f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{top}" y2="{bottom}"/>'
            yield f'<text class="tick" x="{x:.1f}" y="{bottom + 16}" text-anchor="middle">{name}</text>'
        for value, name in self.y.ticks:
            y = self.at_y(value)
            yield f'<line class="grid" x1="{left}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}"/>'
            yield f'<text class="tick" x="{left - 7}" y="{y + 4:.1f}" text-anchor="end">{name}</text>'
        yield f'<path class="axis" d="M{left},{top}V{bottom}H{right}"/>'
        middle = (top + bottom) / 2
        across = f'x="{(left + right) / 2}" y="{HEIGHT - 8}"'
        yield f'<text class="name" {across} text-anchor="middle">{escape(self.x.name)}</text>'
        turned = f'transform="translate(13,{middle}) rotate(-90)"'
        yield f'<text class="name" {turned} text-anchor="middle">{escape(self.y.name)}</text>'


def precision_recall_chart(curve: Curve, share_of_bad: float, threshold: float | None) -> str:
    """Precision over recall; dashed: what calling everything BAD would give."""
    plane = Plane(Axis("recall of BAD", 0, 1, TENTHS), Axis("precision of BAD", 0, 1, TENTHS))
    level = f'<path class="chance" d="M{plane.at(0, share_of_bad)}L{plane.at(1, share_of_bad)}"/>'
    return plane.svg("precision over recall", [level, _line(plane, curve), *_in_force(plane, curve, threshold)])


def roc_chart(curve: Curve, threshold: float | None) -> str:
    """Recall over the share of false alarms; dashed: what chance would give."""
    plane = Plane(Axis("GOOD called BAD", 0, 1, TENTHS), Axis("recall of BAD", 0, 1, TENTHS))
    chance = f'<path class="chance" d="M{plane.at(0, 0)}L{plane.at(1, 1)}"/>'
    return plane.svg("recall over false alarms", [chance, _line(plane, curve), *_in_force(plane, curve, threshold)])


def reliability_chart(bins: Sequence[Bin]) -> str:
    """The share of BAD at each score, with its 95 % interval as if pictures were independent; dashed: calibrated."""
    plane = Plane(Axis("score", 0, 1, TENTHS), Axis("share that is BAD", 0, 1, TENTHS))
    marks = [f'<path class="chance" d="M{plane.at(0, 0)}L{plane.at(1, 1)}"/>']
    for one in bins:
        if one.count == 0:
            continue
        sure = clopper_pearson(one.bad, one.count)
        x, radius = one.mean_score, 3 + 1.6 * np.log10(one.count)
        marks.append(f'<path class="whisker" d="M{plane.at(x, sure.low)}L{plane.at(x, sure.high)}"/>')
        said = f"scores {one.low:.1f} to {one.high:.1f}: {one.bad} of {one.count} BAD"
        centre = f'cx="{plane.at_x(x):.1f}" cy="{plane.at_y(one.bad / one.count):.1f}"'
        marks.append(f'<circle class="dot" {centre} r="{radius:.1f}"><title>{said}</title></circle>')
    return plane.svg("reliability", marks)


def histogram_chart(bins: Sequence[Bin], threshold: float | None) -> str:
    """How many pictures of each class have which score; the bars grow with the root of their number."""
    most = max((max(one.good, one.bad) for one in bins), default=1) or 1
    roots = tuple((float(np.sqrt(n)), str(n)) for n in _round_numbers(most))
    ticks = tuple((float(log_odds(np.array(p))), f"{p:g}") for p in SCORES)
    plane = Plane(Axis("score", -LOG_ODDS_MAX, LOG_ODDS_MAX, ticks), Axis("pictures", 0, float(np.sqrt(most)), roots))
    marks = []
    for one in bins:
        x, whole = plane.at_x(one.low), plane.at_x(one.high) - plane.at_x(one.low)
        for i, (name, count) in enumerate((("good", one.good), ("bad", one.bad))):
            y = plane.at_y(float(np.sqrt(count)))
            place = f'x="{x + 0.5 + i * whole / 2:.1f}" y="{y:.1f}" width="{whole / 2 - 0.6:.1f}"'
            if count:
                height = f'height="{HEIGHT - BOTTOM - y:.1f}"'
                marks.append(f'<rect class="bar {name}" {place} {height}><title>{count} {name.upper()}</title></rect>')
    if threshold is not None:
        x = plane.at_x(float(log_odds(np.array(threshold))))
        marks.append(f'<line class="now" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}"/>')
    return plane.svg("scores", marks)


def interval_bar(value: float, interval: Interval | None) -> str:
    """A figure of 0..1 as a point on a line, its interval as a bar."""
    if np.isnan(value):
        return ""
    low, high = (value, value) if interval is None else (interval.low, interval.high)
    bar = f'<rect class="span" x="{low * 120:.1f}" y="3" width="{max(1.0, (high - low) * 120):.1f}" height="6" rx="3"/>'
    rail = '<line class="rail" x1="0" x2="120" y1="6" y2="6"/>'
    point = f'<circle class="dot" cx="{value * 120:.1f}" cy="6" r="3.4"/>'
    return f'<svg class="interval" viewBox="-4 0 128 12" aria-hidden="true">{rail}{bar}{point}</svg>'


def _line(plane: Plane, curve: Curve) -> str:
    keep = np.unique(np.linspace(0, len(curve.x) - 1, min(MOST_POINTS, len(curve.x))).round().astype(int))
    points = " ".join(plane.at(float(x), float(y)) for x, y in zip(curve.x[keep], curve.y[keep], strict=True))
    return f'<polyline class="curve" points="{points}"/>'


def _in_force(plane: Plane, curve: Curve, threshold: float | None) -> Iterable[str]:
    """The point of the threshold in force: the lowest one on the curve that is not under it."""
    above = np.flatnonzero(curve.threshold >= threshold) if threshold is not None else np.array([], int)
    if len(above):
        x, y = float(curve.x[above[-1]]), float(curve.y[above[-1]])
        said = f"<title>threshold {threshold:g}: {plane.x.name} {x:.4f}, {plane.y.name} {y:.4f}</title>"
        yield f'<circle class="point" cx="{plane.at_x(x):.1f}" cy="{plane.at_y(y):.1f}" r="5.5">{said}</circle>'


def _round_numbers(most: int) -> list[int]:
    """0 and some four round numbers up to `most`, far enough apart under a root."""
    steps = [n * 10**power for power in range(7) for n in (1, 3)]
    fitting = [n for n in steps if n <= most]
    return [0, *fitting[-4:]]
