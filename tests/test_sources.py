"""Where pictures come from: recordings exact to the picture, and the kind that an address names."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import pytest

from stream.settings import CameraSettings
from stream.sources import video_file
from stream.sources.source import SourceError
from stream.sources.table import kind_of, open_source
from stream.sources.video_file import VideoFile
from tests import recordings
from tests.line import ROOT
from tests.readings import Read, read
from tests.recordings import numbered_frames, read_number, write_recording

FRAMES, GOP = 60, 12
QUIET_X265 = {"x265-params": "log-level=error"}
FRAGMENTED = {"movflags": "frag_keyframe+empty_moov+default_base_moof"}


@dataclass(frozen=True)
class Kind:
    """One way in which people record."""

    ending: str
    codec: str = "libx264"
    b_frames: int = 0

    def write(self, folder: Path, count: int = FRAMES) -> Path:
        options = QUIET_X265 if self.codec == "libx265" else None
        path = folder / f"belt.{self.ending}"
        frames = numbered_frames(count)
        return write_recording(path, frames, codec=self.codec, gop=GOP, b_frames=self.b_frames, options=options)


KINDS = {
    "mp4": Kind("mp4"),
    "mp4 with B-frames": Kind("mp4", b_frames=2),
    "mkv": Kind("mkv"),
    "ts": Kind("ts"),
    "ts with B-frames": Kind("ts", b_frames=2),
    "avi": Kind("avi"),
    "avi of JPEGs": Kind("avi", "mjpeg"),
    "avi of MPEG-4": Kind("avi", "mpeg4"),
    "HEVC with B-frames": Kind("mp4", "libx265", b_frames=2),
    "lossless": Kind("mkv", "ffv1"),
}
each_kind = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())


def read_file(path: Path) -> Read:
    return read(VideoFile(path))


# --- recordings ---


@each_kind
def test_a_recording_gives_each_picture_once_in_order(tmp_path: Path, kind: Kind) -> None:
    seen = read_file(kind.write(tmp_path))
    assert [read_number(pixels) for pixels in seen.pixels] == seen.indexes == list(range(FRAMES))
    assert set(seen.problems) == {None} and seen.error is None


def test_the_time_of_a_picture_is_the_recordings_own(tmp_path: Path) -> None:
    times_s = [n / 25 + (0.5 if n >= 30 else 0.0) for n in range(FRAMES)]
    path = write_recording(tmp_path / "belt.mkv", numbered_frames(FRAMES), times_s=times_s)
    with closing(VideoFile(path)) as source:
        assert [picture.pts_s for picture in source.pictures()] == pytest.approx(times_s, abs=0.001)


@each_kind
def test_two_readings_give_the_same_pixels(tmp_path: Path, kind: Kind) -> None:
    path = kind.write(tmp_path)
    assert all(np.array_equal(a, b) for a, b in zip(read_file(path).pixels, read_file(path).pixels, strict=True))


@each_kind
def test_a_reading_that_goes_on_at_an_index_gives_exactly_those_pictures(
    tmp_path: Path, kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(video_file, "NEAR", 0)  # short recordings too are entered in their middle
    path = kind.write(tmp_path)
    full = read_file(path).pixels
    for index in range(FRAMES):
        with closing(VideoFile(path)) as source:
            resumed = [(p.index, p.pixels.copy()) for p in itertools.islice(source.pictures(index), 3)]
        assert [i for i, _ in resumed] == list(range(index, min(index + 3, FRAMES)))
        assert all(np.array_equal(pixels, full[i]) for i, pixels in resumed)


@pytest.mark.parametrize("b_frames", [0, 2])
def test_a_recording_of_variable_rate_goes_on_at_exactly_the_index_asked_for(
    tmp_path: Path, b_frames: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A place by its time would be another picture here: each lasts as long as it likes."""
    monkeypatch.setattr(video_file, "NEAR", 0)
    times_s = list(itertools.accumulate([0.0, *([0.04, 0.2, 0.04, 0.52, 0.08] * FRAMES)[: FRAMES - 1]]))
    path = write_recording(tmp_path / "belt.mkv", numbered_frames(FRAMES), gop=GOP, b_frames=b_frames, times_s=times_s)
    for index in range(FRAMES):
        with closing(VideoFile(path)) as source:
            first = next(source.pictures(index))
        assert (first.index, read_number(first.pixels)) == (index, index)
        assert first.pts_s == pytest.approx(times_s[index], abs=0.001)


