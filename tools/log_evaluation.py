"""From judged frames of a line's log to an evaluation, also by parts where the truth knows of parts. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from detector.intervals import share
from detector.verdict import State
from stream.run_book import RunBook
from stream.sources.synthetic.truth import RecordingTruth, score_incidents

from .defect_recall import Row, by_kind
from .evaluation import Evaluation, Fact, FigureTable, RecallTable, cautions, confusion
from .figures import calls, verdict_figures
from .outcomes import Outcome
from .thresholds import operating, propose

WITHOUT_SCORES = (
    "The log keeps no score of frames judged GOOD and no mask: average precision, AUROC, calibration, pixels and "
    "thresholds under the one in force are not told here. --data tells them, of labelled pictures."
)
SLACK_FRAMES = 3  # as the line's own summary: an incident may begin so much before a scratch is wholly inside


def evaluate_frames(
    facts: Sequence[Fact],
    outcomes: Sequence[Outcome],
    wanted_recall: float,
    threshold: float | None,
    parts: Sequence[RecallTable] = (),
) -> Evaluation:
    """The evaluation of frames of a log. threshold: the gate's, as it was in force; None: it is not known."""
    c = calls(outcomes)
    both = 0 < c.truth.sum() < len(c.truth)
    # a GOOD frame's score is only known to be under the threshold
    score = np.where(np.isnan(c.score), -1.0, c.score)
    proposal = propose(score, c.truth, c.groups, wanted_recall) if both else None
    notes = [WITHOUT_SCORES, *cautions(outcomes, "frame")]
    if both and proposal is None:
        notes.append(f"A recall of {wanted_recall:g} is not reached, and a lower threshold cannot be tried on a log.")
    return Evaluation(
        title="Frames of a line's log",
        unit="frame",
        facts=tuple(facts),
        notes=tuple(notes),
        confusion=confusion(outcomes),
        tables=(FigureTable("verdicts", "Verdicts, frame by frame", "", verdict_figures(c)),),
        operating=operating(score, c.truth, c.groups, threshold) if both and threshold is not None else None,
        proposals=() if proposal is None else (proposal,),
        defects=tuple(table for table in (*parts, _frames_by_kind(outcomes)) if table.rows),
        calls=c,
    )


def _frames_by_kind(outcomes: Sequence[Outcome]) -> RecallTable:
    bad = [outcome for outcome in outcomes if outcome.truth is State.BAD and outcome.judged]
    rows = by_kind([o.kind for o in bad], [o.state is State.BAD for o in bad], [o.group for o in bad])
    return RecallTable("frames_by_kind", "BAD frames found, by kind", "", rows)


def parts_found(truth: RecordingTruth, book: RunBook) -> RecallTable:
    """The scratched parts of a recording that some incident of its run covers; each part is its own group."""
    scratched = [part for part in truth.parts if part.scratched and part.first_seq < book.captured]
    incidents = [(one.first_seq, one.last_seq) for one in book.incidents.incidents]
    spans = [(part.first_seq - SLACK_FRAMES, part.last_seq + SLACK_FRAMES) for part in scratched]
    found = [any(first <= stop and start <= last for first, last in incidents) for start, stop in spans]
    groups = [f"{part.part}" for part in scratched]
    rows = (
        Row("all", share(np.array(found, bool), groups)),
        *by_kind([part.kind or "" for part in scratched], found, groups),
    )
    stray = score_incidents(truth, incidents, SLACK_FRAMES).false_alarms
    note = (
        f"A part is found when an incident (BAD frames close to each other) shares a frame with it. {len(incidents)} "
        f"incidents, {stray} of them without a scratched part."
    )
    return RecallTable("parts", "Scratched parts found", note, rows)
