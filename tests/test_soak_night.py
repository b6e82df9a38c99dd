"""A night in a soak: what retention may delete is older, a clock that counts sleep goes on, and the oldest go."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from stream.retention_clock import Moment
from stream.retention_turn import Turns
from stream.settings import KeptSettings, RetentionSettings
from tests.line import ROOT
from tests.test_retention import Kept, gb_of
from tools.soak_clocks import SECOND_NS, SLEEP, WALL, begin, shift
from tools.soak_night import NIGHT_S, grow_old, has_looked, has_woken, is_over

ASK = "import time as t; print(t.time_ns(), t.time(), t.clock_gettime_ns({0}), t.clock_gettime({0}), t.monotonic())"


def clocks(path: Path) -> list[float]:
    """What the clocks of a process of the line say: wall twice, that which counts sleep twice, the monotonic one."""
    environment = os.environ | {"LINEWATCH_SOAK_CLOCK": str(path), "PYTHONPATH": str(ROOT / "tools" / "soak_clock")}
    words = [sys.executable, "-c", ASK.format(time.CLOCK_BOOTTIME)]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=True)
    return [float(word) for word in done.stdout.split()]


def test_each_clock_is_shifted_by_its_own_number_and_the_monotonic_one_by_none(tmp_path: Path) -> None:
    begin(tmp_path / "clock")
    shift(tmp_path / "clock", WALL, -7200.0)
    assert shift(tmp_path / "clock", WALL, 1200.0) == -6000 * SECOND_NS
    shift(tmp_path / "clock", SLEEP, NIGHT_S)
    wall_ns, wall_s, asleep_ns, asleep_s, monotonic_s = clocks(tmp_path / "clock")
    hour = 3600.0
    assert abs(wall_ns / 1e9 - time.time() + 6000) < hour and abs(wall_s - time.time() + 6000) < hour
    now_s = time.clock_gettime(time.CLOCK_BOOTTIME)
    assert abs(asleep_ns / 1e9 - now_s - NIGHT_S) < hour and abs(asleep_s - now_s - NIGHT_S) < hour
    assert abs(monotonic_s - time.monotonic()) < hour


def test_after_a_night_the_oldest_go_and_before_it_nothing_did(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a soak: all of it has just been written, and retention has looked at it once."""
    kept, asleep_ns = Kept(tmp_path), [0]
    for seq in range(0, 300, 50):
        kept.bad(seq)
    kept.commit()
    assert not has_looked(kept.data_dir)
    boot_id, clock = "b", tmp_path / "clock"
    begin(clock)

    def moment() -> Moment:
        return Moment(boot_id, time.clock_gettime_ns(time.CLOCK_BOOTTIME) + asleep_ns[0], time.time_ns())

    settings = RetentionSettings(evidence=KeptSettings(gb=gb_of(kept, "evidence", 0.6)))
    turns = Turns(kept.line(settings), clock=moment)
    turn: Callable[[], list[int]] = lambda: [p.number for one in turns.turn(lambda: None) for p in one.pieces]  # noqa: E731
    assert turn() == []
    assert has_looked(kept.data_dir) and has_woken(kept.data_dir, clock)
    assert is_over(kept.data_dir, gb_of(kept, "evidence", 0.6)) and is_over(kept.data_dir, None)
    assert not is_over(kept.data_dir, gb_of(kept, "evidence", 1.1))
    assert grow_old(kept.data_dir, NIGHT_S) == 6
    asleep_ns[0] = shift(clock, SLEEP, NIGHT_S)
    assert not has_woken(kept.data_dir, clock)
    assert turn() == [0, 50, 100]
    assert has_woken(kept.data_dir, clock)
    kept.log.close()


def test_what_is_still_being_written_does_not_grow_old(tmp_path: Path) -> None:
    names = (
        "clips/belt/1/7.mp4",
        "clips/belt/1/.8.mp4.partial",
        "segments/belt/1/1.jsonl",
        "video/belt-1.mp4",
        "log.sqlite",
    )
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    before = {name: (tmp_path / name).stat().st_mtime_ns for name in names}
    assert grow_old(tmp_path, 100.0) == 3
    older = [name for name in names if (tmp_path / name).stat().st_mtime_ns == before[name] - 100 * SECOND_NS]
    assert older == ["clips/belt/1/7.mp4", "segments/belt/1/1.jsonl", "video/belt-1.mp4"]


@pytest.mark.parametrize("content", ["", "{", "[]", json.dumps({"marks": []})])
def test_a_clock_of_ages_that_cannot_be_read_has_looked_at_nothing(tmp_path: Path, content: str) -> None:
    (tmp_path / "retention-ages.json").write_text(content)
    begin(tmp_path / "clock")
    assert not has_looked(tmp_path)
