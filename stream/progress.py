"""Live progress at a terminal, or now and then in a log: a line per camera. Pure text; the caller prints it."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from typing import TextIO

from stream.messages import CameraCounts, CameraStatus, HouseStatus, LineStatus

TERMINAL_EVERY_S, LOG_EVERY_S = 0.5, 5.0


class Progress:
    """Prints how the line is: in place at a terminal, else a line per camera every few seconds."""

    def __init__(self, out: TextIO = sys.stderr) -> None:
        self._out = out
        self._terminal = out.isatty()
        self._at_s = time.monotonic() + (0.0 if self._terminal else LOG_EVERY_S)
        self._lines = 0

    def show(self, cameras: Iterable[CameraStatus], recorded: LineStatus | None, house: HouseStatus) -> None:
        now_s = time.monotonic()
        if now_s < self._at_s:
            return
        self._at_s = now_s + (TERMINAL_EVERY_S if self._terminal else LOG_EVERY_S)
        self._print(progress_lines(cameras, recorded, house))

    def finish(self) -> None:
        """What was printed in place stays."""
        self._lines = 0

    def _print(self, lines: list[str]) -> None:
        if self._terminal and self._lines:
            self._out.write(f"\x1b[{self._lines}A\x1b[J")
        self._out.write("".join(line + "\n" for line in lines))
        self._out.flush()
        self._lines = len(lines)


def progress_lines(cameras: Iterable[CameraStatus], recorded: LineStatus | None, house: HouseStatus) -> list[str]:
    """A line per camera: frames, BAD, age, frames per second; then alarms."""
    counts = {count.camera: count for count in recorded.cameras} if recorded else {}
    lines = [camera_line(camera, counts.get(camera.camera)) for camera in cameras]
    alarms = [*(recorded.alarms if recorded else ()), *house.alarms]
    return lines + [f"ALARM  {alarm}" for alarm in alarms]


def camera_line(camera: CameraStatus, count: CameraCounts | None) -> str:
    bad, unknown = (count.bad, count.unknown) if count else (0, 0)
    dropped = sum(camera.dropped.values())
    text = f" ({camera.text})" if camera.text else ""
    return (
        f"{camera.camera:<12} {camera.state}{text}  {camera.captured} frames  {bad} BAD  {unknown} UNKNOWN  "
        f"{dropped} dropped  oldest waiting {camera.oldest_age_ms:.0f} ms  {camera.fps:.1f} frames/s"
    )
