"""Segments: whatever a stream's groups look like, each can be decoded alone, none of its pictures is lost, none named
wrongly; and what a killed writer leaves is read to its last whole fragment."""

from __future__ import annotations

import json
import os
import shutil
import threading
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.h264_units import keeps_lengths, with_lengths
from stream.segments import (
    CLOCK,
    Shelf,
    film_of,
    list_of,
    numbers_in,
    read_segment,
    run_folder,
    seconds,
    ticks,
)
from stream.segments_copying import Copier, Copying, form_of
from stream.segments_found import Place, segments_between
from stream.segments_rolling import Rolling
from stream.segments_shelf import RunSegments
from stream.segments_times import Times
from stream.segments_writing import Coded
from tests.recorded_segments import RUN, all_segments, shown
from tests.recordings import numbered_frame
from tests.test_line_disk import fill, small_disk

FPS = 25
GROUPS = {
    "no B pictures": {"bf": "0", "x264-params": "scenecut=0:open-gop=0"},
    "closed groups": {"bf": "2", "x264-params": "scenecut=0:open-gop=0"},
    "open groups": {"bf": "2", "x264-params": "scenecut=0:open-gop=1:b-adapt=0:b-pyramid=normal"},
}


def film(path: Path, count: int, options: dict[str, str]) -> Path:
    """A recording whose pictures carry their numbers, with a key picture each ten."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=FPS, options={"preset": "veryfast", "crf": "18", "g": "10", **options})
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        for number in range(count):
            out.mux(stream.encode(av.VideoFrame.from_ndarray(numbered_frame(number), format="bgr24")))
        out.mux(stream.encode(None))
    return path


def shelf(folder: Path, segment_s: float = 1.0, least_free: int = 0) -> Shelf:
    return Shelf(folder, "belt", segment_s, least_free)


def recorded(source: Path, folder: Path, *, close: bool = True) -> Rolling:
    """Copies a recording into segments, as a capture does; each picture's number is the order in which it is shown."""
    with av.open(str(source)) as container:
        stream = container.streams.video[0]
        form = form_of(stream)
        assert form is not None and stream.time_base is not None
        rolling, times = Rolling(shelf(folder), RUN, form), Times(stream.time_base, -CLOCK)
        lengths = keeps_lengths(bytes(stream.codec_context.extradata or b""))
        packets = [packet for packet in container.demux(stream) if packet.size]
        numbers = {pts: seq for seq, pts in enumerate(sorted(packet.pts for packet in packets))}
        for at, packet in enumerate(packets):
            moment = times.place(packet.pts, packet.dts)
            assert moment is not None
            content = bytes(packet) if lengths else with_lengths(bytes(packet))
            rolling.add(Coded(content, moment.at, moment.coded, packet.is_keyframe))
            for late in packets[max(0, at - 5) : max(0, at - 4)]:  # a decoder gives them later
                rolling.name(times.of(late.pts) or 0, numbers[late.pts])
        for late in packets[-5:]:
            rolling.name(times.of(late.pts) or 0, numbers[late.pts])
        if close:
            rolling.close()
    return rolling


@pytest.mark.parametrize("options", GROUPS.values(), ids=GROUPS)
@pytest.mark.parametrize("suffix", [".mp4", ".ts"])
def test_each_segment_can_be_decoded_alone_and_none_of_its_pictures_is_lost(
    options: dict[str, str], suffix: str, tmp_path: Path
) -> None:
    recorded(film(tmp_path / f"belt{suffix}", 75, options), tmp_path)
    segments = all_segments(tmp_path)
    assert len(segments) > 1 and all(segment.ended for segment in segments)
    seen = set()
    for segment in segments:
        burnt = shown(film_of(run_folder(tmp_path, "belt", RUN), segment.head.number))
        listed = {at - segment.head.begin: seq for seq, at in segment.frames}
        assert burnt == listed, "what is listed is what is shown, and when"
        seen |= set(listed.values())
    assert seen == set(range(75))


def test_what_a_killed_writer_leaves_plays_to_its_last_whole_fragment(tmp_path: Path) -> None:
    rolling = recorded(film(tmp_path / "belt.mp4", 60, GROUPS["no B pictures"]), tmp_path, close=False)
    *_, last = all_segments(tmp_path)
    assert not last.ended and last.to is not None
    path = film_of(run_folder(tmp_path, "belt", RUN), last.head.number)
    whole = {at - last.head.begin: seq for seq, at in last.frames if at <= last.to}
    assert whole and whole.items() <= shown(path).items()
    rolling.close()
    torn = list_of(path.parent, last.head.number)
    torn.write_text(torn.read_text()[:-3])
    assert read_segment(path.parent, last.head.number) is not None, "a last line that is none is no line"


