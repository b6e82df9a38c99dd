"""Damage of any shape is drawn for training alone: it is seen, repeats, and changes nothing that a seed drew before."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from stream.sources.synthetic.fonts import shipped_fonts
from stream.sources.synthetic.looks import random_look, usual_look
from stream.sources.synthetic.parts import (
    BROAD_KINDS,
    SCRATCH_KINDS,
    UNMET_KINDS,
    ScratchLook,
    draw_part,
    random_part,
)
from stream.sources.synthetic.visibility import change_between, mask_of, visibility
from tools.synthesize import KINDS, run

FONTS = shipped_fonts()


@pytest.mark.parametrize("kind", BROAD_KINDS)
def test_broad_damage_is_seen_near_the_code_only(kind: str) -> None:
    for seed in range(4):
        rng = np.random.default_rng(seed)
        drawn = draw_part(
            rng, random_part(rng, FONTS, (150.0, 150.0)), ScratchLook(kind, 1.0, 0.6), 240, 300, (150.0, 120.0)
        )
        change = change_between(drawn.clean, drawn.scratched)
        assert visibility(change) > 0
        assert 0 < mask_of(change).mean() < 0.5


def test_no_kind_is_in_two_tables() -> None:
    tables = (SCRATCH_KINDS, BROAD_KINDS, UNMET_KINDS)
    assert sum(map(len, tables)) == len({kind for table in tables for kind in table}) == len(KINDS["all"])


def test_no_belt_is_damaged_so_unless_it_is_asked_for() -> None:
    """Else the recordings of a seed, and every figure taken of them, would be others from one version to the next."""
    assert not set(BROAD_KINDS) & {*usual_look(1).kinds, *random_look(np.random.default_rng(1), FONTS).kinds}


def test_a_folder_of_broad_damage_holds_no_other(tmp_path: Path) -> None:
    arguments = ["--good", "1", "--bad", "4", "--fonts", str(FONTS[0].parent), "--line-share", "0", "--jobs", "1"]
    run(["dataset", "--out", str(tmp_path), "--kinds", "broad", *arguments])
    with (tmp_path / "index.csv").open(newline="") as index:
        kinds = {row["kind"] for row in csv.DictReader(index) if row["state"] == "BAD"}
    assert kinds and kinds <= set(BROAD_KINDS)
