"""`python -m tests.shots_of_page [FOLDER]`: takes the pictures of the live pages that the documents show, of the demo.

A real line on the shipped recording, seen by a real browser, at moments at which a scratched part is in view.
"""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from tests.browser import Browser, browser
from tests.line import ROOT

ENDING_S = 60.0
WITHIN_S = 300.0
SMALLEST = 9  # of PNG; the pictures are committed, so they shall be small
BAD_IN_VIEW = "document.querySelector('[data-kind]')?.dataset.kind === 'bad'"
LISTED = "[...document.querySelectorAll('.incidents img')].some((one) => one.naturalWidth > 0)"


@dataclass(frozen=True)
class Shot:
    """One picture."""

    file: str
    path: str
    width: int
    height: int
    dark: bool = False
    keys: str = ""  # pressed while the defect is in view
    also: str = "true"  # that is so at the same moment


SHOTS = (
    Shot("page.png", "/", 1280, 800, also=LISTED),
    Shot("camera-dark.png", "/camera/belt", 1280, 800, dark=True, keys=" "),
    Shot("phone.png", "/", 360, 740),
)


def main(folder: Path) -> None:
    with tempfile.TemporaryDirectory() as name, tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        words = ["--set", "display.port=0", "--set", f"data_dir={name}"]
        command = [sys.executable, "-m", "stream", "run", "configs/demo.yaml", *words]
        said = Path(name) / "said.txt"
        with said.open("w") as out, subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=out) as line:
            try:
                address = _address(said)
                with browser(Path(profile)) as chromium:
                    for shot in SHOTS:
                        take(chromium, address, shot, folder / shot.file)
            finally:
                line.send_signal(signal.SIGINT)
                line.wait(ENDING_S)


def take(chromium: Browser, address: str, shot: Shot, path: Path) -> None:
    page = chromium.open(address + shot.path, width=shot.width, height=shot.height, dark=shot.dark)
    page.until(f"{BAD_IN_VIEW} && {shot.also}", WITHIN_S)
    for key in shot.keys:
        page.press(key)
    page.screenshot(path)
    page.call("Page.close")
    picture = cv2.imread(str(path))
    assert picture is not None
    # Five bits of eight, black and white kept: the sensor's noise would be most of the bytes.
    steady = (picture & np.uint8(0xF8)) | (picture >> 5)
    cv2.imwrite(str(path), steady, [cv2.IMWRITE_PNG_COMPRESSION, SMALLEST])
    print(f"{path}  {path.stat().st_size / 1000:.0f} KB")


def _address(said: Path) -> str:
    deadline = time.monotonic() + ENDING_S
    while not (found := re.search(r"http://[^\s/]+", said.read_text())):
        assert time.monotonic() < deadline, f"the line did not say where its page is:\n{said.read_text()}"
        time.sleep(0.1)
    return found[0]


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs")
