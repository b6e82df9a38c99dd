"""The suite `cameras` as a picture: what N cameras came to, a curve for each number of inspectors. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from .bench_rounds import Row
from .bench_tables import figure

WIDTH, HEIGHT, LEFT, TOP, BELOW = 380, 220, 56, 34, 34  # px of a panel, and its rims
COLOURS = ("#4a7ab5", "#c0622d", "#4f8f4f", "#8a5aa8", "#777")
STYLE = "text{font:12px system-ui,sans-serif;fill:#222}.head{font-weight:600}.axis{stroke:#bbb}"


@dataclass(frozen=True)
class Panel:
    """What is drawn over the number of cameras."""

    title: str
    suffix: str  # of the setting
    quantity: str  # "" for the sum of all
    by_camera: bool = False


PANELS = (
    Panel("frames judged a second", "", "judged a second"),
    Panel("capture to verdict, p99 ms", "", "p99 ms"),
    Panel("frames dropped", "", "dropped"),
    Panel("CPU ms a frame, all roles", "", "CPU ms a frame"),
    Panel("processors, all roles", ", CPU cores", ""),
    Panel("PSS MB a camera, all roles", ", PSS MB", "", by_camera=True),
)
Point = tuple[float, float]


def curves(rows: Sequence[Row]) -> str:
    """The whole picture, as SVG."""
    settings = list(dict.fromkeys(row.setting for row in rows if row.quantity == "judged a second"))
    panels = [
        _panel(panel, {one: _points(rows, one, panel) for one in settings}, number % 2, number // 2)
        for number, panel in enumerate(PANELS)
    ]
    wide, high = 2 * WIDTH, math.ceil(len(PANELS) / 2) * HEIGHT + 24
    key = "".join(
        f'<text x="{LEFT + 150 * n}" y="{high - 8}" style="fill:{COLOURS[n % len(COLOURS)]}">{escape(one)}</text>'
        for n, one in enumerate(settings)
    )
    box = f'xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" width="{wide}" height="{high}"'
    white = f'<rect width="{wide}" height="{high}" fill="#fff"/>'
    return f"<svg {box}><style>{STYLE}</style>{white}{''.join(panels)}{key}</svg>\n"


def _points(rows: Sequence[Row], setting: str, panel: Panel) -> list[Point]:
    """Cameras and value, in order."""
    found: dict[int, float] = {}
    for row in rows:
        if row.setting == setting + panel.suffix and panel.quantity in ("", row.quantity):
            cameras = int(row.name.split()[0])
            found[cameras] = found.get(cameras, 0.0) + row.median / (cameras if panel.by_camera else 1)
    return sorted((float(cameras), value) for cameras, value in found.items())


def _panel(panel: Panel, series: dict[str, list[Point]], column: int, line: int) -> str:
    return f'<g transform="translate({column * WIDTH} {line * HEIGHT})">{"".join(_marks(panel, series))}</g>'


def _marks(panel: Panel, series: dict[str, list[Point]]) -> Iterator[str]:
    every = [point for points in series.values() for point in points]
    most_x = max((math.log2(x) for x, _ in every), default=1.0) or 1.0
    most_y = max((y for _, y in every), default=1.0) or 1.0
    wide, high = WIDTH - LEFT - 20, HEIGHT - TOP - BELOW
    floor = TOP + high
    yield f'<text class="head" x="{LEFT}" y="{TOP - 12}">{escape(panel.title)}</text>'
    yield f'<path class="axis" fill="none" d="M{LEFT} {TOP}V{floor}H{LEFT + wide}"/>'
    yield f'<text x="{LEFT - 6}" y="{TOP + 4}" text-anchor="end">{figure(most_y)}</text>'
    yield f'<text x="{LEFT - 6}" y="{floor + 4}" text-anchor="end">0</text>'
    for x in sorted({x for x, _ in every}):
        at = LEFT + math.log2(x) / most_x * wide
        yield f'<text x="{at:.1f}" y="{floor + 16}" text-anchor="middle">{x:.0f}</text>'
    for colour, points in zip(COLOURS * (len(series) // len(COLOURS) + 1), series.values(), strict=False):
        places = [(LEFT + math.log2(x) / most_x * wide, floor - y / most_y * high) for x, y in points]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        yield f'<polyline fill="none" stroke="{colour}" stroke-width="2" points="{path}"/>'
        yield from (f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in places)
