"""The report of a day or a shift as HTML: one article, the same on the page, in a file and on paper. Pure.

Whatever comes from the log is text, and escaped. It needs no script; what it looks like stands in report.css.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, tzinfo
from html import escape

from stream.number_words import scored
from stream.report_camera import ledger, parts, reviews, sums
from stream.report_reading import ActSeen, CameraFacts, Facts, IncidentSeen
from stream.report_words import REVIEW_WORDS, change_of, duration, how_of, said_of, text

Picture = Callable[[str], "str | None"]  # the folder of evidence → an address of its thumbnail; None: it is gone


class ReportPage:
    """One report."""

    def __init__(self, facts: Facts, picture: Picture, made_ns: int, zone: tzinfo | None = None) -> None:
        """`zone` None: the computer's own."""
        self._facts = facts
        self._picture = picture
        self._made_ns = made_ns
        self._zone = zone

    def article(self) -> str:
        """All of it."""
        facts = self._facts
        parts = [
            self._head(),
            *(self._camera(camera) for camera in facts.cameras),
            "" if facts.cameras else '<p class="nothing">No frames in this time.</p>',
            *(_silent(name) for name in facts.silent),
            self._challenges(),
            self._events(),
            self._acts("Alarms that were acknowledged", "alarms", facts.acknowledged, "No alarm was acknowledged."),
            self._acts("Changes", "changes", facts.changes, "Nothing was changed."),
        ]
        return f'<article class="report" data-shift="{escape(facts.shift.name)}">{"".join(parts)}</article>'

    def _head(self) -> str:
        shift = self._facts.shift
        span = f"{self._time(shift.begin_ns)} to {self._time(shift.end_ns)}"
        over = "" if shift.end_ns <= self._made_ns else ' <strong class="mark">not over yet</strong>'
        made = f"made {self._time(self._made_ns)}"
        return (
            f"<header><h1>{text(self._facts.line) or 'Line'}: {text(shift.name)}</h1>"
            f'<p class="soft">{span}{over}; {made}. Times are local.</p></header>'
        )

    # --- a camera ---

    def _camera(self, camera: CameraFacts) -> str:
        return (
            f'<section class="camera"><h2>Camera {text(camera.name)}</h2>{ledger(camera)}{sums(camera)}'
            f"{parts(camera)}{reviews(camera)}{self._incidents(camera)}</section>"
        )

    def _incidents(self, camera: CameraFacts) -> str:
        of = sum(camera.reviews.values())
        if not of:
            return '<p class="nothing">No incidents.</p>'
        shown = len(camera.incidents)
        which = f"the {shown} of {of} that nobody has reviewed, and the worst, first" if shown < of else f"all {of}"
        tiles = "".join(self._tile(one) for one in camera.incidents)
        return f'<h3>Incidents <span class="soft">{which}</span></h3><ul class="tiles">{tiles}</ul>'

    def _tile(self, one: IncidentSeen) -> str:
        source = self._picture(one.evidence) if one.evidence else None
        named = f"Incident of {self._time(one.utc_ns)}"
        image = f'<img src="{escape(source)}" alt="{escape(named)}">' if source else _no_picture()
        facts = [f"score {scored(one.worst_score)}", f"{one.frames} frame{'s' * (one.frames > 1)}"]
        facts += [f"{one.length_px:.0f} px long"] if one.length_px else []
        facts += [f"part {text(one.part)}"] if one.part else []
        review = REVIEW_WORDS.get(one.review, one.review) + (f", {one.reviewed_by}" if one.reviewed_by else "")
        comment = f'<span class="comment">{text(one.comment)}</span>' if one.comment else ""
        last = f" to {one.last_seq}" if one.last_seq > one.first_seq else ""
        frames = f"run {one.run}, frame {one.first_seq}{last}"
        return (
            f"<li>{image}<strong>{self._time(one.utc_ns)}</strong><span>{', '.join(facts)}</span>"
            f'<span class="review" data-review="{escape(one.review)}">{text(review)}</span>{comment}'
            f'<span class="soft">{frames}</span></li>'
        )

    # --- the line ---

    def _challenges(self) -> str:
        rows = [
            (self._time(c.utc_ns), c.camera, f"{c.what} {c.name}".strip(), c.result, how_of(c), c.who)
            for c in self._facts.challenges
        ]
        head = ("Time", "Camera", "What", "Result", "How", "By")
        return section("Challenges", "challenges", head, rows, "None. docs/challenge.md says how to begin one.")

    def _events(self) -> str:
        events = self._facts.events
        gone_s = sum(event.gap_s for event in events)
        gaps = sum(event.gap_s > 0 for event in events)
        said = (
            f"<p>No pictures for {duration(gone_s)} in {gaps} gap{'s' * (gaps != 1)} that ended.</p>" if events else ""
        )
        rows = [(self._time(e.utc_ns), e.camera or "the line", e.kind, said_of(e)) for e in events]
        none = "No gap, no restart, no fault of a camera."
        return section("Downtime and gaps", "gaps", ("Time", "Camera", "What", "How"), rows, none, said)

    def _acts(self, title: str, name: str, acts: Iterable[ActSeen], none: str) -> str:
        rows = [(self._time(a.utc_ns), f"{a.who} ({a.role})", a.kind, a.subject, change_of(a)) for a in acts]
        return section(title, name, ("Time", "Who", "What", "Of", "From, to"), rows, none)

    def _time(self, utc_ns: int) -> str:
        return datetime.fromtimestamp(utc_ns // 1_000_000_000, self._zone).strftime("%Y-%m-%d %H:%M:%S")


def _silent(name: str) -> str:
    said = '<strong class="mark">Not inspected</strong> it gave no frame in this time.'
    return f'<section class="camera"><h2>Camera {text(name)}</h2><p>{said}</p></section>'


def section(
    title: str, name: str, head: Iterable[str], rows: Iterable[tuple[str, ...]], none: str, before: str = ""
) -> str:
    """A table under its title, or why there is none."""
    lines = "".join(f"<tr>{''.join(f'<td>{text(cell)}</td>' for cell in row)}</tr>" for row in rows)
    heads = "".join(f'<th scope="col">{text(word)}</th>' for word in head)
    table = f'<table class="table"><thead><tr>{heads}</tr></thead><tbody>{lines}</tbody></table>'
    body = table if lines else f'<p class="nothing">{text(none)}</p>'
    return f'<section class="{name}"><h2>{text(title)}</h2>{before}{body}</section>'


def _no_picture() -> str:
    return '<span class="no-picture">its pictures are no longer kept</span>'
