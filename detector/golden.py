"""Judges a bundle's golden samples on the device that will judge, and refuses what comes out otherwise."""

from __future__ import annotations

from detector.bundle import Golden, Tolerance
from detector.cascade import Cascade
from detector.errors import GoldenError, PictureError
from detector.examiner import Examination
from detector.pictures import decode


def verify_golden(cascade: Cascade, golden: tuple[Golden, ...], tolerance: Tolerance) -> None:
    """Returns where every sample comes out as expected; the cascade has the bundle's own thresholds.

    Raises GoldenError, saying which sample, what was expected and what came out.
    """
    for sample in golden:
        expected = f"{sample.state.value}, score {sample.score:.4f}, mask area {sample.mask_area:.4f}"
        try:
            seen = cascade.examine(decode(sample.file.read()))
        except PictureError as error:
            raise GoldenError(f"{sample.file.path}: {expected} is expected; got UNKNOWN: {error}") from error
        if not _as_expected(seen, sample, tolerance):
            got = f"{seen.state.value}, score {seen.score:.4f}, mask area {seen.mask_area:.4f}"
            raise GoldenError(
                f"{sample.file.path}: {expected} is expected; got {got} (tolerance {tolerance.score:g}, "
                f"{tolerance.mask_area:g}). {cascade.engine_name} does not give what the bundle was released with: use "
                "another device or engine, or export the bundle anew with `python -m tools.export`"
            )


def _as_expected(seen: Examination, sample: Golden, tolerance: Tolerance) -> bool:
    return (
        seen.state is sample.state
        and abs(seen.score - sample.score) <= tolerance.score
        and abs(seen.mask_area - sample.mask_area) <= tolerance.mask_area
    )
