"""Text of the page can be read: its contrast, from tokens.css, in light and dark (WCAG 2.2, 1.4.3 and 1.4.11)."""

from __future__ import annotations

import re

import pytest

from stream.web.pages import STATIC

TOKENS = (STATIC / "tokens.css").read_text()
TEXT, EDGE = 4.5, 3.0
PAIRS = [  # ink, ground, at least
    *(
        (ink, ground, TEXT)
        for ink in ("ink", "ink-soft", "good", "bad", "unknown", "accent")
        for ground in ("page", "panel")
    ),
    ("on-accent", "accent", TEXT),
    ("good", "good-ground", TEXT),
    ("on-bad", "bad-ground", TEXT),
    ("on-unknown", "unknown-ground", TEXT),
    ("on-stale", "stale-ground", TEXT),
    ("on-stale", "stale-stripe", TEXT),
    ("on-quiet", "quiet-ground", TEXT),
    ("on-retrying", "retrying-ground", TEXT),
    ("on-frozen", "frozen-ground", TEXT),
    ("edge-strong", "panel", EDGE),
    ("accent", "page", EDGE),
]


def colours(block: str) -> dict[str, tuple[int, int, int]]:
    found = re.findall(r"--([\w-]+): #([0-9a-f]{6});", block)
    return {name: (int(hexed[:2], 16), int(hexed[2:4], 16), int(hexed[4:], 16)) for name, hexed in found}


LIGHT = colours(TOKENS.partition('[data-theme="dark"]')[0])
DARK = LIGHT | colours(TOKENS.partition('[data-theme="dark"]')[2])


def luminance(colour: tuple[int, int, int]) -> float:
    """Relative, as WCAG 2.2 defines it."""
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in (c / 255 for c in colour)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: tuple[int, int, int], other: tuple[int, int, int]) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_black_on_white_is_21_to_1() -> None:
    assert contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21.0)


@pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("ink", "ground", "least"), PAIRS, ids=[f"{ink} on {ground}" for ink, ground, _ in PAIRS])
def test_what_is_written_can_be_read(
    tokens: dict[str, tuple[int, int, int]], ink: str, ground: str, least: float
) -> None:
    assert contrast(tokens[ink], tokens[ground]) >= least


def test_dark_has_a_colour_of_its_own_for_every_ground_it_writes_on() -> None:
    assert {"page", "panel", "ink", "ink-soft", "good", "bad", "unknown", "accent"} <= colours(
        TOKENS.partition('[data-theme="dark"]')[2]
    ).keys()
