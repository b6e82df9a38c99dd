"""A decoded frame becomes a BGR picture as PyAV's own conversion makes it, bit for bit."""

from __future__ import annotations

import av
import numpy as np
import pytest
from av.video.reformatter import VideoReformatter

from stream.sources.bgr import bgr_view


@pytest.mark.parametrize(("width", "height"), [(64, 48), (54, 38), (322, 242), (1920, 1080), (1918, 16)], ids=str)
@pytest.mark.parametrize("kind", ["yuv420p", "yuvj422p", "yuv444p10le", "gray", "rgb24"])
def test_one_thread_gives_what_all_cores_give(width: int, height: int, kind: str) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (height, width, 3), np.uint8)
    frame = av.VideoFrame.from_ndarray(noise, format="rgb24").reformat(format=kind)
    kept = VideoReformatter()
    for _ in range(2):
        picture = bgr_view(frame, kept)
        assert picture.shape == (height, width, 3)
        assert np.array_equal(picture, frame.reformat(format="bgr24").to_ndarray())
