"""Rows as tables that a person reads: one a setting, a line a contender, a column a quantity. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from .bench_rounds import Row


def tables(rows: Sequence[Row]) -> str:
    """All settings, one after the other, as Markdown that is aligned, so that a terminal can show it, too."""
    settings = list(dict.fromkeys(row.setting for row in rows))
    parts = []
    for setting in settings:
        table = _table([row for row in rows if row.setting == setting])
        parts.append(f"**{setting}**\n\n{table}" if setting else table)
    return "\n\n".join(parts)


def cell(row: Row) -> str:
    """`812 (790 to 830), 5.1 × (4.9 to 5.4)`."""
    text = figure(row.median)
    if row.low != row.high:
        text += f" ({figure(row.low)} to {figure(row.high)})"
    if row.ratio is not None and row.ratio_low is not None and row.ratio_high is not None:
        text += f", {figure(row.ratio)} ×"
        if row.ratio_low != row.ratio_high:
            text += f" ({figure(row.ratio_low)} to {figure(row.ratio_high)})"
    return text


def figure(value: float) -> str:
    """Three significant digits; whole numbers from a hundred on."""
    if value == 0 or abs(value) >= 100:
        return f"{value:,.0f}"
    digits = 3
    text = f"{value:.{digits}g}"
    return f"{float(text):.6f}".rstrip("0").rstrip(".") if "e" in text else text


def _table(rows: Sequence[Row]) -> str:
    names = list(dict.fromkeys(row.name for row in rows))
    quantities = list(dict.fromkeys(row.quantity for row in rows))
    found = {(row.name, row.quantity): cell(row) for row in rows}
    grid = [["", *quantities], *([name, *(found.get((name, q), "") for q in quantities)] for name in names)]
    widths = [max(3, *(len(line[i]) for line in grid)) for i in range(len(grid[0]))]
    lines = ["| " + " | ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)) + " |" for line in grid]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([lines[0], rule, *lines[1:]])
