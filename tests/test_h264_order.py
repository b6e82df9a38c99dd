"""Whether a picture of an H.264 stream is missing: read from real streams, with pictures left out of them."""

from __future__ import annotations

from pathlib import Path

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.sources.h264_order import FrameNumbers
from tests.recordings import numbered_frames, write_recording

COUNT = 40


def coded(path: Path, **wish: object) -> list[bytes]:
    """The pictures of a recording in Annex B, as RTSP brings them; the first has the parameters."""
    write_recording(path, numbered_frames(COUNT), **wish)  # type: ignore[arg-type]
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux(video=0) if packet.size]


@pytest.fixture(
    scope="module",
    params=[{}, {"b_frames": 2}, {"options": {"preset": "medium", "profile": "high"}}, {"options": {"refs": "1"}}],
    ids=["baseline", "b-frames", "high", "one reference"],
)
def pictures(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    return coded(tmp_path_factory.mktemp("h264") / "belt.ts", gop=12, **request.param)


def gaps(pictures: list[bytes]) -> list[int]:
    numbers = FrameNumbers()
    return [at for at, picture in enumerate(pictures) if numbers.missing(picture)]


def others_copy_from(picture: bytes) -> bool:
    """By nal_ref_idc of its slice."""
    at = next(i for i in range(len(picture)) if picture[i : i + 3] == b"\0\0\1" and picture[i + 3] & 31 in (1, 5))
    return bool(picture[at + 3] >> 5 & 3)


def test_a_whole_stream_has_no_gap(pictures: list[bytes]) -> None:
    assert len(pictures) == COUNT and gaps(pictures) == []


def test_each_picture_that_others_copy_from_is_missed(pictures: list[bytes]) -> None:
    missed = 0
    for left_out in range(1, COUNT - 1):
        found = gaps(pictures[:left_out] + pictures[left_out + 1 :])
        key_or_end = any(picture_is_key(one) for one in pictures[left_out : left_out + 2])
        if others_copy_from(pictures[left_out]) and not key_or_end:
            assert found and left_out <= found[0] <= left_out + 3, f"picture {left_out}"
            missed += 1
        elif not others_copy_from(pictures[left_out]):
            assert found == [], "nothing is spoilt by it"
    assert missed > COUNT // 4


def picture_is_key(picture: bytes) -> bool:
    return any(picture[i : i + 3] == b"\0\0\1" and picture[i + 3] & 31 == 5 for i in range(len(picture) - 3))


def test_who_joins_in_the_middle_misses_nothing(pictures: list[bytes]) -> None:
    numbers = FrameNumbers()
    numbers.learn(pictures[0])
    assert not [at for at, picture in enumerate(pictures[12:]) if numbers.missing(picture)]


@given(st.binary(max_size=300))
def test_whatever_a_camera_sends_is_a_gap_or_none(data: bytes) -> None:
    numbers = FrameNumbers()
    for picture in (data, b"\0\0\1\x67" + data, b"\0\0\1\x68" + data, b"\0\0\1\x41" + data, b"\0\0\1"):
        assert numbers.missing(picture) in (True, False)
