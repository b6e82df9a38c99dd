"""What `python -m detector` shows while it works: lines, a progress bar, a CSV, a picture. Judges nothing."""

from __future__ import annotations

import contextlib
import csv
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from PIL import Image, ImageShow
from tqdm import tqdm

from detector import report
from detector.report import Judged


def told(every: Iterable[Judged], *, count: int, table: Path | None, lines: bool) -> list[Judged]:
    """All of `every`, each told of as it comes: as a line on stdout, as a row of the CSV `table`, on a progress bar."""
    judged = []
    with _rows(table) as write, tqdm(total=count, unit="picture", disable=table is None) as bar:
        for one in every:
            judged.append(one)
            write(report.csv_row(one))
            if lines:
                tqdm.write(report.line(one), file=sys.stdout)
            bar.update()
    return judged


@contextlib.contextmanager
def _rows(table: Path | None) -> Iterator[Callable[[tuple[str, ...]], None]]:
    """Writes rows under a heading into a CSV file, each on disk before the next picture; None: nowhere."""
    if table is None:
        yield lambda _: None
        return
    with table.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)

        def write(row: tuple[str, ...]) -> None:
            writer.writerow(row)
            stream.flush()

        write(report.CSV_COLUMNS)
        yield write


def show(panel: Path) -> str:
    """Opens a picture in the desktop's viewer; says in words what came of it."""
    if sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return f"--show: there is no display here; the panel is {panel}"
    with Image.open(panel) as image:
        if ImageShow.show(image, title=panel.name):
            return f"--show: opened {panel}"
    return f"--show: no viewer of pictures was found here; the panel is {panel}"
