"""Parts of any print and colour are drawn for training alone: seen, repeatable, and nothing that a seed drew before."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from detector.verdict import State
from stream.sources.synthetic.broad_parts import DIGITS, LETTERS, MARKS, SMALL, broad_code, broad_part, broad_text
from stream.sources.synthetic.codes import CodeLook, code_ink
from stream.sources.synthetic.crop import tight_crop
from stream.sources.synthetic.fonts import shipped_fonts
from stream.sources.synthetic.parts import PartLook, draw_part, random_part
from tools.line_crops import line_crops
from tools.synthesize import run

FONTS = shipped_fonts()
PLAIN = CodeLook("72R0", FONTS[0], 160.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.3)


def looks(count: int) -> list[PartLook]:
    return [broad_part(np.random.default_rng(seed), FONTS, (150.0, 150.0)) for seed in range(count)]


def test_every_way_to_print_comes_up() -> None:
    codes = [look.code for look in looks(300)]
    assert {code.frame for code in codes} == {"", "box", "under"}
    assert any(code.dots_high for code in codes) and any("\n" in code.text for code in codes)
    used = set("".join(code.text for code in codes))
    assert all(used & set(characters) for characters in (DIGITS, LETTERS, SMALL, MARKS))


def test_ink_and_ground_differ_whichever_is_brighter() -> None:
    found = looks(300)
    assert any(look.ink > look.ground for look in found) and any(look.ink < look.ground for look in found)
    assert all(abs(look.ink - look.ground) >= 45 for look in found)
    assert any(look.ground_tint != (1.0, 1.0, 1.0) for look in found)


def test_a_text_begins_with_a_capital_or_a_digit_and_is_at_most_twelve_long() -> None:
    texts = [broad_text(np.random.default_rng(seed)) for seed in range(200)]
    assert {len(text) for text in texts} == set(range(1, 13))
    assert all(text[0] in LETTERS + DIGITS for text in texts)


@pytest.mark.parametrize("change", [{"text": "7-2\nLOT R0"}, {"dots_high": 9}, {"frame": "box"}, {"frame": "under"}])
def test_each_way_is_print_of_its_own(change: dict[str, str | int]) -> None:
    rng = np.random.default_rng
    plain, other = (code_ink(rng(1), look, 140, 260, (130, 70)) for look in (PLAIN, replace(PLAIN, **change)))
    assert other.shape == plain.shape and other.max() > 0.5
    assert np.abs(plain - other).max() > 0.5


def test_dots_leave_ground_between_them() -> None:
    rng = np.random.default_rng
    plain, dotted = (code_ink(rng(1), replace(PLAIN, dots_high=dots), 140, 260, (130, 70)).sum() for dots in (0, 8))
    assert 0.3 * plain < dotted < 0.9 * plain


def test_a_tint_colours_the_ground_and_leaves_the_ink() -> None:
    look = replace(random_part(np.random.default_rng(3), FONTS, (150.0, 150.0)), ground=200.0, ink=10.0)
    red = replace(look, ground_tint=(0.4, 0.4, 1.0))
    grey, tinted = (
        draw_part(np.random.default_rng(1), one, None, 200, 240, (120.0, 100.0)).clean for one in (look, red)
    )
    assert np.allclose(tinted[0, 0] / grey[0, 0], (0.4, 0.4, 1.0), atol=0.05)


@pytest.mark.parametrize("state", [State.GOOD, State.BAD])
def test_crops_of_both_views_repeat(state: State) -> None:
    one, other = (tight_crop(np.random.default_rng(8), FONTS, state, part=broad_part) for _ in range(2))
    assert one.state is state and np.array_equal(one.picture, other.picture)


def test_crops_of_a_film_repeat_to_the_last_bit() -> None:
    one, other = ([crop.crop.picture for crop in line_crops(4, 1, FONTS, 2, part=broad_part)] for _ in range(2))
    assert one and all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_a_code_keeps_what_is_not_made_broad() -> None:
    code = broad_code(np.random.default_rng(5), PLAIN)
    assert (code.font, code.length_px, code.opacity) == (PLAIN.font, PLAIN.length_px, PLAIN.opacity)


def test_a_folder_of_broad_parts_lists_texts_of_two_lines_in_one_cell(tmp_path: Path) -> None:
    arguments = ["--good", "16", "--bad", "0", "--fonts", str(FONTS[0].parent), "--line-share", "0", "--jobs", "1"]
    run(["dataset", "--out", str(tmp_path), "--parts", "broad", *arguments])
    with (tmp_path / "index.csv").open(newline="") as index:
        rows = list(csv.DictReader(index))
    assert len(rows) == 16 and any("\n" in row["text"] for row in rows)
    assert all((tmp_path / row["file"]).is_file() for row in rows)
