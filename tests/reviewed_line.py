"""A real line to review: a recording with defects that is over, a folder in which more can appear, films, samples.

Its frames are numbered, so a machine can tell which one is shown.
"""

from __future__ import annotations

import contextlib
import json
import re
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2

from tests.browser import Page
from tests.line import RunningLine, rows, running, wait_for, write_line
from tests.recordings import numbered_frame, numbered_frames, write_recording

SIZE = (320, 240)
BAD = {20: 3, 60: 1, 100: 2, 140: 1, 180: 4, 220: 1}  # where an incident begins, and how many frames it has
FRAMES = 250
SETTINGS = """\
samples:
  random_per_hour: 1000000000
  near_per_hour: 0
  kept_max: 40
clips:
  enabled: "on"
  pre_s: 0.4
  post_s: 0.4
"""
CODES = {"Enter": 13, "Escape": 27, "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40, "Delete": 46}
SHIFT, CTRL, ALT = 8, 2, 1  # as the browser counts them


@dataclass(frozen=True)
class Reviewed:
    """The line, where its page is, and the folder that it watches."""

    line: RunningLine
    address: str
    folder: Path

    def asked(self, path: str) -> Any:
        """What a call of the API answers."""
        with urllib.request.urlopen(f"{self.address}{path}", timeout=60) as answer:
            return json.load(answer)

    def said(self, path: str, body: object, act: str = "") -> None:
        """What another person says; `act`: under its own number."""
        headers = {"Content-Type": "application/json", "X-Linewatch-Name": "somebody else", "X-Linewatch-Act": act}
        request = urllib.request.Request(f"{self.address}{path}", json.dumps(body).encode(), headers)
        with urllib.request.urlopen(request, timeout=60) as answer:
            assert answer.status == 200

    def reviews(self, seq: int, camera: str = "belt") -> list[tuple[Any, ...]]:
        """Verdict, comment, boxes and who of each review of a frame, in order."""
        found = rows(self.line.data_dir, f"SELECT verdict, comment, boxes, who FROM reviews WHERE seq={seq} AND "
                                         f"camera='{camera}' ORDER BY number")  # fmt: skip
        return [(verdict, comment, json.loads(boxes), who) for verdict, comment, boxes, who in found]

    def run(self, camera: str = "belt") -> int:
        return int(rows(self.line.data_dir, f"SELECT max(run) FROM runs WHERE camera='{camera}'")[0][0])

    def put(self, number: int, *, bad: bool = True) -> None:
        """A picture appears in the watched folder, with a defect or without."""
        part = self.folder / f"{number}.part"
        part.write_bytes(cv2.imencode(".png", numbered_frame(number, SIZE, bad=bad))[1].tobytes())
        part.rename(part.with_suffix(".png"))


@contextlib.contextmanager
def reviewed_line(folder: Path) -> Iterator[Reviewed]:
    """Starts it, and waits until all of the recording is on record, with films and samples."""
    watched = folder / "in"
    watched.mkdir()
    bad = {first + more for first, count in BAD.items() for more in range(count)}
    recording = write_recording(folder / "belt.mp4", numbered_frames(FRAMES, SIZE, bad))
    more = f'  gate:\n    source: "watch:{watched}"\n{SETTINGS}'
    with running(write_line(folder, recording, more, camera="mm_per_px: 0.5\npace: recorded")) as line:
        address = wait_for(lambda: re.search(r"http://\S+", line.said()), "the page's address")[0].rstrip("/")
        reviewed = Reviewed(line, address, watched)
        wait_for(lambda: len(rows(line.data_dir, "SELECT 1 FROM incidents")) == len(BAD), "the incidents on record")
        wait_for(lambda: rows(line.data_dir, "SELECT 1 FROM samples"), "samples")
        wait_for(lambda: len(list((line.data_dir / "clips").glob("*/*/*.mp4"))) == len(BAD), "a film of each")
        yield reviewed


def press(page: Page, *keys: str, modifiers: int = 0) -> None:
    """Presses keys, one after the other."""
    for key in keys:
        code = CODES.get(key) or (ord(key.upper()) if key.isalnum() else 0)
        named = {"key": key, "windowsVirtualKeyCode": code, "modifiers": modifiers}
        text = {"text": "\r" if key == "Enter" else key} if len(key) == 1 or key == "Enter" else {}
        page.call("Input.dispatchKeyEvent", type="keyDown", **named, **text)
        page.call("Input.dispatchKeyEvent", type="keyUp", **named)


def write(page: Page, text: str) -> None:
    page.call("Input.insertText", text=text)


def drag(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Drags the mouse over the picture, from one of its pixels to another."""
    for kind, (x, y) in (("mousePressed", start), ("mouseMoved", end), ("mouseReleased", end)):
        scale, left, top = page.evaluate(
            "(({a, e, f}) => [a, e, f])(document.querySelector('.stage-drawing').getScreenCTM())"
        )
        page.call(
            "Input.dispatchMouseEvent", type=kind, x=scale * x + left, y=scale * y + top, button="left", clickCount=1
        )
