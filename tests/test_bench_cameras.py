"""The suite `cameras`: when a step counts as broken and why, what is told of it, and that the suite runs."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from stream.places import places_for
from tools import bench_cameras
from tools.bench_camera_line import Load, Step, StepError, observe
from tools.bench_cameras import rows_of
from tools.bench_cameras_plot import curves
from tools.bench_cameras_why import Bounds, broken
from tools.bench_costs import costs

BOUNDS = Bounds(p99_ms=250.0, cores=2)
LOAD = Load(4, 1, 5.0, 96, 64, 0.1, "soak", 1)
CORES = {"capture": 0.2, "inspect": 0.3, "record": 0.1, "display": 0.05, "supervise": 0.05}
WELL = Step(
    LOAD,
    seconds=10.0,
    judged_per_s=20.0,
    bad_per_s=2.0,
    captured_per_s=20.0,
    dropped={},
    p50_ms=10.0,
    p99_ms=20.0,
    cores=CORES,
    pss_mb={"capture": 80.0, "inspect": 60.0, "record": 40.0, "display": 40.0, "supervise": 30.0},
    descriptors=200,
    descriptors_share=0.01,
    memory_free_share=0.5,
    shm_free_share=0.5,
    restarted=(),
    up_s=3.0,
)
LATE = replace(WELL, dropped={"newest": 3})


def test_a_step_that_drops_nothing_and_is_in_time_held() -> None:
    assert broken(WELL, BOUNDS) is None


@pytest.mark.parametrize(
    ("step", "seen", "cause"),
    [
        pytest.param(replace(WELL, p99_ms=251.0), "p99 251 ms", "nothing was at its end", id="late"),
        pytest.param(replace(WELL, restarted=("capture c1",)), "restarted: capture c1", "nothing", id="restarted"),
        pytest.param(replace(WELL, captured_per_s=10.0), "10.0 pictures/s taken of 20", "capture", id="behind"),
        pytest.param(replace(LATE, dropped={"no_room": 1}), "dropped 1 (no_room)", "/dev/shm", id="shm"),
        pytest.param(replace(LATE, memory_free_share=0.01), "dropped 3 (newest)", "memory", id="memory"),
        pytest.param(replace(LATE, descriptors_share=0.95), "dropped 3", "descriptors", id="descriptors"),
        pytest.param(replace(LATE, cores={**CORES, "inspect": 1.6}), "dropped 3", "processors: 2.00 of 2", id="cpu"),
        pytest.param(replace(LATE, cores={**CORES, "inspect": 0.95}), "dropped 3", "inspector: 0.95", id="inspector"),
    ],
)
def test_a_broken_step_says_what_was_seen_and_what_was_at_its_end(step: Step, seen: str, cause: str) -> None:
    said = broken(step, BOUNDS)
    assert said is not None and seen in said and f"At its end: {cause}" in said


def test_costs_are_told_apart_by_camera_frame_and_bad_frame() -> None:
    """A line made of known costs gives them back."""
    rest_s, frame_s, bad_s = 0.004, 0.002, 0.03

    def seen(fps: float, bad: float) -> tuple[Load, Step]:
        frames = 4 * fps
        cores = 4 * rest_s + frames * (frame_s + bad * bad_s)
        load = replace(LOAD, fps=fps, bad=bad)
        return load, replace(WELL, load=load, judged_per_s=frames, bad_per_s=frames * bad, cores={"capture": cores})

    found = costs(seen(0.5, 0.0), seen(10.0, 0.0), seen(10.0, 0.2))
    assert found["capture: ms a second and camera, at rest"] == pytest.approx(1000 * rest_s)
    assert found["capture: ms a frame"] == pytest.approx(1000 * frame_s)
    assert found["capture: ms a BAD frame"] == pytest.approx(1000 * bad_s)
    assert found["capture: MB"] == 20.0


def test_the_plot_has_a_curve_for_each_number_of_inspectors() -> None:
    rows = [
        row
        for setting, counts in (("1 inspector", (1, 2, 4)), ("2 inspectors", (1, 2)))
        for cameras in counts
        for row in rows_of(setting, f"{cameras} cameras", [WELL])
    ]
    drawing = ElementTree.fromstring(curves(rows))
    lines = drawing.findall(".//{http://www.w3.org/2000/svg}polyline")
    assert [len(line.attrib["points"].split()) for line in lines] == [3, 2] * 6


def test_a_line_that_cannot_run_is_said_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bundle that is none: the inspector refuses, the line ends."""
    monkeypatch.setattr("tools.bench_camera_line.SOAK_BUNDLE", tmp_path)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(StepError, match=r"ended by itself with exit code 2; it said last:(.|\n)*bundle\.yaml"):
        observe(LOAD, _asked("--seconds", "1"))
    assert not list(tmp_path.glob("cameras-*")) and not _left(tmp_path)


def test_the_suite_runs_on_a_line_of_one_camera(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tools.bench_camera_line.SETTLE_S", 0.1)
    words = ("--most", "1", "--fps", "5", "--size", "96x64", "--seconds", "2", "--inspectors", "1", "--bundle", "soak")
    measured = bench_cameras.measure(_asked(*words, "--p99", "1e9", "--no-model"))
    assert "1 inspector:" in measured.notes[-1]
    rows = {(row.setting, row.name, row.quantity): row.median for row in measured.rows}
    assert rows["1 inspector", "1 camera", "judged a second"] > 0
    assert rows["1 inspector", "1 camera", "p50 ms"] <= rows["1 inspector", "1 camera", "p99 ms"]
    for role in ("capture", "inspect", "record", "display", "supervise"):
        assert rows["1 inspector, PSS MB", "1 camera", role] > 0
        assert rows["1 inspector, CPU cores", "1 camera", role] >= 0
    ElementTree.fromstring(bench_cameras.plot(measured.rows))


def _asked(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    bench_cameras.add_arguments(parser)
    return parser.parse_args(words)


def _left(folder: Path) -> list[Path]:
    """Runtime folders of lines that kept their log below this folder: there is no way to ask, so their names are."""
    return [places for name in folder.glob("cameras-*") if (places := places_for(name / "data").folder).exists()]
