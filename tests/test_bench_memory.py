"""The suite `memory`: what it makes of readings, and that a line can be watched."""

from __future__ import annotations

import json
import os
from pathlib import Path

import av
import pytest

from tests.recordings import numbered_frames, write_recording
from tools.bench import main
from tools.bench_memory import again_and_again, rows_of
from tools.bench_watch import EVERYBODY, Reading, Use, use_of


def readings(*, grows_mb: float) -> list[Reading]:
    """A hundred readings of a recorder that grows, with frames whose age doubles half way."""
    return [
        Reading(float(at), {"record": use, EVERYBODY: use}, {10: at if at < 50 else 50, 20: max(0, at - 50)})
        for at in range(100)
        for use in (Use(50.0 + grows_mb * at / 100, 60.0, 20, 4),)
    ]


def test_a_role_that_grows_is_told_by_the_ratio_of_the_last_tenth_to_the_second() -> None:
    ratios = {(r.setting, r.quantity): r.ratio for r in rows_of(readings(grows_mb=10.0)) if r.ratio is not None}
    assert ratios["record", "own memory MB"] == pytest.approx(59.45 / 51.45)
    assert ratios["record", "PSS MB"] == ratios["record", "descriptors"] == ratios["record", "threads"] == 1.0


def test_ages_are_those_of_the_frames_judged_meanwhile() -> None:
    ages = {r.name: r.median for r in rows_of(readings(grows_mb=0.0)) if r.quantity == "age p50 ms"}
    assert ages == {
        "second tenth": pytest.approx(0.1 * 1.05**10, abs=1e-3),
        "last tenth": pytest.approx(0.1 * 1.05**20, abs=1e-3),
    }


def test_too_few_readings_are_refused() -> None:
    with pytest.raises(SystemExit, match="more --minutes"):
        list(rows_of(readings(grows_mb=0.0)[:1]))


def test_a_clip_again_and_again_is_one_recording(tmp_path: Path) -> None:
    clip = write_recording(tmp_path / "clip.mp4", numbered_frames(12, bad=()))
    again_and_again(clip, tmp_path / "whole.mp4", times=3)
    with av.open(str(tmp_path / "whole.mp4")) as whole:
        times = [frame.time for frame in whole.decode(video=0)]
    assert len(times) == 36 and times == sorted(set(times))


def test_the_use_of_a_process_is_read_from_the_kernel() -> None:
    before = use_of(os.getpid())
    with Path(os.devnull).open():
        assert use_of(os.getpid()).descriptors == before.descriptors + 1
    assert before.pss_mb > 10 and before.own_mb > 10 and before.threads >= 1


def test_the_suite_watches_a_line(tmp_path: Path) -> None:
    kept = tmp_path / "memory.json"
    assert main(["memory", "--minutes", "0.1", "--size", "640x480", "--threads", "1", "--json", str(kept)]) == 0
    rows = {
        (row["setting"], row["name"], row["quantity"]): row["median"] for row in json.loads(kept.read_text())["rows"]
    }
    assert rows["belt", "whole time", "frames captured"] > 0
    for role in ("capture belt", "inspect 1", "record", "display", "supervise", EVERYBODY):
        assert rows[role, "last tenth", "PSS MB"] > 5
