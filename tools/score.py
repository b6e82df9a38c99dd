"""Judges every frame of drawn recordings with a bundle, and scores the incidents against the truth beside them.

python -m tools.score recordings/demo.mp4 --bundle detector/bundles/edge
python -m tools.score --seeds 100 101 102 --seconds 24      (drawn and filmed now, nothing written)
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from detector.bundle import SHIPPED
from detector.cascade import Cascade
from detector.opening import open_cascade
from detector.verdict import State
from stream.sources.synthetic.truth import RecordingTruth, incidents_of, score_incidents

from .recordings import Recording, drawn, on_disk

INCIDENT_GAP_FRAMES = 10


@dataclass(frozen=True)
class Report:
    """One recording, judged frame by frame."""

    name: str
    frames: int
    scratched: int  # parts
    found: int
    false_alarms: int  # incidents without a scratched part
    stray_frames: int  # BAD frames in which no part of any scratch is inside the region
    must_frames: int  # frames that are BAD by the rule of visibility
    must_missed: int  # of them, judged GOOD
    missed_parts: tuple[str, ...]


def score_recording(cascade: Cascade, recording: Recording, *, show_progress: bool = True) -> Report:
    """The report on one recording, its region judged as the line judges it."""
    truth = recording.truth
    frames = tqdm(recording.pictures(), recording.name, truth.frames, unit="frame", disable=not show_progress)
    bad = {seq for seq, picture in enumerate(frames) if _is_bad(cascade, picture, truth, seq)}
    score = score_incidents(truth, incidents_of(bad, INCIDENT_GAP_FRAMES))
    must = recording.must_seqs
    scratched = [part for part in truth.parts if part.scratched]
    missed = [p for p in scratched if not bad & set(range(p.first_seq, p.last_seq + 1))]
    return Report(
        recording.name,
        truth.frames,
        score.scratched,
        score.found,
        score.false_alarms,
        len(bad - recording.scratch_seqs),
        len(must),
        len(must - bad),
        tuple(f"{part.part} {part.text} {part.kind}" for part in missed),
    )


def _is_bad(cascade: Cascade, picture: np.ndarray, truth: RecordingTruth, seq: int) -> bool:
    verdict = cascade.judge(picture, truth.region)
    if verdict.state is State.UNKNOWN:
        raise SystemExit(f"frame {seq}: UNKNOWN: {verdict.reason}")
    return verdict.state is State.BAD


def run(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tools.score", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("recordings", nargs="*", type=Path, help="films with NAME.truth.json beside them")
    parser.add_argument("--bundle", type=Path, default=SHIPPED)
    parser.add_argument("--seeds", type=int, nargs="*", default=[], help="draw these recordings too")
    parser.add_argument("--seconds", type=float, default=24.0, help="of each drawn recording")
    parser.add_argument("--json", action="store_true", help="one JSON object a recording")
    args = parser.parse_args(argv)
    cascade = open_cascade(clock=time.monotonic, bundle=args.bundle)
    recordings = itertools.chain(map(on_disk, args.recordings), (drawn(seed, args.seconds) for seed in args.seeds))
    reports = [score_recording(cascade, recording, show_progress=not args.json) for recording in recordings]
    for report in reports:
        print(json.dumps(vars(report)) if args.json else _line(report))
    perfect = all(report.found == report.scratched and report.false_alarms == 0 for report in reports)
    return 0 if perfect else 1


def _line(report: Report) -> str:
    missed = f"; missed: {', '.join(report.missed_parts)}" if report.missed_parts else ""
    return (
        f"{report.name}: {report.found} of {report.scratched} scratched parts found, "
        f"{report.false_alarms} false alarms; {report.stray_frames} of {report.frames} frames BAD without a scratch, "
        f"{report.must_missed} of {report.must_frames} plainly scratched frames GOOD{missed}"
    )


if __name__ == "__main__":
    raise SystemExit(run(sys.argv[1:]))
