"""Clips of a whole line: each incident has one, and what it shows then is the frame that it says."""

from __future__ import annotations

import base64
import contextlib
import json
import re
import shutil
import signal
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest

from stream.segments import CLOCK, Segment, film_of, numbers_in, read_segment, run_folder
from stream.sources.numbered_picture import draw, read_number
from tests.browser import Page, browser, chromium_path
from tests.filmed import Film, films, incidents
from tests.line import RunningLine, alive, roles_of, rows, running, wait_for, write_line
from tests.recordings import write_recording
from tests.rtsp import RtspServer, need_rtsp_server
from tests.test_line_disk import fill, small_disk
from tools.soak_stage import BUNDLE

CLIPS = "clips:\n  enabled: on\n  pre_s: 1\n  post_s: 1\n  segment_s: 2\n"
BAD = {0, 1, 40, 55, 99}  # of 100: at the very start, two whose clips overlap, at the very end
FRAMES = 100
INCIDENTS = {(0, 1), (40, 40), (55, 55), (99, 99)}
NUMBERED = "numbered:?seed=3&size=640x480&fps=25&bad=0.03"


def recorded(path: Path) -> Path:
    pictures = (draw(number, 640, 480, bad=number in BAD) for number in range(FRAMES))
    return write_recording(path, pictures, fps=25, options={"preset": "veryfast", "crf": "18"})


def line_of(folder: Path, source: Path | str, more: str = CLIPS, camera: str = "") -> Path:
    """A line that judges such pictures."""
    file = write_line(folder, source, more, camera)
    file.write_text(re.sub(r"bundle: .*", f"bundle: {BUNDLE}", file.read_text()))
    return file


def assert_true(film: Film) -> None:
    """What the clip says is what it shows; it holds the whole incident, and its evidence."""
    assert film.burnt(read_number) == film.listed, film.path
    first, last = film.said["first_seq"], film.said["last_seq"]
    seqs = set(film.listed.values())
    assert {first, last} <= seqs, f"{film.path}: {sorted(seqs)}"


@dataclass(frozen=True)
class Filmed:
    """A line of two cameras; its clips role was killed in the middle."""

    line: RunningLine
    address: str


def without_clip(line: RunningLine) -> set[tuple[str, int, int]]:
    """The incidents of which the log says that nothing was recorded."""
    asked = "SELECT camera, run, text FROM events WHERE kind='clips'"
    said = [
        (camera, run, re.search(r"frame (\d+) has no clip", text)) for camera, run, text in rows(line.data_dir, asked)
    ]
    return {(camera, run, int(found[1])) for camera, run, found in said if found}


@pytest.fixture(scope="module")
def filmed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filmed]:
    """One camera is encoded, the other copied; the page stays up."""
    folder = tmp_path_factory.mktemp("two")
    source = recorded(folder / "lid.mp4")
    lid = f"  lid:\n    source: {json.dumps(str(source))}\n    pace: recorded\n"
    with running(line_of(folder, NUMBERED, lid + CLIPS)) as line:
        wait_for(lambda: len(incidents(line, "belt")) > 1, "incidents")
        killed = line.kill("clips")
        line.wait_beating("clips", other_than=killed)
        wait_for(lambda: len(incidents(line, "lid")) == len(INCIDENTS), "the recording's last incident")
        known = set(incidents(line, "belt"))
        wait_for(lambda: films(line.data_dir, "belt").keys() - known, "a clip of an incident after the kill")
        told = {*known, *((name) for name in incidents(line, "lid"))}
        wait_for(lambda: told <= films(line.data_dir).keys() | without_clip(line), "clips, or why there are none")
        assert not {name for name in without_clip(line) if name[0] == "lid"}, "what is copied needs no clips role"
        yield Filmed(line, re.search(r"http://\S+", line.said())[0].rstrip("/"))  # type: ignore[index]


