"""A camera's part of the report: its ledger, its sums, its parts, what people said of it. Pure."""

from __future__ import annotations

from detector.intervals import clopper_pearson
from stream.minutes import Minute
from stream.report_reading import CameraFacts
from stream.report_words import REVIEW_WORDS, compared, share, text, worded


def _rate(minute: Minute) -> float | None:
    judged = minute.good + minute.bad
    return minute.bad / judged if judged else None


def sums(camera: CameraFacts) -> str:
    """What came and what became of it, beside the same a week before."""
    now, before = camera.sum, camera.week_before
    rows = [
        ("Frames", f"{now.frames:,}", f"{before.frames:,}", compared(now.frames, before.frames)),
        ("GOOD", f"{now.good:,}", f"{before.good:,}", compared(now.good, before.good)),
        ("BAD", f"{now.bad:,}", f"{before.bad:,}", compared(now.bad, before.bad)),
        (
            "BAD rate",
            share(now.bad, now.good + now.bad),
            share(before.bad, before.good + before.bad),
            compared(_rate(now), _rate(before)),
        ),
        ("UNKNOWN", f"{now.unknown:,}", f"{before.unknown:,}", compared(now.unknown, before.unknown)),
        ("dropped", f"{now.dropped:,}", f"{before.dropped:,}", compared(now.dropped, before.dropped)),
        ("lost before capture", f"{now.lost:,}", f"{before.lost:,}", compared(now.lost, before.lost)),
        ("latency, mean", _ms(now.latency_ms_mean), _ms(before.latency_ms_mean), ""),
        ("latency, greatest", _ms(now.latency_ms_max or None), _ms(before.latency_ms_max or None), ""),
    ]
    lines = "".join(
        f'<tr><th scope="row">{word}</th>{"".join(f"<td>{cell}</td>" for cell in cells)}</tr>' for word, *cells in rows
    )
    reasons = sorted(now.reasons.items(), key=lambda pair: -pair[1])[:12]
    why = ", ".join(f"{worded(reason)} {n:,}" for reason, n in reasons)
    minutes = "minute" if camera.minutes == 1 else "minutes"
    heads = "".join(f'<th scope="col">{word}</th>' for word in ("", "now", "a week before", "change"))
    return (
        f'<table class="table sums"><thead><tr>{heads}</tr></thead><tbody>{lines}</tbody></table>'
        f'<p class="soft">Frames in {camera.minutes:,} {minutes}.{f" Of these {why}." if why else ""}</p>'
    )


def _ms(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f} ms"


def parts(camera: CameraFacts) -> str:
    """What became of the parts that it was told of."""
    counts = camera.found.parts
    if not counts:
        return ""
    said = ", ".join(f"{n:,} {text(state)}" for state, n in sorted(counts.items()))
    worst = ", ".join(f"{text(part.part)} ({text(part.state)})" for part in camera.found.parts_not_good)
    return f"<p><strong>Parts:</strong> {said}.{f' Not GOOD, newest first: {worst}.' if worst else ''}</p>"


def reviews(camera: CameraFacts) -> str:
    """What people said of its incidents, and the share of false alarms."""
    counts = camera.reviews
    real, false = counts.get("defect", 0), counts.get("false_alarm", 0)
    if not sum(n for review, n in counts.items() if review):
        return "<p><strong>Reviews:</strong> none yet.</p>" if counts else ""
    said = ", ".join(f"{counts[word]} {name}" for word, name in REVIEW_WORDS.items() if counts.get(word))
    if not real + false:
        return f"<p><strong>Reviews:</strong> {said}.</p>"
    interval = clopper_pearson(false, real + false)
    low, high = 100 * interval.low, 100 * interval.high
    rate = f"{share(false, real + false)} of those that were decided are false alarms (95 %: {low:.1f} to {high:.1f} %)"
    return f"<p><strong>Reviews:</strong> {said}; {rate}.</p>"


def ledger(camera: CameraFacts) -> str:
    """Whether each of its frames is accounted for."""
    open_runs = [run for run in camera.runs if not run.closed]
    if not open_runs:
        said = "closed: each frame of each run is accounted for"
        return f'<p class="ledger"><strong>Ledger</strong> {said}.</p>'
    going = [run for run in open_runs if not run.ended]
    short = [run for run in open_runs if run.ended]
    said = "; ".join(
        [f"run {run.run} goes on, {run.open_frames:,} frames are on their way" for run in going[:3]]
        + [f"run {run.run} has ended with {run.open_frames:,} frames open" for run in short[:3]]
    )
    return f'<p class="ledger"><strong class="mark">Ledger open</strong> {said}.</p>'
