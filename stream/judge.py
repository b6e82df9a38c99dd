"""The detector that a line's settings ask for: the one way in which inspectors, `check` and promotion open it."""

from __future__ import annotations

import time

from detector.cascade import Cascade
from detector.opening import open_cascade
from stream.chosen import by_default
from stream.settings import InspectorSettings


def open_judge(wanted: InspectorSettings) -> Cascade:
    """Opens and verifies what judges, with the line's own thresholds; what is left open is as by default (chosen.py).

    Raises detector.errors.OpenError.
    """
    wanted = by_default(wanted)
    assert wanted.threads is not None
    return open_cascade(
        bundle=wanted.bundle,
        classifier=wanted.classifier,
        segmenter=wanted.segmenter,
        engine=wanted.engine,
        device=wanted.device,
        threads=wanted.threads,
        precision=wanted.precision,
        classifier_threshold=wanted.classifier_threshold,
        segmenter_threshold=wanted.segmenter_threshold,
        min_area_px=wanted.min_area_px,
        batch=wanted.batch,
        clock=time.perf_counter,
    )