def test_each_incident_has_a_clip_that_shows_the_frames_it_says(filmed: Filmed) -> None:
    found = films(filmed.line.data_dir)
    assert {(f.said["first_seq"], f.said["last_seq"]) for f in found.values() if f.said["camera"] == "lid"} == INCIDENTS
    assert {f.said["copied"] for f in found.values() if f.said["camera"] == "lid"} == {True}
    assert {f.said["copied"] for f in found.values() if f.said["camera"] == "belt"} == {False}
    for film in found.values():
        assert film.burnt(read_number) == film.listed, film.path


def test_a_copied_clip_holds_all_frames_from_before_the_incident_to_after_it(filmed: Filmed) -> None:
    for film in films(filmed.line.data_dir, "lid").values():
        wanted = range(max(0, film.said["first_seq"] - 25), min(FRAMES, film.said["last_seq"] + 25))
        assert set(wanted) <= set(film.listed.values()), film.path


def test_clip_and_evidence_agree_to_the_frame(filmed: Filmed) -> None:
    asked = "SELECT camera, run, first_seq, worst_seq, evidence FROM incidents WHERE evidence IS NOT NULL"
    found = films(filmed.line.data_dir)
    compared = set()
    for camera, run, first, worst, evidence in rows(filmed.line.data_dir, asked):
        film = found.get((camera, run, first))
        if film is None or worst not in film.listed.values():
            continue  # the frames of a killed role's last second, and incidents that are not over
        (picture,) = (filmed.line.data_dir / evidence).glob("frame.*")
        at = next(time_ms for time_ms, seq in film.listed.items() if seq == worst)
        kept = cv2.imread(str(picture))
        assert kept is not None and read_number(kept) == film.burnt(read_number)[at] == worst
        compared.add(camera)
    assert compared == {"belt", "lid"}


def shown_at(page: Page, time_s: float) -> int:
    """Seeks in the browser's film, and reads the number that is shown."""
    page.evaluate(
        "new Promise((done, fail) => { film.onseeked = done; film.onerror = () => fail(film.error.message);"
        f" film.currentTime = {time_s}; }})"
    )
    address = page.evaluate(
        "(() => { const sheet = document.createElement('canvas'); sheet.width = film.videoWidth;"
        " sheet.height = film.videoHeight; sheet.getContext('2d').drawImage(film, 0, 0); return sheet.toDataURL(); })()"
    )
    png = np.frombuffer(base64.b64decode(address.partition(",")[2]), np.uint8)
    picture = cv2.imdecode(png, cv2.IMREAD_COLOR)
    assert picture is not None
    return read_number(picture)


def opened(page: Page, address: str) -> None:
    """The film of that address in an element of the page, once its first picture is there."""
    page.evaluate(
        "new Promise((done, fail) => { window.film = document.createElement('video'); film.muted = true;"
        " film.onloadeddata = done; film.onerror = () => fail(film.error.message);"
        f" film.src = {json.dumps(address)}; film.preload = 'auto'; document.body.append(film); }})"
    )


