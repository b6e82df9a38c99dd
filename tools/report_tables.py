"""The tables of a report: figures, thresholds, recall by defect. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from .defect_recall import Row
from .evaluation import Evaluation, FigureTable, RecallTable
from .evaluation_text import number, span
from .report_charts import interval_bar
from .thresholds import Operating, Proposal


def figure_table(table: FigureTable) -> str:
    """A card with a row for each figure."""
    rows = "".join(
        f'<tr><td>{escape(f.name)}</td><td class="number"><b>{number(f.value)}</b></td><td class="wide">'
        f'{interval_bar(f.value, f.interval)}<span class="soft small">{span(f.interval)}</span></td>'
        f'<td class="soft small">{escape(f.of)}</td></tr>'
        for f in table.figures
    )
    note = f'<p class="soft small">{escape(table.note)}</p>' if table.note else ""
    return f'<div class="card scroll"><h3>{escape(table.title)}</h3>{note}<table>{rows}</table></div>'


def threshold_table(e: Evaluation) -> Iterable[str]:
    """The threshold in force and those proposed; nothing where neither is known."""
    if e.operating is None and not e.proposals:
        return
    yield "<h2>Thresholds</h2>"
    yield (
        '<p class="soft">The highest threshold that reaches a wanted recall on these data, what it promises with 95 % '
        f"certainty elsewhere, and its price: GOOD {e.unit}s called BAD.</p>"
    )
    heads = "<th>wanted recall</th><th class='number'>threshold</th><th class='number'>recall here</th>"
    heads += "<th class='number'>promised</th><th class='number'>false alarms</th><th>said plainly</th>"
    rows = [_operating_row("in force", e.operating, "")] if e.operating else []
    rows += [_operating_row(f"{p.wanted:g}", p.reached, _said(p)) for p in e.proposals]
    yield f'<div class="card scroll"><table><tr>{heads}</tr>{"".join(rows)}</table></div>'


def _operating_row(name: str, at: Operating, said: str) -> str:
    recall = f"{number(at.recall.value)}<br><span class='soft small'>{span(at.recall.interval)}</span>"
    alarms = f"{number(at.false_alarms.value)}<br><span class='soft small'>{span(at.false_alarms.interval)}</span>"
    return (
        f'<tr><td><b>{name}</b></td><td class="number">{at.threshold:g}</td>'
        f'<td class="number">{recall}</td>'
        f'<td class="number">{at.recall.lower:.4f}</td><td class="number">{alarms}</td>'
        f'<td class="small">{escape(said)}</td></tr>'
    )


def _said(proposal: Proposal) -> str:
    said = proposal.verdict
    if proposal.promised is not None and proposal.promised.threshold != proposal.reached.threshold:
        said += f", at a false alarm share of {number(proposal.promised.false_alarms.value)}"
    return said


def defect_tables(e: Evaluation) -> Iterable[str]:
    """Recall by class of defect; nothing where no defect is known."""
    if e.defects:
        yield '<h2>Recall by defect</h2><div class="grid2">'
        yield from (_recall_table(table) for table in e.defects)
        yield "</div>"


def _recall_table(table: RecallTable) -> str:
    rows = "".join(_recall_row(row) for row in table.rows)
    note = f'<p class="soft small">{escape(table.note)}</p>' if table.note else ""
    return f'<div class="card scroll"><h3>{escape(table.title)}</h3>{note}<table>{rows}</table></div>'


def _recall_row(row: Row) -> str:
    found = row.found
    if not found.total:
        return f'<tr><td>{escape(row.name)}</td><td class="number">–</td><td></td><td class="soft small">none</td></tr>'
    groups = "" if found.groups == found.total else f"<br>in {found.groups} groups"
    return (
        f'<tr><td>{escape(row.name)}</td><td class="number"><b>{found.value:.3f}</b></td>'
        f'<td class="wide">{interval_bar(found.value, found.interval)}'
        f'<span class="soft small">{span(found.interval)}</span></td>'
        f'<td class="soft small">{found.hits} of {found.total}{groups}</td></tr>'
    )
