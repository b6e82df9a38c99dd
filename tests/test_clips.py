"""Which clips are due, and what of a recording may go. Pure."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.clips_cameras import may_be_copied, wanted
from stream.clips_check import look_at_clips
from stream.clips_cutting import CutError, alike, cut, until
from stream.clips_due import LONGEST_S, Done, Plan, Recording, Wish, plan, segments_for
from stream.clips_log import EVER, Extent, RunState
from stream.clips_places import clipped, shelf_of
from stream.doctor.film_growth import clips_a_day, recording_a_day
from stream.hosts import services
from stream.lineup import tasks_of
from stream.segments import CLOCK, Head, Segment, film_of, list_of, read_segment, run_folder, ticks
from stream.segments_encoding import Encoder
from stream.segments_writing import Coded, SegmentFile
from stream.settings import CameraSettings, ClipSettings, HostSettings, KeptSettings, LineSettings, RetentionSettings

GAP = 3
CLIPS = ClipSettings(pre_s=2, post_s=1)
FPS = 10


def at(seq: float) -> int:
    return round(seq * CLOCK / FPS)


def recording(*seqs: int, ended: bool = False) -> Recording:
    return Recording(tuple((seq, at(seq)) for seq in seqs), at(max(seqs, default=0)), ended)


def planned(
    incidents: Sequence[tuple[int, int]], settled: int, frames: Recording, done: Done | None = None, ended: bool = False
) -> Plan:
    extents = tuple(Extent(first, last) for first, last in incidents)
    return plan(RunState(ended, settled, extents), frames, done or Done(), GAP, CLIPS)


def spans(found: Plan) -> list[tuple[int, int, int]]:
    """First frame, begin and end in frames."""
    return [(w.incident.first_seq, round(w.begin * FPS / CLOCK), round(w.end * FPS / CLOCK)) for w in found.due]


def test_an_incident_is_filmed_once_its_gap_has_passed_and_what_follows_is_recorded() -> None:
    assert spans(planned([(50, 52)], 55, recording(*range(70)))) == [], "a BAD frame may still join it"
    assert spans(planned([(50, 52)], 56, recording(*range(60)))) == [], "what follows is not recorded yet"
    found = planned([(50, 52)], 56, recording(*range(63)))
    assert spans(found) == [(50, 30, 62)] and found.done == Done(51)


def test_a_run_that_has_ended_waits_for_nothing() -> None:
    found = planned([(0, 0), (62, 62)], 63, recording(*range(63), ended=True), ended=True)
    assert [first for first, *_ in spans(found)] == [0, 62] and found.over and found.needed_from == EVER
    assert spans(planned([(62, 62)], 63, recording(*range(63)), ended=True)) == [], "the rest may still be written"


def test_a_long_incident_comes_in_parts_while_it_lasts() -> None:
    long = round(LONGEST_S * FPS)
    found = planned([(50, 50 + long + 5)], 100, recording(*range(60 + long)))
    assert spans(found) == [(50, 30, 50 + long)] and found.done == Done(50, 1)
    found = planned([(50, 50 + long + 5)], long + 80, recording(*range(long + 80)), Done(50, 1))
    assert [(w.part, round(w.begin * FPS / CLOCK)) for w in found.due] == [(2, 50 + long)] and found.done == Done(51)


def test_an_incident_of_which_nothing_was_recorded_is_said_and_not_waited_for() -> None:
    frames = recording(*range(40), *range(60, 90))
    found = planned([(50, 52), (70, 70)], 80, frames)
    assert found.unseen == (Extent(50, 52),) and spans(found) == [(70, 50, 80)]
    assert planned([(50, 52)], 80, recording(*range(40))).unseen == (), "it may still come"


def test_an_incident_that_was_recorded_in_part_begins_with_what_is_there() -> None:
    assert spans(planned([(50, 55)], 80, recording(*range(20), *range(54, 90)))) == [(50, 34, 65)]


incident_lists = st.lists(st.tuples(st.integers(1, 30), st.integers(0, 8)), max_size=6)


@given(steps=incident_lists, settled=st.integers(0, 250), reach=st.integers(1, 250), gaps=st.sets(st.integers(0, 250)))
def test_what_a_later_clip_needs_is_never_let_go(
    steps: list[tuple[int, int]], settled: int, reach: int, gaps: set[int]
) -> None:
    """Whatever is not filmed yet, or may begin from here on, has its time before it."""
    incidents, seq = [], 0
    for step, length in steps:
        first = seq + step + GAP
        incidents.append((first, first + length))
        seq = first + length
    frames = recording(*(set(range(reach)) - gaps))
    known = [(first, last) for first, last in incidents if first < settled]
    found = planned(known, settled, frames)
    filmed = {wish.incident.first_seq for wish in found.due} | {extent.first_seq for extent in found.unseen}
    for first, last in [(first, last) for first, last in known if first not in filmed] + [(settled, settled)]:
        own = [frame for frame, _ in frames.frames if first <= frame <= last][:1]
        if shown := own or [frame for frame, _ in frames.frames if frame < first][-1:]:
            assert found.needed_from <= at(shown[0]) - ticks(CLIPS.pre_s)


def segment(number: int, first: int, stop: int, width: int = 320) -> Segment:
    head = Head("belt", 1, number, at(first), 0, width, 240, True)
    return Segment(head, tuple((seq, at(seq)) for seq in range(first, stop)), at(stop - 1), ended=True)


def wish(first: int, begin: int, end: int) -> Wish:
    return Wish(Extent(first, first), 1, at(begin), at(end), Done(first + 1))


def test_a_clip_is_cut_from_the_segments_that_hold_it() -> None:
    all_of_them = [segment(number, number * 10, number * 10 + 10) for number in range(8)]

    def numbers(begin: int, end: int) -> list[int]:
        return [one.head.number for one in segments_for(all_of_them, wish(40, begin, end))]

    assert numbers(35, 52) == [3, 4, 5] and numbers(30, 39) == [3] and numbers(-20, 5) == [0]
    assert numbers(35, 9999) == [3, 4, 5, 6, 7]


def coded(folder: Path, begins: Sequence[int]) -> tuple[Segment, ...]:
    """Segments of ten encoded pictures each, a second long, that lie at these ticks."""
    encoder, black = Encoder(64, 48), np.zeros((48, 64, 3), np.uint8)
    pictures = list(chain.from_iterable(encoder.encode(black, at(n)) for n in range(10)))
    encoder.close()
    segments = []
    for number, begin in enumerate(begins, 1):
        head = Head("belt", 1, number, begin, 0, 64, 48, False)
        file = SegmentFile(folder, head, encoder.form)
        for picture in pictures:
            file.add(replace(picture, at=picture.at + begin, coded=picture.coded + begin))
            file.name(picture.at + begin, number * 10 + picture.at * FPS // CLOCK)
        file.close()
        segments.append(read_segment(folder, number))
    return tuple(segment for segment in segments if segment is not None)


def test_a_film_that_cannot_be_cut_is_no_fault_of_the_disk(tmp_path: Path) -> None:
    whole = cut(tmp_path, coded(tmp_path, (0, at(10))), wish(15, 0, at(20)), tmp_path / "whole.mp4")
    assert len(whole.frames) == 20
    overlap = tmp_path / "overlap"
    overlap.mkdir()
    with pytest.raises(CutError, match="cannot be put together"):  # its times go back
        cut(overlap, coded(overlap, (0, at(5) + 7)), wish(15, 0, at(20)), tmp_path / "15.mp4")
    assert not [path.name for path in tmp_path.iterdir() if "15" in path.name]


def test_of_a_film_that_was_torn_a_clip_holds_whole_pictures_and_is_of_its_incident_or_is_none(tmp_path: Path) -> None:
    segments = coded(tmp_path, (0, at(10)))
    torn = film_of(tmp_path, 2)
    os.truncate(torn, torn.stat().st_size - 5)  # within its last picture
    there = cut(tmp_path, segments, wish(15, 0, at(20)), tmp_path / "15.mp4")
    assert [seq for seq, _ in there.frames] == list(range(10, 29))
    with av.open(str(tmp_path / "15.mp4")) as clip:
        assert sum(1 for _ in clip.decode(video=0)) == 19
    with pytest.raises(CutError, match="none of its pictures lies whole on the disk"):
        cut(tmp_path, segments, wish(29, 0, at(20)), tmp_path / "29.mp4")
    assert not [path.name for path in tmp_path.iterdir() if "29" in path.name]


def test_a_disk_that_is_full_is_not_told_as_a_film_that_cannot_be_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        av.error.err_check(-errno.ENOSPC)

    monkeypatch.setattr("stream.clips_cutting._copy", full)
    with pytest.raises(OSError, match="No space left") as caught:
        cut(tmp_path, coded(tmp_path, (0,)), wish(15, 0, at(20)), tmp_path / "15.mp4")
    assert not isinstance(caught.value, CutError)


def test_pictures_of_another_size_are_no_part_of_a_clip() -> None:
    sizes = [320, 320, 640, 640, 320]
    mixed = [segment(number, number * 10, number * 10 + 10, width) for number, width in enumerate(sizes)]
    assert [s.head.number for s in alike(mixed, wish(25, 5, 45))] == [2, 3]
    assert [s.head.number for s in alike(mixed, wish(12, 5, 45))] == [0, 1]


def test_a_clip_goes_from_its_key_picture_to_the_last_that_is_shown_in_time() -> None:
    order = [(0, True), (3, False), (1, False), (2, False), (6, True), (4, False), (5, False), (9, False), (7, False)]
    pictures = [Coded(b"", shown, coded, key) for coded, (shown, key) in enumerate(order)]
    assert [p.at for p in until(iter(pictures), 0, 4)] == [0, 3, 1, 2, 6, 4], "with what those that are shown copy from"
    assert [p.at for p in until(iter(pictures), 6, 7)] == [6, 9, 7], "without what copies from before"


CAMERAS = {
    "rtsp": ("rtsp://10.0.0.1/a", {"auto", "on"}, True),
    "file": ("belt.mp4", {"on"}, True),
    "usb": ("/dev/video0", {"on"}, False),
    "folder": ("watch:inbox", {"on"}, False),
    "drawn": ("synthetic:", {"on"}, False),
}


@pytest.mark.parametrize(("source", "words", "copied"), CAMERAS.values(), ids=CAMERAS)
@pytest.mark.parametrize("word", ["auto", "on", "off"])
def test_clips_are_made_of_what_costs_nothing_and_of_all_where_that_is_wished(
    source: str, words: set[str], copied: bool, word: str
) -> None:
    camera = CameraSettings("belt", source)
    line = LineSettings((camera,), clips=ClipSettings(enabled=word))
    assert bool(wanted(line)) == bool(clipped(line)) == (word in words)
    assert (shelf_of(line, camera) is not None) == (word in words)
    assert may_be_copied(camera) == copied
    assert ("clips" in {task.name for task in tasks_of(line, "s", -1)}) == (word in words)
    assert any("clips" in service.users for service in services(line)) == (word in words)


def test_a_camera_whose_capture_lives_elsewhere_has_no_clips() -> None:
    hosts = (HostSettings("line", "10.0.0.1"), HostSettings("far", "10.0.0.2", ("capture lid",)))
    cameras = (CameraSettings("belt", "rtsp://10.0.0.9/a"), CameraSettings("lid", "rtsp://10.0.0.9/b"))
    assert [camera.name for camera in clipped(LineSettings(cameras, hosts=hosts))] == ["belt"]


def test_recording_that_nothing_bounds_is_warned_of() -> None:
    line = LineSettings((CameraSettings("belt", "rtsp://10.0.0.9/a"),), clips=ClipSettings(continuous=True))
    assert ["nothing bounds it" in finding.text for finding in look_at_clips(line)] == [True]
    bounded = replace(line, retention=RetentionSettings(segments=KeptSettings(gb=100.0)))
    assert not list(look_at_clips(bounded)) and not list(look_at_clips(replace(line, clips=ClipSettings())))
    drawn = replace(line, cameras=(CameraSettings("belt", "synthetic:"),))
    assert ["set clips.enabled: on" in finding.text for finding in look_at_clips(drawn)] == [True]


def test_the_growth_of_films_is_told_by_what_was_written(tmp_path: Path) -> None:
    second_ns, now_ns = 10**9, 1_790_000_000 * 10**9
    folder = run_folder(tmp_path, "belt", 1)
    folder.mkdir(parents=True)
    for number in range(1, 62):
        list_of(folder, number).write_text(json.dumps({}))
        film_of(folder, number).write_bytes(bytes(8192))
        written_ns = now_ns + number * 4 * second_ns
        os.utime(film_of(folder, number), ns=(written_ns, written_ns))
    assert recording_a_day(tmp_path, now_ns) == pytest.approx(86_400 / 4 * 8192)
    assert recording_a_day(tmp_path, now_ns + 10**15) == recording_a_day(tmp_path / "none", 0) == 0.0
    clip = tmp_path / "clips" / "belt" / "1" / "7.mp4"
    clip.parent.mkdir(parents=True)
    clip.write_bytes(bytes(8192))
    assert clips_a_day(tmp_path, 0, 2.0) == 4096
