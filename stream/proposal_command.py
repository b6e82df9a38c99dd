"""`python -m stream proposal`: a threshold from reviews, for people and for programs."""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from stream.configuration import read_line
from stream.log_error import LOG_ERRORS
from stream.log_frames import nanoseconds, utc
from stream.log_reading import reading
from stream.log_view import moment
from stream.proposal import WANTED_PER_1000, Candidate
from stream.proposal_log import CameraProposal, cameras_of, proposal_of
from stream.proposal_shares import Estimate

EXAMPLE = """examples:
  python -m stream proposal configs/line.yaml
  python -m stream proposal configs/line.yaml --camera belt --since 30d --escapes 0.5

Nothing is changed: set inspector.classifier_threshold, or that of a recipe, to what you choose.

exit code: 0 shown, 1 no threshold can be proposed for some camera, 2 no such file, camera or log"""
SHOWN_MOST = 9  # thresholds for people, beside the one in force and the one proposed
SMALLEST = 0.001  # of a figure that is written out


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = "Proposes a threshold from what people said of incidents and of samples of GOOD."
    parser.epilog = EXAMPLE
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("file", type=Path, metavar="FILE.yaml", help="the line whose reviews they are")
    parser.add_argument(
        "--set", dest="overrides", action="append", default=[], metavar="SETTING=VALUE", help="as the line was started"
    )
    parser.add_argument("--camera", help="this one only")
    parser.add_argument("--since", type=moment, help="2026-11-22, 2026-11-22T14:05, or 30m, 8h, 7d ago (UTC)")
    parser.add_argument(
        "--escapes",
        type=_rate,
        default=WANTED_PER_1000,
        metavar="PER_1000",
        help=f"frames with a defect that may be let through, of 1,000 frames; default: {WANTED_PER_1000:g}",
    )
    parser.add_argument("--json", action="store_true", help="for programs")


def run(arguments: argparse.Namespace) -> int:
    line = read_line(arguments.file, arguments.overrides)
    since_ns = nanoseconds(arguments.since)
    try:
        with reading(line.data_dir) as db:
            known = cameras_of(db)
            if arguments.camera and arguments.camera not in known:
                print(f"--camera: {arguments.camera} is not in the log; it has {', '.join(known)}", file=sys.stderr)
                return 2
            names = [arguments.camera] if arguments.camera else known
            found = [proposal_of(db, name, since_ns=since_ns, wanted_per_1000=arguments.escapes) for name in names]
    except LOG_ERRORS as error:
        print(error, file=sys.stderr)
        return 2
    if arguments.json:
        print(json.dumps([asdict(one) for one in found]))
    else:
        sys.stdout.writelines(f"{text}\n" for one in found for text in told(one))
    return 0 if all(one.proposal.proposed is not None for one in found) else 1


def told(found: CameraProposal) -> Iterator[str]:
    """For people."""
    proposal, counted = found.proposal, found.counted
    yield f"Camera {found.camera}, bundle {found.bundle or 'unknown'}, since {utc(found.since_utc_ns)}"
    yield f"  {counted.frames} frames, {counted.incidents} incidents in {counted.hours:.1f} h of running"
    yield f"  {proposal.incidents} incidents and {proposal.samples} samples of GOOD were reviewed"
    if proposal.candidates:
        yield f"  {'threshold':>11}  {'escapes of 1,000 frames':<28}{'false alarms of 1,000 frames':<30}a shift of 8 h"
    shown = _few(proposal.candidates, {proposal.in_force, proposal.proposed})
    for one in shown:
        marks = {proposal.in_force: " in force", proposal.proposed: " proposed"}
        mark = marks.get(one.threshold, "")
        escapes, alarms = _figure(one.escapes_a_shift.value), _figure(one.false_alarms_a_shift.value)
        rates = f"{_estimate(one.escapes):<28}{_estimate(one.false_alarms):<30}"
        yield f"  {one.threshold:>11.4f}  {rates}{escapes} escapes, {alarms} false alarms{mark}"
    if len(shown) < len(proposal.candidates):
        yield f"  {len(shown)} of {len(proposal.candidates)} thresholds; --json gives all"
    if proposal.proposed is not None:
        yield (
            f"  Proposed: {proposal.proposed:.4f}, the highest that lets at most {proposal.wanted_per_1000:g} of 1,000 "
            "frames with a defect through, at 95 %"
        )
    yield from (f"  Not known: {said}" for said in proposal.unknown)


def _estimate(one: Estimate) -> str:
    if one.high is None:
        return "not known"
    return f"{_figure(one.value)} ({_figure(one.low)} to {_figure(one.high)})"


def _few(candidates: Sequence[Candidate], always: set[float | None]) -> list[Candidate]:
    """As many as a person compares, evenly over all, with those that count."""
    step = max(1, math.ceil(len(candidates) / SHOWN_MOST))
    return [one for n, one in enumerate(candidates) if n % step == 0 or one.threshold in always]


def _figure(value: float | None) -> str:
    """Three digits, never an exponent."""
    if value is None:
        return "?"
    if 0 < value < SMALLEST:
        return f"<{SMALLEST:g}"
    if value < 100:
        return f"{value:.3g}"
    return f"{float(f'{value:.3g}'):,.0f}".replace(",", " ")


def _rate(text: str) -> float:
    """Frames of 1,000."""
    try:
        rate = float(text)
    except ValueError:
        rate = -1.0
    if not 0 < rate < 1000:
        raise argparse.ArgumentTypeError(f"got {text}; give a number above 0 and below 1000, e.g. 0.5")
    return rate
