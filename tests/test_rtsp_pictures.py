"""Coded pictures to pictures, some left out: each is counted, and none copies from what is not there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import av
import pytest

from stream.sources.room import Arrived
from stream.sources.rtsp import prepare
from stream.sources.rtsp_packets import CodedPicture, what_ffmpeg_says
from stream.sources.rtsp_pictures import RtspPictures
from stream.sources.source import LeftOut, Picture, SourceError
from tests.recordings import numbered_frames, read_number, write_recording

FRAMES, LEFT_FROM = 48, 15
X264 = {"x264-params": "open-gop=1:scenecut=0:keyint=12:min-keyint=12"}
X265 = {"x265-params": "log-level=none:bframes=2:keyint=12:min-keyint=12:scenecut=0:open-gop=1"}
WAYS = {
    "h264": ("libx264", 0, {}),
    "h264 with B pictures": ("libx264", 2, {}),
    "h264 in open groups": ("libx264", 2, X264),
    "h265 in open groups": ("libx265", 2, X265),
}


@pytest.mark.parametrize("way", list(WAYS))
def test_what_is_left_out_up_to_a_key_picture_spoils_nothing_and_each_picture_has_its_number(
    way: str, tmp_path: Path
) -> None:
    codec, b_frames, options = WAYS[way]
    path = write_recording(
        tmp_path / "belt.ts", numbered_frames(FRAMES), gop=12, b_frames=b_frames, codec=codec, options=options
    )
    with what_ffmpeg_says() as told, av.open(str(path)) as container:
        stream = container.streams.video[0]
        prepare(stream.codec_context)
        packets = [packet for packet in container.demux(stream) if packet.size]
        resumes = next(at for at, packet in enumerate(packets) if packet.is_keyframe and at > LEFT_FROM)

        def given() -> Iterator[Arrived[CodedPicture] | LeftOut]:
            for at, packet in enumerate(packets):
                if at == resumes:
                    yield LeftOut(resumes - LEFT_FROM, at, 0.6)
                if not LEFT_FROM <= at < resumes:
                    coded = CodedPicture(packet, stream.codec_context, 0, False, False, None)
                    yield Arrived(coded, packet.size, packet.is_keyframe, 1 + at)
            raise SourceError("the camera is gone")

        found: list[Picture | LeftOut] = []
        shown: dict[int, int] = {}
        with pytest.raises(SourceError):
            for one in RtspPictures(given(), told):
                found.append(one)
                if isinstance(one, Picture):
                    assert one.problem is None and one.index == _counted(found) - 1
                    shown[one.index] = read_number(one.pixels)
    assert _counted(found) == len(packets) == FRAMES
    assert sum(one.pictures for one in found if isinstance(one, LeftOut)) >= resumes - LEFT_FROM
    numbers = list(shown.values())
    assert numbers == sorted(numbers) and len(numbers) == len(set(numbers))
    assert {n: shown[n] for n in shown if n >= 24} == {n: n for n in range(24, FRAMES)}
    came = [one.arrived_mono_ns or 0 for one in found if isinstance(one, Picture)]
    assert came == sorted(came) and came[0] == 1


def test_a_stream_whose_times_begin_anew_later_loses_nothing_beyond_its_next_key_picture(tmp_path: Path) -> None:
    """Left out: 15 to 23. At 48, a key picture, the camera's clock is set back by more than all that came."""
    path = write_recording(tmp_path / "belt.ts", numbered_frames(FRAMES * 2), gop=12, b_frames=0)
    with what_ffmpeg_says() as told, av.open(str(path)) as container:
        stream = container.streams.video[0]
        prepare(stream.codec_context)
        packets = [packet for packet in container.demux(stream) if packet.size]
        assert packets[24].is_keyframe and packets[48].is_keyframe
        back = (packets[48].pts or 0) - (packets[0].pts or 0) + 90_000
        for packet in packets[48:]:
            packet.pts, packet.dts = (packet.pts or 0) - back, (packet.dts or 0) - back

        def given() -> Iterator[Arrived[CodedPicture] | LeftOut]:
            for at, packet in enumerate(packets):
                if at == 24:
                    yield LeftOut(9, at, 0.6)
                if not LEFT_FROM <= at < 24:
                    coded = CodedPicture(packet, stream.codec_context, 0, False, False, None)
                    yield Arrived(coded, packet.size, packet.is_keyframe, 1 + at)
            raise SourceError("the camera is gone")

        left: list[LeftOut] = []
        shown: list[int] = []
        with pytest.raises(SourceError):
            for one in RtspPictures(given(), told):
                if isinstance(one, LeftOut):
                    left.append(one)
                else:
                    assert one.problem is None and one.index == read_number(one.pixels)
                    shown.append(one.index)
    assert [one.pictures for one in left] == [9]
    assert shown == [*range(15), *range(24, 2 * FRAMES)]


def _counted(found: list[Picture | LeftOut]) -> int:
    return sum(one.pictures if isinstance(one, LeftOut) else 1 for one in found)
