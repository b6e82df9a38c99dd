"""The recording that the suite `line` runs on: drawn pictures of a belt, one in ten scratched, as H.264."""

from __future__ import annotations

import time
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from tqdm import tqdm

from detector.cascade import Cascade
from detector.opening import open_cascade
from detector.verdict import Box, State
from stream.sources.synthetic.belt import Belt

FPS = 30
BAD_EVERY = 10
SEEDS = range(50)  # belts looked through for a scratched part that the bundle calls BAD


def draw(path: Path, width: int, height: int, frames: int) -> Box:
    """Writes the recording: nine pictures of a clean part, then one of a scratched part, and so on."""
    cascade = open_cascade(clock=time.perf_counter, engine="onnxruntime", device="cpu", threads=1)
    good, bad, region = _pictures(width, height, cascade)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=FPS, options={"preset": "veryfast", "crf": "20"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for index in tqdm(range(frames), desc="drawing", unit="frame", disable=None):
            picture = bad if index % BAD_EVERY == BAD_EVERY - 1 else np.roll(good, index % 3, axis=1)
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="bgr24")
            frame.pts, frame.time_base = index, Fraction(1, FPS)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return region


def _pictures(width: int, height: int, cascade: Cascade) -> tuple[np.ndarray, np.ndarray, Box]:
    """A picture that the shipped bundle calls GOOD, one that it calls BAD, of one belt, and the judged rectangle."""
    for seed in SEEDS:
        belt = Belt(width, height, float(FPS), seed, 0.5)
        found: dict[State, np.ndarray] = {}
        for part in belt.parts(0, 40 * FPS):
            middle = (part.first_seq + part.last_seq) // 2
            picture = belt.frame(middle)
            state = cascade.judge(picture, belt.region).state
            if (state is State.BAD) == part.scratched:
                found.setdefault(state, picture)
        if {State.GOOD, State.BAD} <= found.keys():
            return found[State.GOOD], found[State.BAD], belt.region
    raise SystemExit("no drawn belt has both a part judged GOOD and one judged BAD; is the shipped bundle whole?")
