"""The soak's checker of clips: each break is found, and no other."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from stream.sources.numbered_picture import draw
from tests.recordings import write_recording
from tests.test_soak_check_around import EYE, with_fault
from tests.test_soak_check_people import LOOK, RUN, act, spoken
from tools.soak_check_facts import Soak


@pytest.fixture
def filmed(tmp_path: Path) -> Soak:
    """An incident with its clip, as the role makes it."""
    soak = spoken()
    incident = soak.log.incidents[0]
    seqs = [n for n in range(max(0, incident.first_seq - 2), incident.last_seq + 3) if EYE.shown(n) == n]
    folder = tmp_path / "clips" / "eye" / str(RUN)
    folder.mkdir(parents=True)
    film = write_recording(folder / "film.mp4", (draw(n, 320, 240, bad=False) for n in seqs), 10)
    film.rename(folder / f"{incident.first_seq}.mp4")
    said = {"camera": "eye", "run": RUN, "first_seq": incident.first_seq, "part": 1}
    said["frames"] = [[seq, at / 10] for at, seq in enumerate(seqs)]
    (folder / f"{incident.first_seq}.json").write_text(json.dumps(said))
    rows = tuple(r for r in soak.log.rows if r.camera == "eye" and incident.first_seq <= r.seq <= incident.last_seq)
    return replace(soak, filmed=("eye",), data_dir=tmp_path, log=replace(soak.log, rows=rows))


def clip_of(soak: Soak) -> Path:
    assert soak.data_dir is not None
    return next((soak.data_dir / "clips").glob("*/*/*.mp4"))


def swap_frames(soak: Soak) -> None:
    path = clip_of(soak).with_suffix(".json")
    said = json.loads(path.read_text())
    said["frames"] = [[seq + 1, at] for seq, at in said["frames"]]
    path.write_text(json.dumps(said))


def tear(soak: Soak) -> None:
    clip_of(soak).write_bytes(clip_of(soak).read_bytes()[:300])


def lose(soak: Soak) -> None:
    for path in (clip_of(soak).with_suffix(".json"), clip_of(soak)):
        path.unlink()


def leave_a_half(soak: Soak) -> None:
    path = clip_of(soak).with_name(".99.mp4.partial")
    path.touch()
    os.utime(path, (1, 1))


@pytest.mark.parametrize(
    ("tamper", "name"),
    [(swap_frames, "clips"), (tear, "clips"), (lose, "clips"), (leave_a_half, "half films")],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_what_is_wrong_with_films_is_found(filmed: Soak, tamper: Callable[[Soak], None], name: str) -> None:
    assert {one: LOOK[one](filmed).breaks for one in ("clips", "half films")} == {"clips": (), "half films": ()}
    tamper(filmed)
    assert LOOK[name](filmed).breaks


def test_a_clip_may_be_left_to_the_next_start_unless_the_role_was_done_with_the_run(filmed: Soak) -> None:
    lose(filmed)
    stopped = replace(filmed, journal=replace(filmed.journal, end_s=130.0))
    assert filmed.data_dir is not None
    recording = filmed.data_dir / "segments" / "eye" / str(RUN)
    recording.mkdir(parents=True)
    assert not LOOK["clips"](stopped).breaks
    assert LOOK["clips"](filmed).breaks  # long before the end
    (recording / "over").touch()
    assert LOOK["clips"](stopped).breaks
    at_s = (stopped.log.rows[-1].captured_mono_ns or 0) / 1e9
    assert not LOOK["clips"](with_fault("kill", "record", at_s + 5)(stopped)).breaks
    assert LOOK["clips"](with_fault("kill", "display", at_s + 5)(stopped)).breaks


def test_a_copied_film_may_show_an_older_picture_where_the_recording_was_damaged(filmed: Soak) -> None:
    swap_frames(filmed)
    unknown = tuple(replace(filmed.log.rows[0], seq=seq, state="UNKNOWN", score=None) for seq in range(200))
    damaged = replace(filmed, log=replace(filmed.log, rows=(*filmed.log.rows, *unknown)))
    assert LOOK["clips"](damaged).breaks
    assert not LOOK["clips"](with_fault("corrupt recording", "eye", 0.0)(damaged)).breaks


def test_a_clip_that_retention_took_is_no_break_unless_people_hold_it(filmed: Soak) -> None:
    lose(filmed)
    gone = act(90, "r", "delete", "clips", {"count": 1, "bytes": 9, "from_utc_ns": 1, "to_utc_ns": 2}, "system")
    taken = replace(filmed, log=replace(filmed.log, acts=(gone,)))
    assert LOOK["clips"](taken).breaks  # its incident was reviewed
    nobody = tuple(replace(one, review="", pinned=0) for one in taken.log.incidents)
    assert not LOOK["clips"](replace(taken, log=replace(taken.log, incidents=nobody))).breaks