def test_a_gap_is_named_and_the_next_segment_begins_with_a_key_picture(tmp_path: Path) -> None:
    source = film(tmp_path / "belt.mp4", 60, GROUPS["no B pictures"])
    with av.open(str(source)) as container:
        stream = container.streams.video[0]
        form = form_of(stream)
        assert form is not None
        rolling = Rolling(shelf(tmp_path, 60.0), RUN, form)
        for packet in container.demux(stream):
            if not packet.size:
                continue
            at = round(packet.pts * packet.time_base * CLOCK)
            if round(at * FPS / CLOCK) == 15:
                rolling.interrupt("while the disk was slow", 1)
            else:
                rolling.add(Coded(bytes(packet), at, at, packet.is_keyframe))
                rolling.name(at, round(at * FPS / CLOCK))
        rolling.close()
    first, second = all_segments(tmp_path)
    assert [seq for seq, _ in first.frames] == list(range(15))
    assert [seq for seq, _ in second.frames] == list(range(20, 60))
    assert second.head.missing == "1 while the disk was slow, 4 before a key picture"
    assert rolling.state.left_out == 5


def test_a_disk_that_refuses_is_an_alarm_and_recording_goes_on_when_there_is_room(tmp_path: Path) -> None:
    now = [0.0]
    with av.open(str(film(tmp_path / "belt.mp4", 60, GROUPS["no B pictures"]))) as container:
        stream = container.streams.video[0]
        form = form_of(stream)
        assert form is not None
        blocked = tmp_path / "segments"
        blocked.write_text("a file where the folder should be")
        rolling = Rolling(shelf(tmp_path), RUN, form, clock=lambda: now[0])
        for packet in container.demux(stream):
            if packet.size:
                at = round(packet.pts * packet.time_base * CLOCK)
                if at == CLOCK:
                    assert "clips of belt cannot be written" in rolling.state.alarm
                    blocked.unlink()
                    now[0] = 100.0
                rolling.add(Coded(bytes(packet), at, at, packet.is_keyframe))
                rolling.name(at, round(at * FPS / CLOCK))
        rolling.close()
    assert rolling.state.alarm == ""
    assert [seq for segment in all_segments(tmp_path) for seq, _ in segment.frames] == list(range(30, 60))


def test_a_disk_that_is_full_in_the_middle_of_a_fragment_leaves_whole_ones(tmp_path: Path) -> None:
    source = film(tmp_path / "belt.mp4", 60, GROUPS["no B pictures"])
    with small_disk(tmp_path / "disk", 1) as disk:
        filler, alarms = fill(disk), list[str]()
        for spared in range(8, 44, 4):  # KB: the disk is full somewhere else each time
            os.truncate(filler, filler.stat().st_size - spared * 1024)
            alarms.append(recorded(source, disk).state.alarm)
            for segment in all_segments(disk):
                path = film_of(run_folder(disk, "belt", RUN), segment.head.number)
                if path.stat().st_size:
                    listed = {at - segment.head.begin: seq for seq, at in segment.frames}
                    assert all(listed.get(at, seq) == seq for at, seq in shown(path).items())
            shutil.rmtree(disk / "segments")
            fill(disk)
        assert sum("No space left" in alarm for alarm in alarms) > 3


def test_too_little_free_disk_is_left_to_the_log(tmp_path: Path) -> None:
    source = film(tmp_path / "belt.mp4", 5, GROUPS["no B pictures"])
    with av.open(str(source)) as container:
        form = form_of(container.streams.video[0])
    assert form is not None
    rolling = Rolling(shelf(tmp_path, least_free=1 << 60), RUN, form)
    rolling.add(Coded(b"", 0, 0, True))
    assert "are kept for log and evidence" in rolling.state.alarm and not all_segments(tmp_path)


class Opened:
    """A source that was opened: copies a recording, as it would a camera's stream."""

    def __init__(self, source: Path) -> None:
        self._source = source

    def copies_to(self, copying: Copying) -> None:
        with av.open(str(self._source)) as container:
            stream = container.streams.video[0]
            copying.stream(stream)
            for index, packet in enumerate(packet for packet in container.demux(stream) if packet.size):
                copying.packet(packet)
                copying.picture(packet.pts, index)


