"""An evaluation as one HTML file that needs nothing else: no script, no font, no picture from elsewhere. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable
from html import escape

from .curves import histogram, precision_recall, reliability, roc
from .evaluation import Confusion, Evaluation
from .evaluation_text import number, span
from .figures import Figure
from .report_charts import histogram_chart, precision_recall_chart, reliability_chart, roc_chart
from .report_gallery import Gallery, Mistake
from .report_style import STYLE
from .report_tables import defect_tables, figure_table, threshold_table

# Nothing may be fetched and nothing run, whatever a file's name would smuggle in.
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
TILES = ("recall_of_bad", "precision_of_bad", "accuracy", "average_precision", "auroc")


def page(evaluation: Evaluation, gallery: Gallery) -> str:
    """The file's text. Everything that comes from outside is escaped."""
    e = evaluation
    title = f"Evaluation: {e.title.lower()}"
    body = [
        f"<h1>{escape(title)}</h1>",
        _facts(e),
        *(f'<div class="note">{escape(note)}</div>' for note in e.notes),
        _tiles(e),
        *_confusion(e),
        *_charts(e),
        "<h2>Figures</h2>",
        '<div class="grid2">',
        *(figure_table(table) for table in e.tables),
        "</div>",
        *threshold_table(e),
        *defect_tables(e),
        *_gallery(e, gallery),
        "<footer>Intervals are at 95 % and respect groups: pictures of one part or belt do not count as independent. "
        "How to read this page: docs/evaluate.md.</footer>",
    ]
    head = (
        f'<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{escape(title)}</title>'
        f"<style>{STYLE}</style>"
    )
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head>{head}</head>\n<body><main>\n'
        + "\n".join(body)
        + "\n</main></body></html>\n"
    )


def _facts(e: Evaluation) -> str:
    rows = "".join(f"<dt>{escape(fact.name)}</dt><dd>{escape(fact.value)}</dd>" for fact in e.facts)
    return f'<div class="card" style="margin-top:16px"><dl>{rows}</dl></div>'


def _tiles(e: Evaluation) -> str:
    by_key = {figure.key: figure for table in e.tables[:1] for figure in table.figures}
    tiles = (_tile(by_key[key]) for key in TILES if key in by_key)
    return f'<div class="tiles">{"".join(tiles)}</div>'


def _tile(figure: Figure) -> str:
    sure = span(figure.interval) or "no interval"
    return (
        f'<div class="card tile"><span class="soft">{escape(figure.name)}</span><b>{number(figure.value)}</b>'
        f'<span class="soft small">{sure}</span><span class="soft small">{escape(figure.of)}</span></div>'
    )


def _confusion(e: Evaluation) -> Iterable[str]:
    yield "<h2>What was judged of what</h2>"
    others = any(row.unknown or row.never_judged for row in e.confusion)
    columns = "<th>judged GOOD</th><th>judged BAD</th>" + ("<th>UNKNOWN</th><th>never judged</th>" if others else "")
    rows = "".join(_confusion_row(row, others, e.unit) for row in e.confusion)
    yield f'<div class="card scroll"><table class="confusion"><tr><th></th>{columns}</tr>{rows}</table></div>'


def _confusion_row(row: Confusion, others: bool, unit: str) -> str:
    bad = row.truth.value == "BAD"
    cells = [
        _cell("wrong" if bad else "right", row.good, "escaped" if bad else "rightly passed"),
        _cell("right" if bad else "wrong", row.bad, "found" if bad else "false alarms"),
    ]
    if others:
        cells += [_cell("neither", row.unknown, "in no rate"), _cell("neither", row.never_judged, "in no rate")]
    return f"<tr><th>{row.total} {unit}s {row.truth.value} in truth</th>{''.join(cells)}</tr>"


def _cell(tint: str, count: int, word: str) -> str:
    tint = tint if count else "neither"
    return f'<td class="{tint}">{count}<small>{word}</small></td>'


def _charts(e: Evaluation) -> Iterable[str]:
    if not e.calls.scored:
        return
    score, truth = e.calls.score, e.calls.truth
    now = e.operating.threshold if e.operating else None
    legend = '<span class="key good"></span>GOOD <span class="key bad"></span>BAD in truth'
    yield '<h2>Curves</h2><p class="soft">The orange point or line is the threshold in force.</p><div class="grid2">'
    for title, note, chart in (
        (
            "Precision and recall",
            "Dashed: everything called BAD.",
            precision_recall_chart(precision_recall(score, truth), float(truth.mean()), now),
        ),
        ("ROC", "Dashed: chance.", roc_chart(roc(score, truth), now)),
        (
            "Reliability",
            "On the dashed line a score of 0.9 means that 90 % are BAD.",
            reliability_chart(reliability(score, truth)),
        ),
        (
            "Scores",
            f"{legend}. Both axes are bent so that the few between can be seen.",
            histogram_chart(histogram(score, truth), now),
        ),
    ):
        yield f'<div class="card"><h3>{title}</h3><p class="soft small">{note}</p>{chart}</div>'
    yield "</div>"


def _gallery(e: Evaluation, gallery: Gallery) -> Iterable[str]:
    marks = "Left as it was judged; right with the true defect outlined in green and what the segmenter marks in red."
    missed, alarms = "BAD in truth, judged GOOD, the surest first. ", "GOOD in truth, judged BAD, the surest first. "
    if not e.calls.scored:
        missed = "BAD in truth, judged GOOD; their scores are not kept, so one of each part or group comes first. "
    for title, note, cards, count in (
        ("Escapes", missed, gallery.escapes, gallery.escapes_in_all),
        ("False alarms", alarms, gallery.false_alarms, gallery.false_alarms_in_all),
    ):
        yield f"<h2>{title}: {count}</h2>"
        if not cards:
            yield f'<p class="soft">None among these {e.unit}s.</p>'
            continue
        shown = f"The first {len(cards)} of {count}. " if len(cards) < count else ""
        yield f'<p class="soft">{note}{shown}{marks if e.unit == "picture" else ""}</p>'
        yield f'<div class="gallery">{"".join(_card(card) for card in cards)}</div>'


def _card(card: Mistake) -> str:
    outcome = card.outcome
    images = "".join(f'<img alt="" src="{uri}">' for uri in card.pictures)
    score = "score not kept" if outcome.score is None or math.isnan(outcome.score) else f"score {outcome.score:.4f}"
    about = ", ".join(word for word in (outcome.kind, "" if outcome.group == outcome.name else outcome.group) if word)
    return (
        f'<figure><div class="pair">{images or "<span>no picture is kept</span>"}</div><figcaption><b>{score}</b><br>'
        f'{escape(outcome.name)}<br><span class="soft">{escape(about)}</span></figcaption></figure>'
    )
