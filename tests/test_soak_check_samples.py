"""What the soak's checker says of samples and retention: each thing that is wrong, and nothing of what is right."""

from __future__ import annotations

import contextlib
import json
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.frames import RUN
from tests.reviewed_log import ReviewedLog
from tests.test_soak_check_around import soaked
from tools.soak_check import INVARIANTS, seen
from tools.soak_check_acts import Act
from tools.soak_check_facts import Soak

SAMPLES = 30
SETTINGS = {"samples": {"kept_max": 30}, "retention": {"samples": {"gb": 1.0}}}
MINUTE_NS = 60 * 10**9
LOOK = {invariant.name: invariant.look for invariant in INVARIANTS}


@pytest.fixture
def soak(tmp_path: Path) -> Soak:
    """A line that kept thirty samples, a minute apart, and was watched by nobody."""
    log = ReviewedLog(tmp_path / "data")
    for seq in range(SAMPLES):
        log.good(seq, "clean" if seq == 3 else "")
    sql(log.write(), "UPDATE sessions SET settings=?", json.dumps(SETTINGS))
    for seq in range(SAMPLES):
        captured_at(log.data_dir, seq, seq * MINUTE_NS)
    said = json.dumps({"count": 2, "bytes": 10, "from_utc_ns": 1, "to_utc_ns": 2})
    sql(log.data_dir, "INSERT INTO acts VALUES (2, 'r', 1, 'retention', 'system', 'delete', 'samples', '', ?, 0)", said)
    return replace(soaked((), {}, ()), data_dir=log.data_dir)


def sql(data_dir: Path, words: str, *values: object) -> None:
    with contextlib.closing(sqlite3.connect(data_dir / "log.sqlite")) as db, db:
        db.execute(words, values)


def breaks(soak: Soak) -> dict[str, tuple[str, ...]]:
    looked = {i.name: i.look(soak) for i in INVARIANTS if i.name in ("samples", "budgets", "acts")}
    assert all(finding.checked for finding in looked.values())
    return {name: finding.breaks for name, finding in looked.items() if finding.breaks}


def folder(data_dir: Path, seq: int) -> Path:
    return data_dir / "samples" / "belt" / str(RUN) / f"{seq:08d}"


def captured_at(data_dir: Path, seq: int, mono_ns: int) -> None:
    said = folder(data_dir, seq) / "evidence.json"
    said.write_text(json.dumps(json.loads(said.read_text()) | {"captured_mono_ns": mono_ns}))


def lose_a_folder(data_dir: Path) -> None:
    shutil.rmtree(folder(data_dir, 7))


def lose_a_row(data_dir: Path) -> None:
    sql(data_dir, "DELETE FROM samples WHERE seq=7")


def tear_a_picture(data_dir: Path) -> None:
    picture = folder(data_dir, 7) / "frame.png"
    picture.write_bytes(picture.read_bytes()[:-20])


def swap_two(data_dir: Path) -> None:
    shutil.rmtree(folder(data_dir, 7))
    shutil.copytree(folder(data_dir, 8), folder(data_dir, 7))


def allow_fewer(data_dir: Path) -> None:
    sql(data_dir, "UPDATE sessions SET settings=?", json.dumps({"samples": {"kept_max": 20}}))


def allow_less(data_dir: Path) -> None:
    sql(data_dir, "UPDATE sessions SET settings=?", json.dumps({"retention": {"samples": {"gb": 0.00001}}}))


def lose_an_act(data_dir: Path) -> None:
    sql(data_dir, "DELETE FROM acts WHERE number=1")


def say_nothing(data_dir: Path) -> None:
    sql(data_dir, "UPDATE acts SET new='' WHERE kind='delete'")


def test_of_a_log_that_is_right_nothing_is_said(soak: Soak) -> None:
    assert breaks(soak) == {}


@pytest.mark.parametrize("shift_s", [-7200, 7200])
def test_a_wall_clock_that_was_stepped_hides_no_budget_and_breaks_none(soak: Soak, shift_s: int) -> None:
    assert soak.data_dir is not None
    sql(soak.data_dir, "UPDATE samples SET utc_ns = utc_ns + ? WHERE seq < 28", shift_s * 10**9)
    assert breaks(soak) == {}
    allow_fewer(soak.data_dir)
    assert breaks(soak).keys() == {"budgets"}


@pytest.mark.parametrize(
    ("tamper", "name", "said"),
    [
        (lose_a_folder, "samples", "is not there"),
        (lose_a_row, "samples", "no row points to it"),
        (tear_a_picture, "samples", "frame.png is missing, or has another hash"),
        (swap_two, "samples", "evidence.json is of another frame"),
        (allow_fewer, "budgets", "samples, 20 are allowed"),
        (allow_less, "budgets", "GB are allowed"),
        (lose_an_act, "acts", "act 2 stands where 1 should"),
        (say_nothing, "acts", "does not say what was deleted"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_what_is_wrong_is_found(soak: Soak, tamper: Callable[[Path], None], name: str, said: str) -> None:
    assert soak.data_dir is not None
    tamper(soak.data_dir)
    found = breaks(soak)
    assert found.keys() == {name}
    assert said in found[name][0]


def test_samples_that_are_all_young_are_no_check_and_held_against_a_long_soak_only(soak: Soak) -> None:
    assert soak.data_dir is not None
    budgets = next(invariant for invariant in INVARIANTS if invariant.name == "budgets")
    for seq in range(SAMPLES):
        captured_at(soak.data_dir, seq, MINUTE_NS)
    looked = budgets.look(soak)
    assert (looked.checked, looked.breaks) == (0, ())
    six, ten = (replace(soak, minutes=minutes, has=frozenset({"samples"})) for minutes in (6.0, 10.0))
    assert not seen(budgets, six, looked).breaks and seen(budgets, ten, looked).breaks


def test_a_sample_that_had_its_time_is_looked_at_also_where_it_was_deleted(soak: Soak) -> None:
    left = LOOK["budgets"](soak).checked
    assert 0 < left < SAMPLES
    gone = Act(1, "r", 1, "system", "delete", "samples", "", json.dumps({"count": 4}))
    assert LOOK["budgets"](replace(soak, log=replace(soak.log, acts=(gone,)))).checked == left + 4
