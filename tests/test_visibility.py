"""What the rule calls BAD is still there in the picture that is judged: neither noise nor compression hides it.

Measured as a matched filter does: the change that was drawn, looked for in the change that is left. Rose (J. Opt. Soc.
Am. 38, 1948, 196-208): from five times the noise on, an eye is sure.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from detector.verdict import State
from stream.sources.synthetic import sprites
from stream.sources.synthetic.belt import Belt
from stream.sources.synthetic.camera import Sensor, random_lens, through_lens, through_sensor
from stream.sources.synthetic.fields import Rng
from stream.sources.synthetic.fonts import shipped_fonts
from stream.sources.synthetic.parts import SCRATCH_KINDS, UNMET_KINDS, DrawnPart, draw_part, random_part, random_scratch
from stream.sources.synthetic.visibility import SEEN_GREY, change_between, state_of
from tools.films import decode, encode

SURE = 5.0
SIDE = 200
WORST = Sensor(noise_grey=9.0, jpeg_quality=40, grey=False)  # of camera.random_sensor
WORST_CRF = 32  # of line_crops


@dataclass(frozen=True)
class Left:
    """What is left of a drawn change."""

    share: float  # of its contrast; 1: all
    above_noise: float  # times the noise


def left(drawn: np.ndarray, final: np.ndarray, noise: np.ndarray) -> Left:
    """All (H, W, 3) float: the change as drawn, the change in the final pictures, and what else the way there added."""
    wanted = np.where(np.abs(drawn).max(axis=2) >= SEEN_GREY, drawn.mean(axis=2), 0.0)
    found, length = float((wanted * final.mean(axis=2)).sum()), float(np.linalg.norm(wanted))
    return Left(found / length**2, found / length / float(noise.mean(axis=2).std()))


def crop_pair(rng: Rng) -> tuple[np.ndarray, np.ndarray]:
    """(clean, scratched) through one lens."""
    look = random_part(rng, shipped_fonts(), (110.0, 200.0))
    scratch = random_scratch(rng, SCRATCH_KINDS + UNMET_KINDS)
    drawn = draw_part(rng, look, scratch, SIDE, SIDE, (SIDE / 2, SIDE / 2))
    lens = random_lens(rng, SIDE)
    return through_lens(drawn.clean, lens), through_lens(drawn.scratched, lens)


def test_noise_and_jpeg_hide_no_scratch_that_is_bad() -> None:
    seen = 0
    for seed in range(60):
        clean, scratched = crop_pair(np.random.default_rng(seed))
        if state_of(change_between(clean, scratched)) is not State.BAD:
            continue
        one, other = (through_sensor(np.random.default_rng(9), p, WORST).astype(float) for p in (clean, scratched))
        found = left(scratched - clean, other - one, one - clean)
        assert found.above_noise > SURE and found.share > 0.5, (seed, found)
        seen += 1
    assert seen > 20


def films(belt: Belt, frames: int) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """(the frames as drawn, the same after H.264), each (H, W, 3) float."""
    drawn, film = [belt.frame(seq) for seq in range(frames)], io.BytesIO()
    encode(iter(drawn), film, fps=belt.fps, crf=WORST_CRF)
    film.seek(0)
    return [one.astype(float) for one in drawn], [one.astype(float) for one in decode(film)]


def test_h264_hides_no_scratch_that_is_bad(monkeypatch: pytest.MonkeyPatch) -> None:
    def clean_part(*given: Any, **named: Any) -> DrawnPart:
        drawn = draw_part(*given, **named)
        return replace(drawn, scratched=drawn.clean)

    frames = 60
    belts = [Belt(320, 320, 25.0, seed=3, scratched_share=1.0) for _ in range(2)]
    must = [seq for seq in range(frames) if state_of(belts[0].change(seq)) is State.BAD]
    drawn, filmed = films(belts[0], frames)
    monkeypatch.setattr(sprites, "draw_part", clean_part)
    monkeypatch.setattr(Belt, "_plain", lambda belt, sprite: True)
    clean_drawn, clean_filmed = films(belts[1], frames)
    assert len(must) > 5
    for seq in must:
        found = left(
            drawn[seq] - clean_drawn[seq], filmed[seq] - clean_filmed[seq], clean_filmed[seq] - clean_drawn[seq]
        )
        assert found.above_noise > SURE and found.share > 0.5, (seq, found)
