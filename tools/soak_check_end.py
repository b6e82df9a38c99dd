"""Invariants of what lasts: runs are closed with a reason, films are whole, ages bounded, nothing is left. Pure."""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Iterator

from tools.soak_check_facts import DROPPED, Finding, Soak
from tools.soak_check_log import Run

MODULUS = 1 << 256
FIRST_MS, GROWTH = 0.1, 1.05  # `latencies` of a run: bucket n holds ages up to FIRST_MS * GROWTH**n
STAMP_SLACK_MS = 250.0  # between the last look at a frame's age and the stamp of its verdict, on a busy machine


def runs_closed(soak: Soak) -> Finding:
    """Each run, and with it its incidents, is over, says why, and belongs to a start of the line that is on record."""
    breaks = []
    for run in soak.log.runs:
        name = f"{run.camera} run {run.run}"
        if not run.ended:
            breaks.append(f"{name}: is still open")
        elif not run.note:
            breaks.append(f"{name}: ended without a reason")
        if run.session not in soak.log.sessions:
            breaks.append(f"{name}: is of the session {run.session!r}, which is not on record")
    return Finding(len(soak.log.runs), tuple(breaks))


def recordings_whole(soak: Soak) -> Finding:
    """A recording that came to its end was captured to the last picture, whoever was killed on the way."""
    runs = [(run, c) for run in soak.log.runs if (c := soak.cameras.get(run.camera)) and c.recording]
    runs = [(run, camera) for run, camera in runs if not soak.is_challenge(run.camera, run.run)]
    breaks = []
    for run, camera in runs:
        name = f"{run.camera} run {run.run}"
        pictures = camera.pictures or 0
        if run.captured > pictures:
            breaks.append(f"{name}: {run.captured} frames of a recording with {pictures} pictures")
        if run.captured < pictures and not _cut_short(soak, run):
            breaks.append(f"{name}: {run.captured} of {pictures} pictures, and nothing says why: {run.note!r}")
    return Finding(len(runs), tuple(breaks))


def ages_bounded(soak: Soak) -> Finding:
    """No BAD or GOOD is older than its camera's deadline allows: BAD by its row, GOOD by the latencies of the run."""
    breaks, checked, most_ms = list(_late_good(soak)), 0, 0.0
    for row in soak.log.rows:
        camera = soak.cameras.get(row.camera)
        if row.state != "BAD" or camera is None or camera.deadline_ms is None:
            continue
        if row.judged_mono_ns is None or row.captured_mono_ns is None:
            breaks.append(f"{row.camera} run {row.run} frame {row.seq}: BAD without its times")
            continue
        checked += 1
        age_ms = (row.judged_mono_ns - row.captured_mono_ns) / 1e6
        most_ms = max(most_ms, age_ms)
        if not 0 <= age_ms <= camera.deadline_ms + STAMP_SLACK_MS:
            breaks.append(f"{row.camera} run {row.run} frame {row.seq}: BAD at an age of {age_ms:.0f} ms")
    checked += sum(sum(run.latencies.values()) for run in soak.log.runs if _limit_ms(soak, run.camera) < math.inf)
    return Finding(checked, tuple(breaks), f"the oldest BAD was {most_ms:.0f} ms old" if checked else "")


def digests_agree(soak: Soak) -> Finding:
    """A digest is the sum over its frames where all of them have rows; two whole runs of one recording agree."""
    breaks, checked = [], 0
    outcomes = {key: {span.outcome for span in spans} for key, spans in soak.spans_of.items()}
    for key, run in soak.runs.items():
        if "GOOD" not in outcomes[key] and not soak.is_challenge(*key):
            checked += 1
            if int(run.digest, 16) != _digest(soak, run):
                breaks.append(f"{run.camera} run {run.run}: its digest is not the sum over its rows")
    for camera in soak.cameras.values():
        judged = [
            run
            for run in soak.log.runs
            if run.camera == camera.name and camera.recording and run.captured == camera.pictures
            if outcomes[run.camera, run.run] <= {"GOOD", "BAD"} and len(soak.bundles) == 1
        ]
        checked += len(judged)
        if len({run.digest for run in judged}) > 1:
            breaks.append(f"{camera.name}: {len(judged)} whole runs of its recording have different digests")
    return Finding(checked, tuple(breaks))


def nothing_left(soak: Soak) -> Finding:
    """No process, socket or ring outlives the line, and it ended as it was asked to."""
    left = soak.leaks
    breaks = [f"process {said}" for said in left.processes]
    breaks += [f"socket {path}" for path in left.sockets]
    breaks += [f"ring {path}" for path in left.segments]
    if left.exit_code is None:
        breaks.append("the line did not end when it was asked to, and had to be killed")
    elif left.exit_code != 0:
        breaks.append(f"the line ended with exit code {left.exit_code}")
    return Finding(4, tuple(breaks))


def _late_good(soak: Soak) -> Iterator[str]:
    """A GOOD frame has no row: of the frames that its run counts as too late, those are GOOD that no row names."""
    named: Counter[tuple[str, int]] = Counter()
    for row in soak.log.rows:
        if row.judged_mono_ns is not None and row.captured_mono_ns is not None:
            age_ms = (row.judged_mono_ns - row.captured_mono_ns) / 1e6
            named[row.camera, row.run] += age_ms > _limit_ms(soak, row.camera)
    for run in soak.log.runs:
        limit_ms = _limit_ms(soak, run.camera)
        late = sum(n for bucket, n in run.latencies.items() if FIRST_MS * GROWTH ** (bucket - 1) > limit_ms)
        if late > named[run.camera, run.run]:
            breaks = late - named[run.camera, run.run]
            yield f"{run.camera} run {run.run}: {breaks} GOOD frames are older than {limit_ms:.0f} ms"


def _limit_ms(soak: Soak, camera: str) -> float:
    """How old a verdict may be at most; endless where frames have no deadline."""
    known = soak.cameras.get(camera)
    return math.inf if known is None or known.deadline_ms is None else known.deadline_ms + STAMP_SLACK_MS


def _cut_short(soak: Soak, run: Run) -> bool:
    """Whether a run may have ended before its recording: the line was stopped, or died and began anew."""
    when = soak.when(run.camera, run.run, run.captured)
    return run.note == "stopped" or (
        soak.journal.hit(f"capture {run.camera}", when) and run.note != "end of the recording"
    )


def _digest(soak: Soak, run: Run) -> int:
    """SHA-256 over seq, state, score in 10⁻⁴ and mask of each judged frame, as numbers, summed modulo 2²⁵⁶."""
    total = 0
    rows = {row.seq: row for row in soak.log.rows if (row.camera, row.run) == (run.camera, run.run)}
    for span in soak.spans_of[run.camera, run.run]:
        if span.outcome.startswith(DROPPED):
            continue
        for seq in range(span.start, span.stop):
            row = rows.get(seq)
            told = row is not None and span.outcome == "BAD" and row.score is not None
            verdict = f"{round((row.score or 0.0) * 10_000)}|{row.mask_sha256}" if row and told else ""
            term = hashlib.sha256(f"{seq}|{span.outcome}|{verdict}".encode()).digest()
            total += int.from_bytes(term, "big")
    return total % MODULUS
