"""Live progress at a terminal, or now and then in a log: a line per camera. Knows no process and no socket."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from typing import TextIO

from stream.lost import Lost
from stream.messages import CameraCounts, CameraStatus, HouseStatus, LineStatus

TERMINAL_EVERY_S, LOG_EVERY_S = 0.5, 5.0
LOST_TEXT = "it gives no pictures, so nothing of it is inspected; it is tried again"
ERASE_BELOW = "\x1b[J"
CUT, WRAP = "\x1b[?7l", "\x1b[?7h"  # lines too wide for the terminal: a block must be as high as it has lines


class Progress:
    """Prints how the line is: in place at a terminal, else a line per camera every few seconds.

    At a terminal the cursor waits at the start of the block: what others print meanwhile pushes the next block down,
    instead of being erased with this one. The block begins with an empty line, so that such a line is not written
    over words.
    """

    def __init__(self, out: TextIO = sys.stderr) -> None:
        self._out = out
        self._terminal = out.isatty()
        self._at_s = time.monotonic() + (0.0 if self._terminal else LOG_EVERY_S)
        self._block = ""  # what stands below the cursor
        self._lost = Lost()

    def show(self, cameras: Iterable[CameraStatus], recorded: LineStatus | None, house: HouseStatus) -> None:
        now_s, cameras = time.monotonic(), tuple(cameras)
        lost = self._lost.see(((camera.camera, camera.state) for camera in cameras), now_s)
        if now_s < self._at_s:
            return
        self._at_s = now_s + (TERMINAL_EVERY_S if self._terminal else LOG_EVERY_S)
        self._print(progress_lines(cameras, recorded, house, lost))

    def finish(self) -> None:
        """The block stays, and the cursor goes below it; may be called twice."""
        if self._block:
            # written again: where the cursor stands in it now, nobody knows
            self._out.write(ERASE_BELOW + self._block)
            self._out.flush()
        self._block = ""

    def _print(self, lines: list[str]) -> None:
        text = "".join(line + "\n" for line in lines)
        if self._terminal:
            self._block = f"\n{CUT}{text}{WRAP}"
            text = f"{ERASE_BELOW}{self._block}\x1b[{len(lines) + 1}A"
        self._out.write(text)
        self._out.flush()


def progress_lines(
    cameras: Iterable[CameraStatus], recorded: LineStatus | None, house: HouseStatus, lost: Iterable[str] = ()
) -> list[str]:
    """A line per camera: frames, BAD, age, frames per second; then alarms, first of the cameras that are `lost`."""
    cameras = tuple(cameras)
    counts = {count.camera: count for count in recorded.cameras} if recorded else {}
    lines = [camera_line(camera, counts.get(camera.camera)) for camera in cameras]
    seen = [f"{camera.camera}: {alarm.word}: {alarm.text}" for camera in cameras for alarm in camera.alarms]
    gone = [f"{name}: {LOST_TEXT}" for name in lost]
    alarms = [*gone, *seen, *(recorded.alarms if recorded else ()), *house.alarms]
    return lines + [f"ALARM  {alarm}" for alarm in alarms]


def camera_line(camera: CameraStatus, count: CameraCounts | None) -> str:
    """All of its counts are the recorder's, of one moment, so that they add up.

    The capture's own are newer, and begin anew when it is started again: beside them there could be more UNKNOWN than
    frames. They stand alone where the recorder has said nothing of the camera yet.
    """
    bad, unknown = (count.bad, count.unknown) if count else (0, 0)
    captured, dropped = (count.captured, count.dropped) if count else (camera.captured, camera.dropped)
    text = f" ({camera.text})" if camera.text else ""
    return (
        f"{camera.camera:<12} {camera.state}{text}  {captured} frames  {bad} BAD  {unknown} UNKNOWN  "
        f"{sum(dropped.values())} dropped  oldest waiting {camera.oldest_age_ms:.0f} ms  {camera.fps:.1f} frames/s"
    )
