"""The pictures of the pages for reviewing in docs/: `python -m tests.shots_of_review docs` draws them anew.

The shipped recording through the shipped bundle, as `make demo` runs it, and a few reviews by keyboard.
"""

from __future__ import annotations

import io
import re
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image

from tests.browser import Page, browser
from tests.line import ROOT, rows, running, wait_for
from tests.reviewed_line import press

WIDTH, HEIGHT, LIST_HEIGHT = 1360, 820, 440
INCIDENTS = 5  # that the recording has
COLOURS = 256  # of the pictures: they lie in the repository


def main() -> None:
    folder = Path(sys.argv[1])
    with tempfile.TemporaryDirectory() as scratch:
        file = _line(Path(scratch))
        with running(file) as line, browser(Path(scratch)) as chromium:
            address = wait_for(lambda: re.search(r"http://\S+", line.said()), "the page's address")[0]
            wait_for(lambda: line.judged() >= 500, "the recording judged")
            wait_for(lambda: len(rows(line.data_dir, "SELECT 1 FROM incidents")) >= INCIDENTS, "its incidents")
            page = chromium.open(f"{address}incidents", width=WIDTH, height=HEIGHT)
            page.evaluate("localStorage.setItem('linewatch-name', 'Ana')")
            page.until("document.querySelectorAll('.tile').length >= 5")
            for key in ("j", "d", "d", "f"):
                press(page, key)
                page.until("!document.querySelector('.verdict-chip em')")
            page.resize(WIDTH, LIST_HEIGHT)
            _shoot(page, folder / "incidents.png")
            page.resize(WIDTH, HEIGHT)
            press(page, "Enter")
            page.until("document.querySelector('.stage-drawing').dataset.loaded")
            page.evaluate(
                "localStorage.setItem('linewatch-theme', 'dark'); dispatchEvent(new Event('linewatch-theme'))"
            )
            press(page, "0")
            _shoot(page, folder / "incident-dark.png")


def _line(folder: Path) -> Path:
    """The demo with its own data_dir, and a camera that waits, so that the page stays."""
    (folder / "none").mkdir()
    demo = (ROOT / "configs" / "demo.yaml").read_text()
    demo = re.sub(r"(?m)^data_dir:.*$|^#.*$|  overlay_video: true", "", demo).replace("\nrecorder:\n", "\n").strip()
    demo = demo.replace("../recordings", str(ROOT / "recordings"))
    demo = demo.replace("\ncameras:\n", f"\ncameras:\n  gate: {{source: 'watch:{folder / 'none'}'}}\n")
    file = folder / "line.yaml"
    file.write_text(f"data_dir: {folder / 'data'}\n{demo}\n")
    return file


def _shoot(page: Page, path: Path) -> None:
    """With so few colours that the file stays small."""
    time.sleep(1.0)  # what is still coming in has come: nothing is judged by this
    page.screenshot(path)
    picture = Image.open(io.BytesIO(path.read_bytes())).convert("RGB")
    picture.quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)
    print(f"{path}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
