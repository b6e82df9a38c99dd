"""`python -m tests.time_rtsp [SECONDS]`: how old an RTSP camera's picture is when captured, and when judged. By hand.

A whole line on a 1080p camera with 25 pictures a second (tests/rtsp_server.py): each was due at a known monotonic time,
by the sender's own clock, and carries its number. Looked at are the BAD ones, one in ten, whose picture is evidence.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import cv2

from tests.line import rows, running, wait_for, write_line
from tests.recordings import numbered_frames, read_number, write_recording
from tests.rtsp import RtspServer
from tests.test_rtsp_line import stop

FPS, LENGTH, SIZE = 25, 250, (1920, 1080)
KEPT = "SELECT evidence, captured_mono_ns, judged_mono_ns FROM verdicts WHERE evidence IS NOT NULL ORDER BY seq"


def ages_ms(due_ns: int, numbers: Sequence[int], moments_ns: Sequence[int]) -> list[float]:
    """How long after its time each was there; the recording begins again and again, each time later by its length."""
    found = []
    for number, at_ns in zip(numbers, moments_ns, strict=True):
        since_s = (at_ns - due_ns) / 1e9 - number / FPS
        found.append(since_s % (LENGTH / FPS) * 1000)
    return found


def number_in(file: Path) -> int:
    """The number that the camera drew into the picture."""
    picture = cv2.imread(str(file))
    assert picture is not None, file
    return read_number(picture)


def main(words: Sequence[str]) -> None:
    seconds = int(words[0]) if words else 60
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bad = range(0, LENGTH, 10)
        belt = write_recording(folder / "belt.mp4", numbered_frames(LENGTH, SIZE, bad), FPS)
        clock = folder / "clock"
        file = write_line(folder, "", more="recorder:\n  incident_gap_frames: 1\n")
        with RtspServer(belt, fps=FPS, clock=clock) as camera, running(file, "--source", camera.address) as line:
            wait_for(lambda: line.judged() > seconds * FPS, "the pictures", seconds * 4 + 60)
            stop(line)
            due_ns = int(clock.read_text())
        kept = rows(line.data_dir, KEPT)[5:]
        numbers = [number_in(line.data_dir / evidence / "frame.png") for evidence, _, _ in kept]
        for what, place in (("captured", 1), ("judged", 2)):
            ages = ages_ms(due_ns, numbers, [row[place] for row in kept])
            high = statistics.quantiles(ages, n=100)
            print(f"{what}: p50 {high[49]:.1f} ms, p99 {high[98]:.1f} ms after it was due, of {len(ages)} pictures")


if __name__ == "__main__":
    main(sys.argv[1:])
