"""Bundles that differ from the tiny one in what bundle.yaml says, and golden sets that it judges. Knows no test."""

from __future__ import annotations

import shutil
from pathlib import Path

import cv2

from tests.line import TINY_BUNDLE
from tests.recordings import numbered_frame

WRONG = ("score: 0.103692", "score: 0.303692")  # a golden sample that does not come out so


def tiny_variant(folder: Path, name: str, *changes: tuple[str, str]) -> Path:
    """A copy of the tiny bundle under another name; `changes` are texts of bundle.yaml and what stands instead."""
    bundle = Path(shutil.copytree(TINY_BUNDLE, folder / name))
    text = (bundle / "bundle.yaml").read_text()
    for before, after in (("name: tiny", f"name: {name}"), *changes):
        assert before in text
        text = text.replace(before, after)
    (bundle / "bundle.yaml").write_text(text)
    return bundle


def write_golden_set(folder: Path, count: int = 2) -> Path:
    """Grey frames in good/, frames with a red square in bad/: the tiny bundle judges all of them right."""
    for kind, bad in (("good", False), ("bad", True)):
        (folder / kind).mkdir(parents=True)
        for number in range(count):
            cv2.imwrite(str(folder / kind / f"{number}.png"), numbered_frame(number, bad=bad))
    return folder