@pytest.mark.parametrize("b_frames", [0, 2])
def test_a_long_recording_goes_on_to_its_end(tmp_path: Path, b_frames: int) -> None:
    path = Kind("mp4", b_frames=b_frames).write(tmp_path, 150)
    seen = read(VideoFile(path), first_index=137)
    assert [read_number(pixels) for pixels in seen.pixels] == seen.indexes == list(range(137, 150))
    assert seen.error is None


def test_the_real_recording_has_exactly_its_pictures() -> None:
    path = ROOT.parent / "shared" / "data" / "video" / "bottles.mp4"
    if not path.is_file():
        pytest.skip(f"needs the real recording {path.name}, which is not part of the project")
    with closing(VideoFile(path)) as source:
        problems = [picture.problem for picture in source.pictures()]
    assert len(problems) == 1189 and set(problems) == {None}


# --- recordings that are broken ---


def truncated(path: Path) -> Path:
    return recordings.truncate(write_recording(path, numbered_frames(FRAMES)), 0.6)


def text(path: Path) -> Path:
    path.write_text("no video\n" * 200)
    return path


@pytest.mark.parametrize(
    ("file", "make", "wanted"),
    [
        pytest.param("belt.mp4", lambda path: path, "no such file", id="missing"),
        pytest.param("belt.mp4", recordings.empty, "the file is empty", id="empty"),
        pytest.param("belt.mp4", recordings.garbage, "not a video", id="noise as mp4"),
        pytest.param("belt.avi", recordings.garbage, "not a video", id="noise as avi"),
        pytest.param("belt.ts", recordings.garbage, "belt.ts", id="noise as ts"),
        pytest.param("belt.mp4", text, "not a video", id="text as mp4"),
        pytest.param("belt.txt", text, "belt.txt", id="text"),
        pytest.param("belt.mp4", truncated, "was it copied completely?", id="mp4 without its index"),
        pytest.param("belt.m4a", recordings.audio_only, "only sound", id="sound as m4a"),
        pytest.param("belt.wav", recordings.audio_only, "only sound", id="sound as wav"),
        pytest.param("/dev/null", lambda path: path, "/dev/null", id="no file"),
    ],
)
def test_what_holds_no_picture_is_refused_for_good(
    tmp_path: Path, file: str, make: Callable[[Path], Path], wanted: str
) -> None:
    with pytest.raises(SourceError, match=wanted.replace("?", r"\?")) as caught:
        list(VideoFile(make(tmp_path / file)).pictures())
    assert caught.value.final


