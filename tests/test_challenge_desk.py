"""Challenges at the recorder: none is lost with it, none is a product, each comes out in words."""

from __future__ import annotations

import time
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from stream.challenge import (
    CAUGHT,
    KIND,
    REFUSED,
    SECOND_NS,
    UNDECIDED,
    Wish,
)
from stream.challenge_log import ACKNOWLEDGED, ACTS, FOR_EVER, LOOKED_AT
from stream.defect_log import DefectLog
from stream.log_reading import open_for_reading
from stream.messages import Act, Challenge, Event
from stream.settings import ChallengeSettings
from stream.web.alarm_desk import QUESTION
from tests.frames import judged, report
from tests.played_challenge import Played, challenged, far_ahead, red_picture, wish


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    return red_picture(tmp_path)


@pytest.mark.parametrize("die_at", ["begun", "judged", "never"])
def test_a_killed_recorder_loses_no_challenge(tmp_path: Path, pictures: Path, die_at: str) -> None:
    played = Played(tmp_path, ChallengeSettings(pictures=pictures))
    act = far_ahead()
    played.act(act)
    played.look()
    played.commit()
    run = played.asked[0].run
    assert played.asked[0] == Challenge("belt", act.utc_ns // 1000, "red.png")
    if die_at == "begun":
        played.die()
        played.look()
        assert played.asked[-1] == played.asked[0]
    played.books.judged(challenged(run))
    if die_at == "judged":
        played.die()
        played.books.judged(challenged(run))
    played.commit()
    played.books.judged(challenged(run))
    if die_at == "judged":
        played.look()
    played.commit()
    assert played.results() == [(CAUGHT, "red.png")]
    played.log.close()


def test_a_challenge_is_no_product(tmp_path: Path, pictures: Path) -> None:
    played = Played(tmp_path, ChallengeSettings(pictures=pictures))
    act = far_ahead()
    played.act(act)
    played.books.judged(challenged(act.utc_ns // 1000))
    played.books.report(report(1, run=act.utc_ns // 1000, ended=True))
    played.commit()
    db = open_for_reading(tmp_path)
    tables = {t: db.execute(f"SELECT count(*) FROM {t}").fetchone()[0] for t in ("verdicts", "incidents", "minutes")}
    ledger = db.execute("SELECT outcome, stop FROM ledger").fetchall()
    db.close()
    assert (tables, ledger) == ({"verdicts": 0, "incidents": 0, "minutes": 0}, [("BAD", 1)])
    played.log.close()


@pytest.mark.parametrize("step_s", [-7200, 7200])
def test_a_step_of_the_wall_clock_ends_no_challenge_and_keeps_none_open(
    tmp_path: Path, pictures: Path, monkeypatch: pytest.MonkeyPatch, step_s: int
) -> None:
    played = Played(tmp_path, ChallengeSettings(pictures=pictures, deadline_s=10))
    true_ns, true_s = time.time_ns(), time.monotonic()
    for n, passed_s in enumerate((5, 10.5)):
        act = replace(wish(n), utc_ns=true_ns + n * SECOND_NS)
        played.act(act)
        played.look()
        monkeypatch.setattr("time.time_ns", lambda: true_ns + step_s * SECOND_NS)
        monkeypatch.setattr("time.monotonic", lambda later_s=passed_s: true_s + 60 + later_s)
        played.desk._since_s[act.id] = true_s + 60
        played.turn()
        if passed_s < 10:
            played.books.judged(challenged(act.utc_ns // 1000))
        played.commit()
        monkeypatch.undo()
    assert [result for result, _ in played.results()] == [UNDECIDED, CAUGHT]
    played.log.close()


def test_a_miss_is_an_alarm_until_somebody_knows_of_it_also_after_a_kill(tmp_path: Path, pictures: Path) -> None:
    played = Played(tmp_path, ChallengeSettings(pictures=pictures))
    act = far_ahead()
    played.act(act)
    played.look()
    played.books.judged(challenged(act.utc_ns // 1000, "GOOD"))
    played.commit()
    played.die()
    (alarm,) = played.desk.alarms
    assert "missed" in alarm and "red.png" in alarm
    played.act(Act("known", act.utc_ns, "eve", "operator", "acknowledge", alarm))
    played.commit()
    assert played.desk.alarms == ()
    played.die()
    assert played.desk.alarms == ()
    played.log.close()


def test_a_capture_that_cannot_says_why_and_that_is_what_came_of_it(tmp_path: Path, pictures: Path) -> None:
    played = Played(tmp_path, ChallengeSettings(pictures=pictures))
    act = far_ahead()
    played.act(act)
    played.look()
    played.desk.event(Event("belt", act.utc_ns // 1000 + 1, KIND, "of another", act.utc_ns))
    played.desk.event(Event("belt", act.utc_ns // 1000, KIND, "red.png has 8x8 px", act.utc_ns))
    played.commit()
    assert played.results() == [(UNDECIDED, "red.png")]
    assert "red.png has 8x8 px" in played.desk.alarms[0]
    played.log.close()


def test_what_cannot_be_is_refused_in_words_and_no_alarm(tmp_path: Path) -> None:
    played = Played(tmp_path, ChallengeSettings())
    played.act(far_ahead())
    played.act(replace(far_ahead(1), subject="lid"))
    played.commit()
    assert [result for result, _ in played.results()] == [REFUSED, REFUSED]
    assert played.desk.alarms == ()
    played.log.close()


def test_what_is_due_begins_by_itself_once_the_camera_gives_pictures(tmp_path: Path, pictures: Path) -> None:
    played = Played(tmp_path, ChallengeSettings(pictures=pictures, each_shift=True))
    for _ in range(2):
        played.look()
    assert not played.asked
    played.books.judged(judged(0))
    for _ in range(2):
        played.look()
    played.commit()
    assert len({asked.run for asked in played.asked}) == 1
    assert played.results() == [("open", "")]
    (status,) = played.desk.status()
    assert status.open and status.due_utc_ns
    played.books.judged(challenged(played.asked[0].run))
    (status,) = played.desk.status()
    assert (status.open, status.due_utc_ns, status.last_result, status.counts) == (False, 0, CAUGHT, {CAUGHT: 1})
    played.log.close()


ASKED = {
    "challenges": (ACTS, (KIND, 0, FOR_EVER, LOOKED_AT)),
    "acknowledged": (ACKNOWLEDGED, (LOOKED_AT,)),
    "at the page": (QUESTION, (LOOKED_AT,)),
}


@pytest.mark.parametrize("name", ASKED)
def test_acts_of_a_kind_are_found_without_reading_all(tmp_path: Path, name: str) -> None:
    DefectLog(tmp_path).close()
    asked, values = ASKED[name]
    db = open_for_reading(tmp_path)
    plan = [row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {asked}", values)]
    db.close()
    assert len(plan) == 1 and "INDEX acts_by_kind (kind=?)" in plan[0], plan


@pytest.mark.parametrize(("within_s", "results"), [(600.0, ["open"]), (601.0, [REFUSED])])
def test_without_parts_a_known_bad_part_comes_soon_or_is_refused(
    tmp_path: Path, within_s: float, results: list[str]
) -> None:
    played = Played(tmp_path, ChallengeSettings())
    new = msgspec.json.encode(Wish("part", within_s=within_s)).decode()
    played.act(replace(far_ahead(), new=new))
    played.commit()
    assert [result for result, _ in played.results()] == results
    played.log.close()