def test_an_opening_is_copied_though_the_one_before_is_not_written_yet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hangs = threading.Event()

    class Slow(Rolling):
        def close(self) -> None:
            assert hangs.wait(60)
            super().close()

    monkeypatch.setattr("stream.segments_copying.Rolling", Slow)
    source = film(tmp_path / "belt.mp4", 20, GROUPS["no B pictures"])
    copier = Copier(shelf(tmp_path, 60.0), live=True)
    try:
        for run in (RUN, RUN + 1, RUN + 2):
            copier.follow(Opened(source))  # type: ignore[arg-type]
            copier.begins(run)
        assert copier.copies and len([t for t in threading.enumerate() if t.name == "copy belt"]) <= 3
        monkeypatch.setattr("stream.segments_copying.TURN_LATE_S", -1.0)
        assert "clips of belt wait" in copier.alarm
    finally:
        hangs.set()
    copier.ends()
    assert copier._now is not None and copier._now.wait(60) and copier.alarm == ""
    newest = read_segment(run_folder(tmp_path, "belt", RUN + 2), 1)
    assert len(all_segments(tmp_path)[0].frames) == 20 and not numbers_in(run_folder(tmp_path, "belt", RUN + 1))
    assert newest is not None and len(newest.frames) == 20
    assert newest.head.missing == "20 while the disk was slow"


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(1, 9)), min_size=1, max_size=60), st.integers(-99, 99))
def test_times_only_ever_go_forward(steps: list[tuple[int, int]], begin: int) -> None:
    """Whatever a camera's clock does, and FFmpeg makes of it."""
    times, dts, last = Times(Fraction(1, 1000)), begin, -1
    for jump, step in steps:
        dts += {0: -5_000_000, 1: 5_000_000, 2: -3}.get(jump, step)
        moment = times.place(dts + 2, dts)
        if moment is not None:
            assert moment.coded > last and moment.at >= moment.coded
            assert times.of(dts + 2) == moment.at
            last = moment.coded


def test_a_first_picture_without_a_time_lies_before_the_second() -> None:
    times = Times(Fraction(1, CLOCK))
    assert times.place(None, None) is not None and times.of(None) == 0
    second = times.place(7200, 7200)
    assert second is not None and second.at > 0
    assert times.place(None, None) is None


@given(st.lists(st.binary(min_size=1, max_size=9).filter(lambda unit: unit[-1:] != b"\0"), max_size=5))
def test_units_keep_their_bytes_behind_their_lengths(units: list[bytes]) -> None:
    units = [unit for unit in units if b"\0\0" not in unit and unit[:1] not in (b"\0", b"\1")]
    coded = b"".join(b"\0\0\0\1" + unit for unit in units)
    assert with_lengths(coded) == b"".join(len(unit).to_bytes(4, "big") + unit for unit in units)


@given(st.integers(0, 1 << 40))
def test_seconds_give_their_ticks_back(at: int) -> None:
    assert ticks(json.loads(json.dumps(seconds(at)))) == at


def written(folder: Path, run: int, count: int) -> Iterator[None]:
    """Lists of segments of two seconds each, without their pictures."""
    lies = run_folder(folder, "belt", run)
    lies.mkdir(parents=True)
    for number in range(1, count + 1):
        head = {"camera": "belt", "run": run, "number": number, "begin": (number - 1) * 2 * CLOCK}
        head |= {"utc_ns": run * 1000 + (number - 1) * 2_000_000_000, "width": 32, "height": 24, "copied": True}
        lines = [head, [number * 2, 0.0], [number * 2 + 1, 2.0], {"end": ""}]
        list_of(lies, number).write_text("".join(json.dumps(line) + "\n" for line in lines))
        film_of(lies, number).touch()
    yield


def test_what_grew_while_nobody_looked_is_known_though_others_were_begun_since(tmp_path: Path) -> None:
    next(written(tmp_path, RUN, 4))
    lies = run_folder(tmp_path, "belt", RUN)
    whole = {number: list_of(lies, number).read_text() for number in range(1, 5)}
    for number in (3, 4):
        list_of(lies, number).unlink()
    for number in (1, 2):  # the writer has begun the second one, and was not done with the first
        list_of(lies, number).write_text("".join(whole[number].splitlines(keepends=True)[:2]))
    looked = RunSegments(lies, 0, 0)
    assert [len(segment.frames) for segment in looked.look()] == [1, 1]
    for number, text in whole.items():
        list_of(lies, number).write_text(text)
    assert [len(segment.frames) for segment in looked.look()] == [2, 2, 2, 2]


def test_recording_is_found_by_time_across_runs_and_page_by_page(tmp_path: Path) -> None:
    runs = (RUN, RUN + 1_000_000_000)
    for run in runs:
        next(written(tmp_path, run, 40))

    def found(since: int, until: int, after: Place | None = None) -> list[tuple[int, int]]:
        behind = after or Place(0, 0)
        heads = (one.segment.head for one in segments_between(tmp_path, "belt", since, until, behind))
        return [(head.run, head.number) for head in heads]

    second_ns = 1_000_000_000
    assert found(0, 1 << 62) == [(run, number) for run in runs for number in range(1, 41)]
    assert found(RUN * 1000 + 21 * second_ns, RUN * 1000 + 25 * second_ns) == [(RUN, n) for n in (11, 12, 13)]
    assert found(0, 1 << 62, Place(RUN, 39)) == [(RUN, 40), *((runs[1], number) for number in range(1, 41))]
    assert found(0, RUN * 1000 - 1) == [] and list(segments_between(tmp_path, "lid", 0, 1 << 62, Place(0, 0))) == []
