"""From judged pictures of a labelled folder to an evaluation. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from detector.intervals import SAMPLES
from detector.verdict import State

from .defect_recall import by_contrast, by_kind, by_size
from .evaluation import Evaluation, Fact, FigureTable, RecallTable, cautions, confusion
from .figures import calls, pixel_figures, score_figures, verdict_figures
from .outcomes import Outcome
from .thresholds import operating, propose

USUAL_RECALLS = (0.9, 0.95, 0.99)
AS_THE_LINE = (
    "Of all pictures. The gate decides first: nothing is marked in a picture that it lets pass, and what is marked in "
    "a false alarm counts against the precision."
)
ALONE = "Of BAD pictures only, asked also where the gate lets them pass; the reference pipeline counts so."
FOUND = (
    "A defect is a connected piece of the true mask. It is found when its picture is judged BAD and the judged mask "
    "touches it."
)
CONTRAST = "Mean grey of the piece against that of the ring around it, as a share of full range. "


def evaluate_pictures(
    facts: Sequence[Fact],
    outcomes: Sequence[Outcome],
    threshold: float,
    wanted_recall: float,
    samples: int = SAMPLES,
) -> Evaluation:
    """The evaluation of a labelled folder; at least one picture of each class must have been judged.

    threshold: the gate's, as it was in force. samples: draws of the bootstrap.
    """
    c = calls(outcomes)
    wanted = sorted({*USUAL_RECALLS, wanted_recall})
    proposals = (propose(c.score, c.truth, c.groups, recall) for recall in wanted)
    return Evaluation(
        title="Labelled pictures",
        unit="picture",
        facts=tuple(facts),
        notes=tuple(cautions(outcomes, "picture")),
        confusion=confusion(outcomes),
        tables=_figures(outcomes, samples),
        operating=operating(c.score, c.truth, c.groups, threshold),
        proposals=tuple(proposal for proposal in proposals if proposal is not None),
        defects=tuple(table for table in _defects(outcomes) if table.rows),
        calls=c,
    )


def _figures(outcomes: Sequence[Outcome], samples: int) -> tuple[FigureTable, ...]:
    c = calls(outcomes)
    bad = [outcome for outcome in outcomes if outcome.truth is State.BAD]
    return (
        FigureTable("verdicts", "Verdicts", "", verdict_figures(c) + score_figures(c, samples)),
        FigureTable(
            "pixels_as_the_line_runs_it",
            "Pixels, as the line runs it",
            AS_THE_LINE,
            pixel_figures(outcomes, lambda marks: marks.line, samples),
        ),
        FigureTable(
            "pixels_of_the_segmenter_alone",
            "Pixels, of the segmenter alone",
            ALONE,
            pixel_figures(bad, lambda marks: marks.alone, samples),
        ),
    )


def _defects(outcomes: Sequence[Outcome]) -> tuple[RecallTable, ...]:
    pieces = [piece for outcome in outcomes for piece in outcome.pieces]
    of_pieces = by_kind([p.kind for p in pieces], [p.found for p in pieces], [p.group for p in pieces])
    bad = [outcome for outcome in outcomes if outcome.truth is State.BAD and outcome.judged]
    of_pictures = by_kind([o.kind for o in bad], [o.state is State.BAD for o in bad], [o.group for o in bad])
    return (
        RecallTable("defects_by_size", "Defects found, by size", FOUND, by_size(pieces)),
        RecallTable("defects_by_contrast", "Defects found, by contrast", CONTRAST + FOUND, by_contrast(pieces)),
        RecallTable("defects_by_kind", "Defects found, by kind", FOUND, of_pieces),
        RecallTable("pictures_by_kind", "BAD pictures found, by kind", "", of_pictures),
    )
