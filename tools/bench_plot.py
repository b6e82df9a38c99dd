"""Rows as bars in an SVG of its own: a panel for each setting and quantity, the interval as a whisker. Pure.

Where anything was compared, what a single contender came to is left to the table.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from html import escape

from .bench_rounds import Row
from .bench_tables import figure

WIDTH, NAMES, FIGURES = 760, 250, 110  # px: the whole, left of the bars, right of them
BAR, HEAD, GAP = 22, 30, 14
STYLE = (
    "text{font:13px system-ui,sans-serif;fill:#222}.head{font-weight:600}.bar{fill:#4a7ab5}"
    ".whisker{stroke:#222;stroke-width:1.5}"
)


def bars(rows: Sequence[Row]) -> str:
    """The whole picture."""
    counts = Counter((row.setting, row.quantity) for row in rows)
    panels = [panel for panel, count in counts.items() if count > 1] or list(counts)
    marks: list[str] = []
    top = GAP
    for setting, quantity in panels:
        inside = [row for row in rows if (row.setting, row.quantity) == (setting, quantity)]
        marks.extend(_panel(inside, top))
        top += HEAD + BAR * len(inside) + GAP
    box = f'xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {top}" width="{WIDTH}" height="{top}"'
    white = f'<rect width="{WIDTH}" height="{top}" fill="#fff"/>'
    return f"<svg {box}><style>{STYLE}</style>{white}{''.join(marks)}</svg>\n"


def _panel(rows: Sequence[Row], top: int) -> Iterable[str]:
    title = ", ".join(filter(None, (rows[0].setting, rows[0].quantity)))
    yield f'<text class="head" x="8" y="{top + 18}">{escape(title)}</text>'
    most = max((row.high for row in rows), default=0) or 1
    room = WIDTH - NAMES - FIGURES
    for number, row in enumerate(rows):
        y = top + HEAD + number * BAR
        length, low, high = (max(0.0, value) / most * room for value in (row.median, row.low, row.high))
        yield f'<text x="{NAMES - 8}" y="{y + 15}" text-anchor="end">{escape(row.name)}</text>'
        yield f'<rect class="bar" x="{NAMES}" y="{y + 3}" width="{length:.1f}" height="{BAR - 6}"/>'
        line = f'x1="{NAMES + low:.1f}" x2="{NAMES + high:.1f}" y1="{y + BAR / 2}" y2="{y + BAR / 2}"'
        yield f'<line class="whisker" {line}/>'
        said = figure(row.median) + ("" if row.ratio is None else f", {figure(row.ratio)} ×")
        yield f'<text x="{NAMES + room + 8}" y="{y + 15}">{said}</text>'
