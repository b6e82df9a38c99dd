"""`python -m tests.time_rtsp_slow [SECONDS [WIDTHxHEIGHT [decoding]]]`: does anything grow behind who is slow? By hand.

A whole line on a camera with 25 pictures a second over RTSP (tests/rtsp_server.py), 1080p where nothing else is asked
for. Its inspector, or with `decoding` its capture, takes at least 120 ms for each (tests/sabotage.py): two pictures of
three must give way. Looked at are how old pictures are by the sender's own clock when captured and when judged (those
with a red square, one in 25, which are evidence), what waits, what the ring holds, what is dropped, and the memory of
each role. Exit code: 0 where nothing grew, 1 where something did, 2 where it cannot be told. What is allowed to each
stands in ALLOWED. On a computer that others use an inspector is slower at times, and all that waits for it older: so
the age of what is judged is also told in verdicts of that time, which only a longer queue makes more.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from stream.asking import ask
from stream.messages import CameraStatus
from stream.places import places_for
from tests.growing import BLOCKS, GROWTH, NO_GROWTH, UNCLEAR, Rise, rise
from tests.line import RunningLine, rows, running, wait_for, write_line
from tests.recordings import numbered_frames, write_recording
from tests.rtsp import RtspServer
from tests.sabotage import spoilt_python
from tests.test_rtsp_line import PATIENT, stop
from tests.time_rtsp import FPS, LENGTH, SIZE, ages_ms, number_in
from tools.bench_watch import Use, uses_of

WARM_S = 30.0  # all roles have loaded what they will, and the spare with them
READINGS = 12  # in each block of the time
KEPT = (
    "SELECT evidence, captured_mono_ns, judged_mono_ns FROM verdicts"
    " WHERE evidence IS NOT NULL AND captured_mono_ns > {} ORDER BY captured_mono_ns"
)
EXIT = {GROWTH: 1, UNCLEAR: 2, NO_GROWTH: 0}  # the first that any of them has


@dataclass(frozen=True)
class Allowed:
    """How much more there may be at the end: an amount, or a share of what there was first, whichever is more."""

    amount: float
    share: float = 0.0

    def of(self, first: float) -> float:
        return max(self.amount, self.share * first)


ALLOWED = {
    "captured, ms after it was due": Allowed(1000 / FPS),  # one more picture on its way
    "judged, verdicts later than captured": Allowed(0.5),
    "waiting, pictures": Allowed(0.5),
    "ring, slots taken": Allowed(2.0),  # of 16: pictures whose verdict is on its way to the disk
    "judged, ms after it was due": None,  # as fast as the inspector happens to be
    "oldest waiting, ms": None,
    "dropped a second": None,
    "judged a second": None,
}
MEMORY = Allowed(4.0, 0.05)  # MB of a role's own


@dataclass(frozen=True)
class Seen:
    """The line at one moment."""

    at_s: float
    camera: CameraStatus
    uses: dict[str, Use]


@dataclass(frozen=True)
class Series:
    """One quantity over the time."""

    name: str
    times_s: Sequence[float]
    values: Sequence[float]
    allowed: Allowed | None  # None: shown alone


def watched(line: RunningLine, seconds: float) -> Iterator[Seen]:
    """Readings at an even pace; a status that does not come in time is one reading less."""
    places, began_s, every_s = places_for(line.data_dir), time.monotonic(), seconds / BLOCKS / READINGS
    while (at_s := time.monotonic() - began_s) < seconds:
        answer = ask(places, "status", 10.0)
        if answer is not None and answer.cameras:
            yield Seen(at_s, answer.cameras[0], uses_of(line.process.pid))
        time.sleep(max(0.0, began_s + at_s + every_s - time.monotonic()))


def of_readings(seen: Sequence[Seen]) -> Iterator[Series]:
    times_s = [one.at_s for one in seen]
    yield _series("waiting, pictures", times_s, [one.camera.waiting for one in seen])
    yield _series("ring, slots taken", times_s, [one.camera.held for one in seen])
    yield _series("oldest waiting, ms", times_s, [one.camera.oldest_age_ms for one in seen])
    dropped = [sum(one.camera.dropped.values()) for one in seen]
    gone = [one.camera.captured - lost for one, lost in zip(seen, dropped, strict=True)]
    for name, counted in (("dropped a second", dropped), ("judged a second", gone)):
        rates = [(b - a) / (t - s) for (s, t), (a, b) in zip(pairwise(times_s), pairwise(counted), strict=True)]
        yield _series(name, times_s[1:], rates)
    for role in sorted(set.intersection(*(set(one.uses) for one in seen))):
        yield Series(f"{role}, MB of its own", times_s, [one.uses[role].own_mb for one in seen], MEMORY)


def of_pictures(data_dir: Path, due_ns: int, from_ns: int, pace: Series) -> Iterator[Series]:
    """`pace`: verdicts a second, by the time since `from_ns`."""
    kept = rows(data_dir, KEPT.format(from_ns))
    numbers = [number_in(data_dir / evidence / "frame.png") for evidence, _, _ in kept]
    times_s = [(captured_ns - from_ns) / 1e9 for _, captured_ns, _ in kept]
    rates = np.interp(times_s, pace.times_s, pace.values)
    behind = [(judged_ns - captured_ns) / 1e9 for _, captured_ns, judged_ns in kept] * rates
    yield _series("judged, verdicts later than captured", times_s, behind.tolist())
    for name, place in (("captured", 1), ("judged", 2)):
        yield _series(f"{name}, ms after it was due", times_s, ages_ms(due_ns, numbers, [row[place] for row in kept]))


def told(series: Series) -> str:
    """A row of the table, printed, with the median of each block where it is not at rest; its verdict."""
    found: Rise = rise(series.times_s, series.values)
    verdict = "" if series.allowed is None else found.verdict(series.allowed.of(found.first))
    rose = f"{found.by:+.2f} ({found.low:+.2f} to {found.high:+.2f})"
    shape = f"{verdict}: {' '.join(f'{one:.4g}' for one in found.blocks)}" if verdict in (GROWTH, UNCLEAR) else verdict
    print(f"| {series.name} | {found.first:.1f} | {found.last:.1f} | {rose} | {shape} |", flush=True)
    return verdict


def main(words: Sequence[str]) -> int:
    seconds = float(words[0]) if words else 600.0
    size = SIZE if len(words) < 2 else (int(words[1].split("x")[0]), int(words[1].split("x")[1]))
    spoil = "slow_decoding" if words[2:] == ["decoding"] else "slow_judging"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        frames = numbered_frames(LENGTH, size, range(0, LENGTH, FPS))  # those are key pictures: none is left out
        belt = write_recording(folder / "belt.mp4", frames, FPS, gop=FPS)
        clock, python = folder / "clock", spoilt_python(folder, spoil)
        file = write_line(folder, "", more="recorder:\n  incident_gap_frames: 1\n", camera=PATIENT)
        with (
            RtspServer(belt, fps=FPS, clock=clock) as camera,
            running(file, "--source", camera.address, python=python) as line,
        ):
            wait_for(lambda: line.judged() > WARM_S * FPS, "the pictures", WARM_S * 10)
            from_ns = time.monotonic_ns()
            seen = list(watched(line, seconds))
            summary = stop(line)
            due_ns = int(clock.read_text())
        print(summary)
        if len(rows(line.data_dir, "SELECT run FROM runs")) > 1 or not summary["ledger_closed"]:
            print("the camera was lost meanwhile, or the ledger is open: this tells nothing; run it again")
            return EXIT[UNCLEAR]
        print(f"\n| in {seconds:g} s | first | last | rose by (95 %) | |\n|---|---|---|---|---|")
        lines = {one.name: one for one in of_readings(seen)}
        kept = of_pictures(line.data_dir, due_ns, from_ns, lines["judged a second"])
        verdicts = [told(one) for one in (*kept, *lines.values())]
    return next(code for verdict, code in EXIT.items() if verdict in verdicts)


def _series(name: str, times_s: Sequence[float], values: Sequence[float]) -> Series:
    return Series(name, times_s, values, ALLOWED[name])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
