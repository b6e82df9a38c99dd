"""One judged picture as a line of text, a row of CSV and an object of JSON. Pure."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

from detector.verdict import State, Verdict

CSV_COLUMNS = (
    "picture", "state", "score", "reason", "defects", "area_px", "longest_px", "mask", "overlay", "panel"
)  # fmt: skip


@dataclass(frozen=True)
class Files:
    """Where the pictures of one verdict were written; None: not written."""

    mask: Path | None = None
    overlay: Path | None = None
    panel: Path | None = None

    def written(self) -> tuple[Path, ...]:
        """Those that were written."""
        return tuple(path for path in (self.mask, self.overlay, self.panel) if path is not None)


@dataclass(frozen=True)
class Judged:
    """One picture, what was judged of it and what was written about it."""

    picture: Path
    verdict: Verdict  # without its mask, so that a folder of thousands fits in memory
    mask_px: int = 0  # marked pixels
    files: Files = Files()
    readable: bool = True  # False: no picture came out of the file


def line(judged: Judged) -> str:
    """`bad_1.png: BAD, score 0.9871, 2 defects -> out/bad_1_mask.png, out/bad_1_overlay.png`."""
    verdict = judged.verdict
    if verdict.state is State.UNKNOWN:
        return f"{judged.picture}: UNKNOWN: {verdict.reason}"
    text = f"{judged.picture}: {verdict.state.value}, score {verdict.score:.4f}"
    if verdict.state is State.BAD:
        count = len(verdict.defects)
        text += f", {count} defect{'' if count == 1 else 's'}"
    written = ", ".join(str(path) for path in judged.files.written())
    return f"{text} -> {written}" if written else text


def csv_row(judged: Judged) -> tuple[str, ...]:
    """The values of CSV_COLUMNS; empty where there is none."""
    verdict, files = judged.verdict, judged.files
    bad = verdict.state is State.BAD
    return (
        str(judged.picture),
        verdict.state.value,
        "" if verdict.score is None else f"{verdict.score:.6f}",
        verdict.reason or "",
        str(len(verdict.defects)) if bad else "",
        str(judged.mask_px) if bad else "",
        f"{max((defect.length_px for defect in verdict.defects), default=0.0):g}" if bad else "",
        *("" if path is None else str(path) for path in (files.mask, files.overlay, files.panel)),
    )


def json_object(judged: Judged) -> dict[str, object]:
    """Everything but the pixels, ready for json.dumps."""
    verdict, files = judged.verdict, judged.files
    return {
        "picture": str(judged.picture),
        "state": verdict.state.value,
        "score": verdict.score,
        "reason": verdict.reason,
        "defects": [asdict(defect) for defect in verdict.defects],
        "mask_px": judged.mask_px,
        "mask_sha256": verdict.mask_sha256,
        "mask": files.mask and str(files.mask),
        "overlay": files.overlay and str(files.overlay),
        "panel": files.panel and str(files.panel),
        "times_ms": asdict(verdict.times),
    }


def summary(every: list[Judged]) -> str:
    """`12 pictures: 9 GOOD, 2 BAD, 1 UNKNOWN`."""
    counts = ", ".join(f"{sum(one.verdict.state is state for one in every)} {state.value}" for state in State)
    return f"{len(every)} picture{'' if len(every) == 1 else 's'}: {counts}"


def whole(every: list[Judged], bundle_id: str, engine_name: str) -> dict[str, object]:
    """What --json prints, ready for json.dumps."""
    return {"bundle": bundle_id, "engine": engine_name, "pictures": [json_object(one) for one in every]}