def test_a_browser_plays_clips_and_seeks_in_them_to_the_frame(filmed: Filmed, tmp_path: Path) -> None:
    chromium_path()
    found = films(filmed.line.data_dir)
    with browser(tmp_path) as chromium:
        page = chromium.open(f"{filmed.address}/")
        for camera in ("belt", "lid"):
            film = max((f for name, f in found.items() if name[0] == camera), key=lambda f: len(f.listed))
            opened(page, f"{filmed.address}/{film.path.relative_to(filmed.line.data_dir)}")
            frames = film.said["frames"]
            for place in (len(frames) // 2, 0, len(frames) - 1, 3):
                seq, time_s = frames[place]
                assert shown_at(page, time_s + 0.0005) == seq, film.path
            page.evaluate("film.currentTime = 0, film.play()")
            page.until("film.currentTime > 0.3")


def test_a_browser_plays_what_a_killed_recording_leaves_and_seeks_in_it(filmed: Filmed, tmp_path: Path) -> None:
    """A segment as it stands while it is written, under an address that stays."""
    chromium_path()
    data_dir = filmed.line.data_dir
    ((run,),) = rows(data_dir, "SELECT run FROM runs WHERE camera='belt'")
    folder = run_folder(data_dir, "belt", run)

    taken = tmp_path / "taken.mp4"

    def half_written() -> Segment | None:
        segment = read_segment(folder, max(numbers_in(folder), default=0))
        if segment is None or not segment.to or not segment.frames or segment.ended:
            return None
        with contextlib.suppress(FileNotFoundError):  # gone since it was read: no clip needs it any more
            shutil.copy(film_of(folder, segment.head.number), taken)
            return segment
        return None

    segment = wait_for(half_written, "a segment that is being written")
    served = data_dir / "clips" / "taken" / "1" / "1.mp4"
    try:
        served.parent.mkdir(parents=True)
        shutil.copy(taken, served)
        with browser(tmp_path) as chromium:
            page = chromium.open(f"{filmed.address}/")
            opened(page, f"{filmed.address}/clips/taken/1/1.mp4")
            whole = [(seq, at) for seq, at in segment.frames if at <= segment.to]
            for seq, at in (whole[0], whole[-1], whole[len(whole) // 2]):
                assert shown_at(page, (at - segment.head.begin) / CLOCK + 0.0005) == seq
    finally:
        shutil.rmtree(served.parents[1])


def test_films_are_given_in_ranges_and_nothing_else_is(filmed: Filmed) -> None:
    film = next(iter(films(filmed.line.data_dir, "lid").values()))
    name = film.path.relative_to(filmed.line.data_dir)
    asked = urllib.request.Request(f"{filmed.address}/{name}", headers={"Range": "bytes=4-11"})
    with urllib.request.urlopen(asked, timeout=60) as answer:
        assert (answer.status, answer.read()) == (206, film.path.read_bytes()[4:12])
        assert answer.headers["Content-Type"] == "video/mp4"
    with urllib.request.urlopen(f"{filmed.address}/{name.with_suffix('.json')}", timeout=60) as answer:
        assert json.loads(answer.read()) == film.said
    for wrong in ("lid/1/../../log.sqlite", "lid/1/log.sqlite", "lid/..%2f..%2f/1.mp4", "a/1/1.mp4"):
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(f"{filmed.address}/clips/{wrong}", timeout=60)
        with refused.value:
            assert refused.value.code in (400, 404), wrong


def test_segments_that_no_clip_needs_are_gone(filmed: Filmed) -> None:
    """A second before an incident, in segments of two: of a run that goes on a few are enough."""
    line = filmed.line
    ((run,),) = rows(line.data_dir, "SELECT run FROM runs WHERE camera='belt'")
    folder = run_folder(line.data_dir, "belt", run)
    wait_for(lambda: min(numbers_in(folder), default=0) > 2, "the first ones to go")
    wait_for(lambda: not list((line.data_dir / "segments" / "lid").glob("*/*.mp4")), "those of a run that has ended")


def test_an_rtsp_camera_is_copied_continuously_also_when_its_capture_is_killed(tmp_path: Path) -> None:
    need_rtsp_server()
    more = "clips:\n  pre_s: 1\n  post_s: 1\n  segment_s: 1\n  continuous: true\n"
    with (
        RtspServer(recorded(tmp_path / "belt.mp4")) as server,
        running(line_of(tmp_path, server.address, more, camera="silent_after_s: 20")) as line,
    ):
        wait_for(lambda: len(lying(line)) > 2, "incidents on the disk")
        sure = lying(line)
        line.kill("capture belt")
        wait_for(lambda: len({run for _, run, _ in incidents(line, "belt")}) > 1, "an incident of a second run")
        line.process.send_signal(signal.SIGTERM)
        line.summary()
        first_run = min(run for _, run, _ in incidents(line, "belt"))
        found = films(line.data_dir)
        missing = set(incidents(line, "belt")) - found.keys()
    assert all(film.said["copied"] for film in found.values()), line.said()
    # Of what the capture had in hand when it was killed, the last second may be nowhere; all else has its clip.
    assert {run for _, run, _ in missing} <= {first_run} and not missing & sure, line.said()
    numbers = {}
    for film in found.values():
        for time_ms, number in film.burnt(read_number).items():
            seq = film.listed.get(time_ms)
            if seq is not None:
                numbers[film.said["run"], seq] = number
    for run in {run for run, _ in numbers}:
        begin = {(number - seq) % FRAMES for (of, seq), number in numbers.items() if of == run}
        assert len(begin) == 1, "each frame of a run shows the number that its place in the run says"
    for run in {run for _, run, _ in incidents(line, "belt")}:
        folder = run_folder(line.data_dir, "belt", run)
        kept = [read_segment(folder, number) for number in numbers_in(folder)]
        assert kept and all(segment and film_of(folder, segment.head.number).stat().st_size for segment in kept)


def test_a_line_that_is_killed_makes_its_clips_at_the_next_start(tmp_path: Path) -> None:
    file = line_of(tmp_path, recorded(tmp_path / "belt.mp4"), camera="pace: recorded")
    with running(file) as line:
        wait_for(lambda: 40 in on_disk(line.data_dir), "the second incident on the disk")
        wait_for(lambda: line.judged() > 60, "frames after it")
        children = roles_of(line.process.pid)
        line.process.kill()
        wait_for(lambda: not [pid for pid in children.values() if alive(pid)], "the end of all of them")
    killed, kept = set(incidents(line, "belt")), on_disk(line.data_dir)
    with running(file, "--set", "camera.pace=fast") as line:
        line.summary()
    found = films(line.data_dir)
    sure = {name for name in killed if name[2] in kept}  # the last second may be nowhere
    assert sure and sure | (set(incidents(line, "belt")) - killed) <= found.keys(), line.said()
    for name in sure:
        assert_true(found[name])


def lying(line: RunningLine) -> set[tuple[str, int, int]]:
    """The incidents of the camera's only run whose first frame lies on the disk for certain."""
    known, kept = incidents(line, "belt"), on_disk(line.data_dir)
    return {name for name in known if name[2] in kept}


def on_disk(data_dir: Path) -> set[int]:
    """Of the camera's only run: what its segments hold for certain, whatever is killed, and what was filmed already."""
    folders = (data_dir / "segments" / "belt").glob("*")
    kept = [read_segment(folder, number) for folder in folders for number in numbers_in(folder)]
    recorded = {seq for one in kept if one and one.to is not None for seq, at in one.frames if at < one.to}
    return recorded | {first_seq for _, _, first_seq in films(data_dir)}


def test_a_full_disk_is_an_alarm_and_the_line_does_not_notice(tmp_path: Path) -> None:
    more = CLIPS + "recorder:\n  evidence_min_free_mb: 1\n"
    with small_disk(tmp_path / "data", 24), running(line_of(tmp_path, NUMBERED, more)) as line:
        wait_for(lambda: line.judged() > 30, "the first verdicts")
        filler = fill(line.data_dir)
        wait_for(lambda: "ALARM" in line.said() and "clips" in line.said(), "the alarm")
        filler.unlink()
        known = films(line.data_dir).keys()
        wait_for(lambda: films(line.data_dir).keys() - known, "a clip once there is room")
        for name in films(line.data_dir).keys() - known:
            film = films(line.data_dir)[name]
            assert film.burnt(read_number) == film.listed, "also where the incident began while the disk was full"
            assert set(range(name[2], film.said["last_seq"] + 1)) & set(film.listed.values())
        line.process.send_signal(signal.SIGTERM)
        camera = line.summary()["cameras"]["belt"]
    assert camera["ledger_closed"] and "Traceback" not in line.said(), line.said()