@pytest.mark.parametrize("options", [{"movflags": "faststart"}, FRAGMENTED], ids=["index in front", "fragmented"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_recording_that_breaks_off_gives_what_there_is_and_says_so(
    tmp_path: Path, options: dict[str, str], share: float
) -> None:
    path = write_recording(tmp_path / "belt.mp4", numbered_frames(FRAMES), gop=GOP, container_options=options)
    seen = read_file(recordings.truncate(path, share))
    assert seen.indexes == list(range(len(seen.indexes))) and 0 < len(seen.whole) < FRAMES
    assert [read_number(seen.pixels[index]) for index in seen.whole] == seen.whole
    fewer = len(seen.indexes) < FRAMES and options is not FRAGMENTED  # what a fragmented one had is not known
    assert not fewer or (seen.error is not None and "ends early" in str(seen.error))


@pytest.mark.parametrize("ending", ["ts", "mkv"])
def test_a_recording_whose_size_changes_gives_all_its_pictures(tmp_path: Path, ending: str) -> None:
    seen = read_file(recordings.size_changes(tmp_path / f"belt.{ending}"))
    assert [read_number(pixels) for pixels in seen.pixels] == list(range(40))
    assert [pixels.shape[:2] for pixels in seen.pixels] == [(240, 320)] * 20 + [(300, 400)] * 20
    assert set(seen.problems) == {None} and seen.error is None


DAMAGED_AT = np.arange(0.1, 0.75, 0.1)  # behind that may lie the index of an mp4, without which it does not open


def damaged_readings(folder: Path, kind: Kind) -> Iterator[Read]:
    whole = kind.write(folder).read_bytes()
    for share in DAMAGED_AT:
        path = folder / f"damaged.{kind.ending}"
        path.write_bytes(whole)
        yield read_file(recordings.damage(path, share))


@each_kind
def test_a_damaged_recording_never_has_silently_fewer_pictures(tmp_path: Path, kind: Kind) -> None:
    """In mkv FFmpeg leaves out what is damaged up to the next cluster without a word: there the times alone show it."""
    for seen in damaged_readings(tmp_path, kind):
        assert seen.indexes == list(range(len(seen.indexes)))
        hole = kind.ending == "mkv" and max(np.diff(np.array(seen.times_s, float))) > 1.5 / 25
        assert len(seen.indexes) == FRAMES or seen.named or hole


def damage_picture(path: Path, number: int) -> None:
    """Noise in the last third of a picture, as it lies in the file: the signs that begin its pieces stay."""
    with av.open(str(path)) as container:
        packet = next(itertools.islice(container.demux(video=0), number, None))
        stop = packet.pos + packet.size
        start = stop - packet.size // 3
    content = bytearray(path.read_bytes())
    content[start:stop] = np.random.default_rng(number).bytes(stop - start)
    path.write_bytes(content)


@pytest.mark.parametrize("number", [13, 17, 24, 29, 35])
def test_a_damaged_picture_is_named_up_to_the_next_key_picture_and_every_other_is_as_it_was(
    tmp_path: Path, number: int
) -> None:
    path = KINDS["mp4"].write(tmp_path)
    full = read_file(path).pixels
    damage_picture(path, number)
    seen = read_file(path)
    next_key = number // GOP * GOP + GOP
    assert seen.problems == ["decode_error" if number <= index < next_key else None for index in range(FRAMES)]
    assert all(np.array_equal(seen.pixels[index], full[index]) for index in seen.whole)


def test_a_name_in_the_file_that_is_no_text_does_no_harm(tmp_path: Path) -> None:
    path = KINDS["mp4"].write(tmp_path)
    path.write_bytes(path.read_bytes().replace(b"VideoHandler", b"\xc2ideoHandler"))
    assert read_file(path).whole == list(range(FRAMES))


@pytest.mark.parametrize("after", [0, 5])
def test_a_recording_closed_from_another_thread_ends(tmp_path: Path, after: int) -> None:
    source = VideoFile(KINDS["mp4"].write(tmp_path))
    seen = 0
    for _ in source.pictures():
        seen += 1
        if seen > after:
            other = threading.Thread(target=source.close)
            other.start()
            other.join()
    source.close()
    assert seen == after + 1


# --- the table of kinds ---


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("synthetic:", "synthetic"),
        ("synthetic:?seed=3", "synthetic"),
        ("rtsp://cam/x", "rtsp"),
        ("rtsps://cam/x", "rtsp"),
        ("0", "usb"),
        ("/dev/video0", "usb"),
        ("belt.mp4", "file"),
        ("/tmp", "folder"),
    ],
)
def test_an_address_names_its_kind(source: str, kind: str) -> None:
    assert kind_of(source) == kind


@pytest.mark.parametrize(("source", "device"), [("97", "/dev/video97"), ("/dev/video97", "/dev/video97")])
def test_a_usb_camera_that_is_not_there_is_said_plainly_and_tried_again(source: str, device: str) -> None:
    with pytest.raises(SourceError, match=f"{device}: no such camera; .*present") as caught:
        open_source(CameraSettings("belt", source), source)
    assert not caught.value.final
