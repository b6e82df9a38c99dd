"""Stored pictures of a challenge: their folder may hang, go away or change, and the recorder's turns go on."""

from __future__ import annotations

import errno
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from msgspec.structs import replace

from stream.challenge import (
    CAUGHT,
    MISSED,
    UNDECIDED,
)
from stream.challenge_verdicts import of_outcome
from stream.settings import ChallengeSettings
from tests.frames import report
from tests.line import DEADLINE_S
from tests.played_challenge import Played, challenged, far_ahead, red_picture


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    return red_picture(tmp_path)


def folder_that(answers: Callable[[], object], folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Path.iterdir

    def iterdir(path: Path) -> Iterator[Path]:
        if path == folder:
            answers()
        return real(path)

    monkeypatch.setattr(Path, "iterdir", iterdir)


def stale() -> None:
    raise OSError(errno.ESTALE, "Stale file handle")


def test_a_stale_share_is_an_outcome_and_no_fall_of_the_recorder(
    tmp_path: Path, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder_that(stale, pictures, monkeypatch)
    played = Played(tmp_path, ChallengeSettings(pictures=pictures))
    played.act(far_ahead())
    played.commit()
    played.die()
    played.look()
    played.commit()
    assert played.results() == [(UNDECIDED, "")]
    assert "Stale file handle" in played.desk.alarms[0]
    played.log.close()


def test_a_share_that_hangs_holds_up_no_turn_and_one_thread_alone(
    tmp_path: Path, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = threading.Event()
    folder_that(lambda: there.wait(DEADLINE_S), pictures, monkeypatch)
    played = Played(tmp_path, ChallengeSettings(pictures=pictures, deadline_s=1))
    for n in (0, 1):
        act = replace(far_ahead(n), utc_ns=time.time_ns() + n)
        played.act(act)
        played.turn()
        played.desk._since_s[act.id] -= 2
        played.turn()
    played.commit()
    assert [thread.name for thread in threading.enumerate()].count("challenge") == 1
    assert [result for result, _ in played.results()] == [UNDECIDED, UNDECIDED]
    assert "have not answered" in played.desk.alarms[0] and "since the challenge before" in played.desk.alarms[1]
    there.set()
    played.look()
    played.log.close()


def test_a_picture_that_is_added_meanwhile_changes_nothing(tmp_path: Path, pictures: Path) -> None:
    played = Played(tmp_path, ChallengeSettings(pictures=pictures))
    act = far_ahead()
    played.act(act)
    played.look()
    for name in ("a.png", "zz.png"):
        (pictures / name).touch()
    run = act.utc_ns // 1000
    played.desk._asked_s.clear()
    played.look()
    assert {asked.picture for asked in played.asked} == {"red.png"}
    played.commit()
    played.die()
    played.books.report(replace(report(1, run=run), source="challenge:red.png"))
    played.books.judged(challenged(run))
    played.look()
    played.commit()
    assert played.results() == [(CAUGHT, "red.png")], "a successor holds on to what capture has shown"
    played.log.close()


@pytest.mark.parametrize(("box", "result"), [((10, 20, 30, 40), CAUGHT), ((50, 60, 90, 90), MISSED)])
def test_a_verdict_that_comes_before_a_successor_has_seen_the_mask_waits_for_it(
    tmp_path: Path, pictures: Path, box: tuple[int, int, int, int], result: str
) -> None:
    white = np.zeros((240, 320, 3), np.uint8)
    white[box[1] : box[3], box[0] : box[2]] = 255
    cv2.imwrite(str(pictures / "red_mask.png"), white)
    played = Played(tmp_path, ChallengeSettings(pictures=pictures))
    act = far_ahead()
    played.act(act)
    played.commit()
    played.die()
    played.books.judged(challenged(act.utc_ns // 1000))
    played.look()
    played.commit()
    assert [found for found, _ in played.results()] == [result]
    played.log.close()


def test_bad_on_record_alone_is_not_caught_where_a_mask_says_where() -> None:
    assert of_outcome("BAD", sure=False).result == UNDECIDED
    assert of_outcome("GOOD", sure=False).result == MISSED
