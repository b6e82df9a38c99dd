"""Whether what lies in a ring is such as a capture writes: a value that no message may carry is damage. Pure."""

from __future__ import annotations

import numpy as np

from stream.messages import FRAMES_MAX, PART_NAME
from stream.ring_layout import SlotState

IN_A_COLUMN = ("run", "captured_mono_ns", "captured_utc_ns", "lock")
NO_PART = "the name of a part, or of who announced it, is none"
SIDE_MAX = 1 << 16  # px, as a message may say


def why_damaged(runs: np.ndarray, table: np.ndarray, slot_bytes: int, parts: np.ndarray) -> str | None:
    """What no capture writes; None where nothing is wrong."""
    held = table[(table["state"] != SlotState.FREE) & (table["state"] != SlotState.WRITING)]
    pixels = held["height"].astype(float) * held["width"].astype(float) * 3
    sides = np.concatenate((held["height"], held["width"]))
    checks = (
        ("the state of a slot", table["state"], max(SlotState)),
        ("a number of attempts", table["attempt"], FRAMES_MAX),
        ("a frame's number", held["seq"], FRAMES_MAX),
        ("a number of frames", np.concatenate((runs["captured"], runs["lost"])), FRAMES_MAX),
        ("a part's number or first frame", np.concatenate((parts["number"], parts["seq"])), FRAMES_MAX),
        ("when a part was announced", np.concatenate((parts["run"], parts["told_utc_ns"])), 2**63 - 1),
        ("a run or a time", np.concatenate([runs["run"], *(held[n] for n in IN_A_COLUMN)]), 2**63 - 1),
        ("the size of a picture", np.concatenate((pixels, sides * (slot_bytes / SIDE_MAX))), slot_bytes),
    )
    for what, values, most in checks:
        if values.size and values.max() > most:
            return f"{what} is {values.max()}"
    if sides.size and sides.min() < 1:
        return "a picture has no pixels"
    if len({(int(slot["run"]), int(slot["seq"])) for slot in held}) < held.size:
        return "two slots hold the same frame"
    try:
        [bytes(entry["session"]).decode() for entry in runs]
    except UnicodeDecodeError:
        return "the name of a session is no text"
    return None if all(_names_a_part(name) for name in (*held["part"], *parts["part"], *parts["by"])) else NO_PART


def _names_a_part(name: bytes) -> bool:
    """Also whoever announced it: a text that a message may carry."""
    return not name or bool(PART_NAME.fullmatch(bytes(name).decode("latin-1")))
