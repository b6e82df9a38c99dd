"""Numbers that come long after their pictures, as decoding is behind: each still stands beside its picture in the
recording, and what was left out of inspection is in the film, without a number."""

from __future__ import annotations

import time
from itertools import islice, pairwise
from pathlib import Path

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.segments import Segment, Shelf, film_of, read_segment, run_folder
from stream.segments_copying import Copying
from stream.segments_holding import PICTURES_MOST, REORDERED_MOST, Holding, Lost, Packet
from stream.sources.room import Bounds, Room
from stream.sources.rtsp_packets import CodedPicture, RtspPackets, what_ffmpeg_says
from stream.sources.rtsp_pictures import RtspPictures
from stream.sources.source import LeftOut, Picture, SourceError
from tests.line import wait_for
from tests.recorded_segments import RUN, all_segments, shown
from tests.recordings import numbered_frames, read_number

SIZE = (200, 160)
GROUP = 25
COUNT = 540  # more than may wait to be decoded
QUICK_S = 60.0
CLOSED = "scenecut=0:open-gop=0"
OPEN = "scenecut=0:open-gop=1:b-adapt=0:b-pyramid=normal"


def film(path: Path, count: int, b_frames: int, groups: str) -> Path:
    options = {"preset": "ultrafast", "crf": "20", "g": str(GROUP), "bf": str(b_frames), "x264-params": groups}
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        for frame in numbered_frames(count, SIZE):
            out.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="bgr24")))
        out.mux(stream.encode(None))
    return path


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("late")
    return {
        "no B pictures": film(folder / "none.ts", COUNT, 0, CLOSED),
        "open groups": film(folder / "open.ts", COUNT, 2, OPEN),
    }


class Camera:
    """A stream whose pictures are decoded so many packets after they were read, and the recording of it."""

    def __init__(self, source: Path, folder: Path) -> None:
        self._source = source
        self.copying = Copying(Shelf(folder, "belt", 2.0, 0), live=True)

    def written(self) -> None:
        """Waits until all that was handed over has been dealt with: the thread takes one after the other."""
        self.copying.picture(None, 0)  # of no packet
        wait_for(lambda: not self.copying._waiting, "all that was handed over to be dealt with", QUICK_S)

    def runs(self, lag: int, stop: int = COUNT, *, all_told: bool = True) -> None:
        """Each picture's number is the order in which it is shown, and told in that order."""
        with av.open(str(self._source)) as container:
            stream = container.streams.video[0]
            self.copying.stream(stream)
            self.copying.begins(RUN)
            packets = [packet for packet in container.demux(stream) if packet.size]
            shown = sorted(packet.pts for packet in packets if packet.pts is not None)
            for at, packet in enumerate(packets[:stop]):
                if at % 100 == 0:
                    self.written()
                self.copying.packet(packet)
                if at >= lag + 4:  # a decoder knows what is shown next once it has what was coded before it
                    self.copying.picture(shown[at - lag - 4], at - lag - 4)
            for seq in range(max(0, stop - lag - 4), stop if all_told else 0):
                if seq % 100 == 0:
                    self.written()
                self.copying.picture(shown[seq], seq)

    def ends(self) -> None:
        self.copying.close()
        assert self.copying.wait(QUICK_S)


def keeps_up(copying: Copying) -> None:
    """Waits until little waits to be written: the queue is bounded."""
    wait_for(lambda: len(copying._waiting) < 100, "the writer", QUICK_S)


def listed(segment: Segment) -> dict[int, int]:
    return {at - segment.head.begin: seq for seq, at in segment.frames}


@pytest.mark.parametrize("lag", [0, 40, 200, 500])
@pytest.mark.parametrize("groups", ["no B pictures", "open groups"])
def test_however_late_a_number_is_told_its_picture_has_it(
    lag: int, groups: str, recordings: dict[str, Path], tmp_path: Path
) -> None:
    camera = Camera(recordings[groups], tmp_path)
    camera.runs(lag)
    camera.ends()
    segments = all_segments(tmp_path)
    assert len(segments) > COUNT // GROUP // 3 and all(segment.ended for segment in segments)
    seen: set[int] = set()
    for segment in segments:
        numbers = listed(segment)
        assert shown(film_of(run_folder(tmp_path, "belt", RUN), segment.head.number)) == numbers
        seen |= set(numbers.values())
    assert seen == set(range(COUNT))
    assert camera.copying.state.left_out == 0 and camera.copying.alarm == ""


@pytest.mark.parametrize("lag", [40, 200])
def test_what_a_kill_leaves_in_a_film_has_its_numbers_though_they_are_told_late(
    lag: int, recordings: dict[str, Path], tmp_path: Path
) -> None:
    camera = Camera(recordings["no B pictures"], tmp_path)
    camera.runs(lag, 400, all_told=False)
    camera.written()
    found = 0
    for segment in all_segments(tmp_path):  # a film is copied before its list is read, as its list is written first
        copy = tmp_path / "copy.mp4"
        copy.write_bytes(film_of(run_folder(tmp_path, "belt", RUN), segment.head.number).read_bytes())
        numbers = listed(read_segment(run_folder(tmp_path, "belt", RUN), segment.head.number) or segment)
        if copy.stat().st_size:
            pictures = shown(copy)
            assert pictures.items() <= numbers.items()
            found += len(pictures)
    assert found > (400 - lag) // 2
    camera.ends()


