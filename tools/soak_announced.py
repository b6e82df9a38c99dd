"""What the soak's broker says, and the file in which that stands: DIR/told.jsonl, lines of JSON, one object each.

    {"camera", "number", "kind", "part", "sent_ns"}     before a message is sent
    {"camera", "number", "acked_ns"}                     once the camera's capture has acknowledged it

What a message is, is a function of seed, camera and number: a part; the same one again; a part without a name; what is
no part, and ends the one before; and one that a broker keeps for whoever comes (`kept`), which is no part, either.
"""

from __future__ import annotations

import contextlib
import json
import random
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TOLD = "told.jsonl"
TOPIC = "soak/"  # before the camera's name
PART, AGAIN, NAMELESS, GARBAGE, KEPT = "part", "again", "nameless", "garbage", "kept"
SHARES = {PART: 80, AGAIN: 5, NAMELESS: 3, GARBAGE: 8, KEPT: 4}  # of a hundred messages
NO_PARTS = (b"=1+1", b"\xff\xfe\x00", b"x" * 5000, b'{"part": 3}', b'{"part": "a', b"a\nb", b"[" * 900)


@dataclass(frozen=True)
class Said:
    """One message."""

    kind: str
    part: str  # that is before the camera from then on; empty: none has a name
    payload: bytes


def said(seed: int, camera: str, number: int) -> Said:
    """What message `number` to a camera is: a function of these three alone. Pure."""
    kind, luck = _kind(seed, camera, number)
    if kind == AGAIN and _kind(seed, camera, number - 1)[0] != PART:
        kind = PART
    part = {PART: f"{camera}-{number}", AGAIN: f"{camera}-{number - 1}", KEPT: f"kept-{number}"}.get(kind, "")
    if kind == GARBAGE:
        return Said(kind, "", luck.choice(NO_PARTS))
    return Said(kind, part, json.dumps({"part": part}).encode() if part and luck.random() < 0.5 else part.encode())


def _kind(seed: int, camera: str, number: int) -> tuple[str, random.Random]:
    luck = random.Random(f"{seed}|{camera}|{number}|part")
    return luck.choices(tuple(SHARES), tuple(SHARES.values()))[0], luck


class Told:
    """What was said, on file before it is sent, and by whom it was heard; by several threads."""

    def __init__(self, path: Path) -> None:
        self._numbers: dict[str, int] = {}
        for entry in entries(path):
            self._numbers[entry["camera"]] = max(entry["number"], self._numbers.get(entry["camera"], -1))
        self._file = path.open("ab", buffering=0)
        self._file.write(b"\n")
        self._lock = threading.Lock()

    def next(self, seed: int, camera: str) -> tuple[int, Said]:
        """The next message to that camera, which is on its way from now on."""
        with self._lock:
            number = self._numbers[camera] = self._numbers.get(camera, -1) + 1
            message = said(seed, camera, number)
            self._write(camera, number, kind=message.kind, part=message.part, sent_ns=time.monotonic_ns())
            return number, message

    def heard(self, camera: str, number: int) -> None:
        with self._lock:
            self._write(camera, number, acked_ns=time.monotonic_ns())

    def _write(self, camera: str, number: int, **more: object) -> None:
        self._file.write(json.dumps({"camera": camera, "number": number, **more}).encode() + b"\n")


def heard_at_ns(path: Path) -> dict[str, int]:
    """By camera when it has acknowledged a message last, by the monotonic clock."""
    found: dict[str, int] = {}
    for entry in entries(path):
        if "acked_ns" in entry:
            found[entry["camera"]] = entry["acked_ns"]
    return found


def entries(path: Path) -> Iterator[dict[str, Any]]:
    """What stands in the file; a line over which its writer was killed is none."""
    for line in path.read_text().splitlines() if path.exists() else []:
        with contextlib.suppress(ValueError):
            yield json.loads(line)
