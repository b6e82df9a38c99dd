"""What the role `clips` leaves to the next start of the line when it is stopped."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from stream.bookkeeping import Bookkeeping
from stream.clips import Clips
from stream.clips_making import Making
from stream.defect_log import DefectLog
from stream.keeping import clip_file
from stream.links import Links
from stream.messages import CameraStatus
from stream.places import Places
from stream.segments import film_of, run_folder
from stream.settings import CameraSettings, ClipSettings, LineSettings
from tests.frames import RUN, judged, report
from tests.test_clips import at, coded


@dataclass
class Clock:
    now_s: float = 0.0

    def __call__(self) -> float:
        self.now_s += 100.0
        return self.now_s


def line_whose_run_is_over(folder: Path, frames: int, bad: set[int]) -> LineSettings:
    """Each BAD frame is an incident of its own."""
    log = DefectLog(folder)
    books = Bookkeeping("s", "r", 10, lambda _camera, _run: None)
    books.report(report(frames))
    for seq in range(frames):
        books.judged(judged(seq, "BAD" if seq in bad else "GOOD"))
    books.report(report(frames, ended=True))
    log.write(books.take().batch)
    log.close()
    return LineSettings((CameraSettings("belt", "synthetic:"),), folder, clips=ClipSettings(enabled="on"))


def test_why_an_incident_has_no_clip_is_said_by_the_next_start_where_nobody_hears_it_any_more(tmp_path: Path) -> None:
    line = line_whose_run_is_over(tmp_path, 12, {5})
    ending = Making(line, "s", Clock(), ending=True)
    assert [ending.turn().said for _ in range(3)] == [(), (), ()]
    after = Making(line, "another start", Clock())
    said = [one for _ in range(3) for one in after.turn().said]
    assert said == [("belt", RUN, "incident of frame 5 has no clip: none of its pictures was recorded")]


@pytest.mark.parametrize(
    ("camera", "said"),
    [
        (CameraSettings("belt", "/srv/pictures"), ["for all of it set pace: recorded", "3 of its pictures are in no"]),
        (CameraSettings("belt", "/srv/pictures", pace="recorded"), ["3 of its pictures are in no film"]),
    ],
    ids=["as fast as can be", "at its pace"],
)
def test_of_a_recording_that_is_encoded_it_is_said_that_clips_may_lack_pictures_and_at_the_end_how_many(
    camera: CameraSettings, said: list[str], tmp_path: Path, places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    line, links, events = LineSettings((camera,), tmp_path, clips=ClipSettings(enabled="on")), Links(), []
    clips = Clips(line, places, links, "s")
    monkeypatch.setattr(clips._recorder, "send", events.append)
    clips._take(CameraStatus("belt", 1, "running", "", 9, 25.0, 0, 0.0, {}, 0, live=False, copies=False), 0.0)
    clips._watched["belt"].left_out["the processor was short"] = 3
    clips.end(lambda: None, 0.0)
    clips.close()
    links.flush_and_close(0.0)
    assert [(event.kind, event.camera) for event in events] == [("clips", "belt")] * len(said)
    assert all(text in event.text for text, event in zip(said, events, strict=True))


@pytest.mark.parametrize("unseen", [2, 38], ids=["before it", "after it"])
def test_at_the_end_of_the_line_an_incident_without_pictures_keeps_no_other_clip_from_being_made(
    tmp_path: Path, unseen: int
) -> None:
    line = line_whose_run_is_over(tmp_path, 40, {unseen, 15})
    folder = run_folder(tmp_path, "belt", RUN)
    folder.mkdir(parents=True)
    coded(folder, (0, at(10)))  # frames 10 to 29
    ending = Making(line, "s", Clock(), ending=True)
    turns = [ending.turn() for _ in range(4)]
    assert sum(turn.made for turn in turns) == 1 and not turns[-1].busy
    assert [turn.said for turn in turns] == [()] * 4
    clip = tmp_path / clip_file("belt", RUN, 15, 1)
    assert clip.exists()
    after = Making(line, "another start", Clock())
    said = [one for _ in range(4) for one in after.turn().said]
    assert said == [("belt", RUN, f"incident of frame {unseen} has no clip: none of its pictures was recorded")]
    assert clip.exists() and not film_of(folder, 1).exists()
