"""What a recording in segments lists and shows, for tests."""

from __future__ import annotations

from pathlib import Path

import av

from stream.segments import CLOCK, Segment, numbers_in, read_segment, run_folder
from tests.recordings import read_number

RUN = 1_700_000_000_000_000


def all_segments(folder: Path) -> list[Segment]:
    """Those of the run of camera `belt`, in order."""
    run = run_folder(folder, "belt", RUN)
    found = [read_segment(run, number) for number in numbers_in(run)]
    return [segment for segment in found if segment is not None]


def shown(path: Path) -> dict[int, int]:
    """Of an MP4: ticks of each picture, and the number that is burnt into it. Fails where one is not whole."""
    with av.open(str(path)) as container:
        found = {}
        for frame in container.decode(video=0):
            assert frame.pts is not None and frame.time_base is not None and not frame.is_corrupt
            found[round(frame.pts * frame.time_base * CLOCK)] = read_number(frame.to_ndarray(format="bgr24"))
    return found
