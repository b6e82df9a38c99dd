"""A desktop that nobody sees: Xvfb, one a test, on a display of its own."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import subprocess
from collections.abc import Iterator
from importlib.util import find_spec

import numpy as np
from PIL import ImageGrab

from tests.needs import need

TRIES = 5  # displays, each of which another may have
_chance = random.Random(os.getpid())  # two test processes at the same time take others


@contextlib.contextmanager
def desktop(size: str = "640x400") -> Iterator[str]:
    """The name of its display, as in the environment's DISPLAY."""
    need(find_spec("tkinter"), "this Python has no tkinter; on Debian: apt-get install python3-tk")
    need(shutil.which("Xvfb"), "Xvfb is not installed: see tests/debian-packages.txt")
    for number in _chance.sample(range(100, 10_000), TRIES):
        with _started(number, size) as display:
            if display:
                yield display
                return
    raise AssertionError(f"Xvfb does not start on any of {TRIES} displays; try: Xvfb :100")


@contextlib.contextmanager
def _started(number: int, size: str) -> Iterator[str]:
    """An Xvfb on that display, by its name; empty where somebody else has it."""
    reading, writing = os.pipe()
    # Looking for a free one, Xvfb takes its socket from another that is looking, too.
    words = ["Xvfb", f":{number}", "-displayfd", str(writing), "-screen", "0", f"{size}x24", "-nolisten", "tcp"]
    server = subprocess.Popen(words, pass_fds=[writing], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.close(writing)
    try:
        with os.fdopen(reading) as said:
            name = said.readline().strip()
        yield name and f":{name}"
    finally:
        server.terminate()
        server.wait(60)


def seen_on(display: str) -> np.ndarray:
    """What is to be seen there, (H, W, 3) RGB uint8."""
    return np.asarray(ImageGrab.grab(xdisplay=display).convert("RGB"))