def test_what_is_left_out_of_inspection_is_in_the_film_and_all_else_has_its_number(
    recordings: dict[str, Path], tmp_path: Path
) -> None:
    """A camera's own way, where each picture is wanted and decoding stands still: the oldest groups give way."""
    copying = Copying(Shelf(tmp_path, "belt", 2.0, 0), live=True)
    room: Room[CodedPicture] = Room(Bounds(None, pictures=200))
    decoded: dict[int, int] = {}  # the number that is burnt into a picture → the one that it got
    left_out = 0
    with what_ffmpeg_says() as told, av.open(str(recordings["open groups"])) as container:
        stream = container.streams.video[0]
        copying.stream(stream)
        copying.begins(RUN)
        pictures = iter(RtspPictures(room.given(), told, copying))
        for at, coded in enumerate(RtspPackets(container, stream, [])):
            copying.packet(coded.packet)
            room.put(coded, size=coded.packet.size, key=coded.packet.is_keyframe)
            keeps_up(copying)
            if at == 60:
                first = [one for one in islice(pictures, 30) if isinstance(one, Picture)]
                decoded |= {read_number(one.pixels): one.index for one in first}
        room.end(SourceError("gone"))
        with pytest.raises(SourceError, match="gone"):
            for one in pictures:
                keeps_up(copying)
                if isinstance(one, LeftOut):
                    left_out += one.pictures
                elif isinstance(one, Picture):
                    decoded[read_number(one.pixels)] = one.index
    copying.close()
    assert copying.wait(QUICK_S)
    assert left_out > 250 and len(decoded) + left_out == COUNT
    filmed: dict[int, int | None] = {}
    for segment in all_segments(tmp_path):
        numbers = listed(segment)
        for at, number in shown(film_of(run_folder(tmp_path, "belt", RUN), segment.head.number)).items():
            if filmed.get(number) is None:
                filmed[number] = numbers.get(at)
    assert set(filmed) == set(range(COUNT)), "clips lack none"
    assert {number: seq for number, seq in filmed.items() if seq is not None} == decoded


def test_a_segment_says_when_its_first_picture_came_not_when_its_number_did(
    recordings: dict[str, Path], tmp_path: Path
) -> None:
    camera = Camera(recordings["no B pictures"], tmp_path)
    camera.runs(300, 200, all_told=False)
    camera.written()
    all_read_ns = time.time_ns()
    assert not all_segments(tmp_path), "none of its numbers is told"
    camera.ends()
    began = [segment.head.utc_ns for segment in all_segments(tmp_path)]
    assert len(began) > 1 and max(began) <= all_read_ns and all(one <= two for one, two in pairwise(began))


# --- pure ---


def packet(pts: int | None, size: int = 1) -> Packet:
    return Packet(bytes(size), pts, None, key=False)


@given(
    st.lists(st.permutations(range(4)), min_size=1, max_size=40),
    st.integers(0, 170),
    st.sets(st.integers(0, 159)),
)
def test_what_is_held_comes_out_in_order_with_its_number(groups: list[list[int]], lag: int, damaged: set[int]) -> None:
    """Whatever is reordered, late, or has no number."""
    order = [4 * place + shown for place, group in enumerate(groups) for shown in group]  # of coding
    holding, out = Holding(), dict[int | None, int | None]()
    told = 0  # all that is shown before that
    for at in range(len(order) + lag + 8):
        if at < len(order):
            holding.take(packet(order[at]))
        for pts in range(told, min(len(order), max(told, (at - lag) // 4 * 4))):  # of whole groups
            assert pts in damaged or holding.number(pts, 1000 + pts)
            told = pts + 1
        out |= {one.pts: seq for one, seq in holding.ready() if isinstance(one, Packet)}
    out |= {one.pts: seq for one, seq in holding.ready(over=True) if isinstance(one, Packet)}
    assert list(out) == order and told == len(order)
    assert out == {pts: None if pts in damaged else 1000 + pts for pts in order}


def test_it_holds_no_more_than_may_wait_to_be_decoded() -> None:
    holding = Holding()
    for pts in range(PICTURES_MOST + 5):
        holding.take(packet(pts))
    assert [one.pts for one, _ in holding.ready() if isinstance(one, Packet)] == [0, 1, 2, 3, 4]
    holding.take(packet(9999, 200 << 20))
    assert len(list(holding.ready())) == PICTURES_MOST + 1
    assert not holding.number(3, 3), "it is out; the segment may still take the number"


def test_a_clock_that_was_set_back_holds_nothing_for_ever() -> None:
    holding = Holding()
    for pts in (1000, 1001, *range(REORDERED_MOST + 2)):
        holding.take(packet(pts))
    for pts in range(REORDERED_MOST):
        assert holding.number(pts, pts)
    assert [one.pts for one, _ in holding.ready() if isinstance(one, Packet)][:2] == [1000]
    holding.number(REORDERED_MOST, REORDERED_MOST)
    out = [one.pts for one, _ in holding.ready() if isinstance(one, Packet)]
    assert out == [1001, *range(REORDERED_MOST + 1)]


def test_what_was_lost_keeps_its_place_and_waits_for_none() -> None:
    holding = Holding()
    for item in (packet(0), Lost(3), packet(None), packet(1)):
        holding.take(item)
    assert list(holding.ready()) == []
    holding.number(0, 0)
    assert list(holding.ready()) == [(packet(0), 0), (Lost(3), None), (packet(None), None)]
