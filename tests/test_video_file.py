"""A recording read from its middle, closed by another thread, cut and damaged: never another picture, never a crash."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import numpy as np
import pytest

from stream.sources import video_file
from stream.sources.damage import Seen
from stream.sources.decoding import Decoding
from stream.sources.source import Picture, SourceError
from stream.sources.video_file import VideoFile
from tests import recordings
from tests.recordings import numbered_frames, read_number, write_recording

FRAMES, GOP = 60, 12
SLOWER = {"preset": "veryfast"}  # ultrafast has no B-frames
INDEX_IN_FRONT = {"movflags": "faststart"}


def with_b_frames(path: Path, count: int = FRAMES) -> Path:
    options = INDEX_IN_FRONT if path.suffix == ".mp4" else None
    frames = numbered_frames(count)
    return write_recording(path, frames, gop=GOP, b_frames=2, options=SLOWER, container_options=options)


def told(path: Path, first_index: int = 0) -> tuple[list[str], str]:
    """Each picture as a line (index, problem, pixels where they are to be judged), and how it ended."""
    lines = []
    try:
        for picture in VideoFile(path).pictures(first_index):
            lines.append(f"{picture.index} {picture.pts_s} {picture.problem or pixels_of(picture)}")
    except SourceError as error:
        return lines, str(error)
    return lines, ""


def pixels_of(picture: Picture) -> str:
    return hashlib.sha256(np.ascontiguousarray(picture.pixels).tobytes()).hexdigest()


def damaged_three_times(path: Path) -> Path:
    for at_share in (0.2, 0.5, 0.8):
        recordings.damage(path, at_share, length=200)
    return path


def cut_off(path: Path) -> Path:
    return recordings.truncate(path, 0.8)


@pytest.mark.parametrize("spoil", [damaged_three_times, cut_off])
@pytest.mark.parametrize("ending", ["mp4", "mkv", "ts", "avi"])
def test_a_broken_recording_goes_on_at_an_index_as_if_it_had_been_read_from_its_beginning(
    tmp_path: Path, ending: str, spoil: Callable[[Path], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(video_file, "NEAR", 1)
    path = spoil(with_b_frames(tmp_path / f"belt.{ending}"))
    lines, end = told(path)
    for index in range(0, len(lines), 5):
        resumed, resumed_end = told(path, index)
        assert resumed == lines[index:], f"from {index}"
        assert resumed_end.partition(";")[0] == end.partition(";")[0]


def test_a_recording_that_goes_on_is_not_decoded_from_its_beginning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = with_b_frames(tmp_path / "belt.mp4", 150)
    decoded: list[object] = []
    every = Decoding.__iter__

    def noting(reading: Decoding) -> Iterator[Seen[av.VideoFrame]]:
        for seen in every(reading):
            decoded.append(seen)
            yield seen

    monkeypatch.setattr(Decoding, "__iter__", noting)
    assert [read_number(picture.pixels) for picture in VideoFile(path).pictures(147)] == [147, 148, 149]
    assert len(decoded) <= 2 * GOP


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
@pytest.mark.parametrize("ending", ["mp4", "mkv", "avi"])
def test_a_recording_that_is_cut_off_says_how_much_could_be_read(tmp_path: Path, ending: str, share: float) -> None:
    path = recordings.truncate(with_b_frames(tmp_path / f"belt.{ending}"), share)
    lines, end = told(path)
    whole = sum("decode_error" not in line for line in lines)
    assert f"belt.{ending}: the recording ends early or has gaps" in end
    assert f"; {whole} pictures were readable" in end and 0 < whole < FRAMES


def test_pictures_that_were_cut_away_without_coding_anew_are_not_missed(tmp_path: Path) -> None:
    source = with_b_frames(tmp_path / "belt.mp4")
    path = recordings.without_beginning(source, tmp_path / "cut.mp4", 5)
    pictures = list(VideoFile(path).pictures())
    assert [read_number(picture.pixels) for picture in pictures] == list(range(5, FRAMES))
    assert [picture.index for picture in pictures] == list(range(FRAMES - 5))
    assert {picture.problem for picture in pictures} == {None}


@pytest.mark.parametrize("ending", ["mp4", "mkv", "ts", "avi"])
def test_the_first_picture_is_at_the_beginning_of_time(tmp_path: Path, ending: str) -> None:
    pictures = list(VideoFile(with_b_frames(tmp_path / f"belt.{ending}")).pictures())
    assert pictures[0].pts_s == pytest.approx(0, abs=0.05)


@pytest.mark.parametrize(
    ("file", "make"),
    [
        pytest.param("song.m4a", recordings.song_with_cover, id="cover of a song"),
        pytest.param("notes.txt", lambda path: path.write_text("a line\n" * 50), id="text, which FFmpeg can draw"),
    ],
)
def test_what_ffmpeg_could_draw_and_is_no_video_is_refused(
    tmp_path: Path, file: str, make: Callable[[Path], object]
) -> None:
    make(tmp_path / file)
    with pytest.raises(SourceError, match=f"{file}: (has no pictures|not a video)") as caught:
        VideoFile(tmp_path / file)
    assert caught.value.final


def test_a_recording_in_which_nothing_can_be_decoded_says_so(tmp_path: Path) -> None:
    path = write_recording(tmp_path / "belt.mp4", numbered_frames(3))  # its index stands at the end, and stays whole
    content = path.read_bytes()
    begin, end = content.index(b"mdat") + 4, content.index(b"moov") - 4
    path.write_bytes(content[:begin] + b"\xff" * (end - begin) + content[end:])
    lines, said = told(path)
    assert len(lines) == 3 and all(line.endswith("decode_error") for line in lines)
    assert "no picture in it can be decoded" in said


def test_a_jpeg_that_is_damaged_is_named_not_filled_in(tmp_path: Path) -> None:
    path = write_recording(tmp_path / "belt.avi", numbered_frames(FRAMES), codec="mjpeg")
    allowed = {line.split()[-1] for line in told(path)[0]} | {"decode_error"}
    content = path.read_bytes()
    for at_share in np.arange(0.1, 0.9, 0.05):
        path.write_bytes(content)
        lines, end = told(recordings.damage(path, at_share, length=200))
        assert {line.split()[-1] for line in lines} <= allowed, f"at {at_share:.2f}"
        assert end or any(line.endswith("decode_error") for line in lines)


def test_it_can_be_read_twice(tmp_path: Path) -> None:
    source = VideoFile(with_b_frames(tmp_path / "belt.mp4"))
    first, again = ([pixels_of(picture) for picture in source.pictures()] for _ in range(2))
    assert first == again and len(first) == FRAMES


def test_closing_while_another_thread_decodes_never_crashes(tmp_path: Path) -> None:
    path = with_b_frames(tmp_path / "belt.mp4")
    for number in range(20):  # closing the file under its decoder is a segmentation fault
        source = VideoFile(path)
        reader = threading.Thread(target=lambda: [None for _ in source.pictures()])  # noqa: B023
        reader.start()
        threading.Event().wait(0.002 * number)
        source.close()
        reader.join(60)
        assert not reader.is_alive()
