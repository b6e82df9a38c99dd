"""What N cameras need, by the model of cost, from figures that were kept."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tools.bench_camera_line import Load, Step
from tools.bench_costs import COST_MODEL, costs
from tools.bench_plan import Demand, Host, MissingError, cores_of, figures_in, main, planned
from tools.bench_record import Measured, record, write_record
from tools.bench_rounds import row_of

ROLES = ("capture", "inspect", "record", "display", "supervise")
FIGURES = {
    **{f"{role}: ms a second and camera, at rest": 2.0 for role in ROLES},
    **{f"{role}: ms a frame": 1.0 for role in ROLES},
    **{f"{role}: ms a BAD frame": 10.0 for role in ROLES if role != "inspect"},
    **{f"{role}: MB": 30.0 for role in (*ROLES, "spare", "judge")},
    **{f"{part}: ms a megapixel": 1.0 for part in ("decode", "copy", "evidence")},
    "judge: ms a GOOD frame": 5.0,
    "judge: ms a BAD frame": 15.0,
}
NOTHING = Step(
    load=Load(4, 1, 5.0, 96, 64, 0.1, "soak", 1),
    seconds=1.0,
    judged_per_s=0.0,
    bad_per_s=0.0,
    captured_per_s=0.0,
    dropped={},
    p50_ms=0.0,
    p99_ms=0.0,
    cores={},
    pss_mb={},
    descriptors=0,
    descriptors_share=0.0,
    memory_free_share=1.0,
    shm_free_share=1.0,
    restarted=(),
    up_s=0.0,
)
DEMAND = Demand(cameras=4, fps=10.0, megapixels=2.0, bad=0.1, coded=True, slots=16)
HOST = Host(cores=2, load=0.5, threads=1)


def test_the_cores_are_those_of_the_formula() -> None:
    cores = cores_of(FIGURES, DEMAND)
    rest, frames = 4 * 2.0, 40.0
    assert cores["capture"] == pytest.approx((rest + frames * (1 + 2 * (1 + 1)) + frames * 0.1 * 10) / 1000)
    assert cores["inspect"] == pytest.approx((rest + frames * (1 + 0.9 * 5 + 0.1 * 15)) / 1000)
    assert cores["record"] == pytest.approx((rest + frames * (1 + 0.1 * 2 * 1) + frames * 0.1 * 10) / 1000)


def test_pictures_that_come_as_pixels_are_not_decoded() -> None:
    less = cores_of(FIGURES, DEMAND)["capture"] - cores_of(FIGURES, replace(DEMAND, coded=False))["capture"]
    assert less == pytest.approx(40 * 2.0 / 1000)


def test_a_host_that_carries_so_many_carries_them_and_not_one_more() -> None:
    plan = planned(FIGURES, DEMAND, HOST)
    most = plan.cameras_most
    assert planned(FIGURES, replace(DEMAND, cameras=most), HOST).machines == 1
    assert planned(FIGURES, replace(DEMAND, cameras=most + 1), HOST).machines == 2


def test_rings_take_their_slots_and_inspectors_what_they_judge() -> None:
    plan = planned(FIGURES, DEMAND, HOST)
    assert plan.rings_mb == pytest.approx(4 * 16 * 6.0)
    assert plan.inspectors == 1
    assert planned(FIGURES, replace(DEMAND, fps=40.0), HOST).inspectors == 3
    assert plan.memory_mb == pytest.approx(30.0 * (4 + 1 + 4))
    assert plan.link_mbit_s == pytest.approx(10 * 6 * 8)


def test_the_suite_tells_apart_what_the_plan_reads_by_role() -> None:
    line = (NOTHING.load, NOTHING)
    told = costs(line, line, line)
    assert {name for name in FIGURES if name.split(":")[0] in ROLES} <= set(told) and "spare: MB" in told


def test_a_figure_that_is_missing_is_named() -> None:
    with pytest.raises(MissingError, match="`judge: ms a GOOD frame` is not known; measure it"):
        planned({k: v for k, v in FIGURES.items() if k != "judge: ms a GOOD frame"}, DEMAND, HOST)


def test_the_command_reads_what_the_suite_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = tuple(row_of(COST_MODEL, name, "value", [value]) for name, value in FIGURES.items())
    other = row_of("1 inspector", "1 camera", "judge: ms a GOOD frame", [99.0])
    assert figures_in((other, *rows)) == FIGURES
    file = tmp_path / "cameras.json"
    write_record(file, record("cameras", ("cameras",), Measured((other, *rows))))
    asked = ["--cameras", "4", "--fps", "10", "--size", "2000x1000", "--bad", "0.1", "--figures", str(file)]
    assert main([*asked, "--cores", "64"]) == 0
    assert "A host with 64 cores, used to 70%, carries them" in capsys.readouterr().out
    assert main([*asked, "--cores", "2", "--set", "judge: ms a GOOD frame=500"]) == 1
    assert "such machines do" in capsys.readouterr().out
    assert main([*asked, "--set", "judge: ms a good frame=5"]) == 2
    assert "unknown figure; known: capture: ms a second" in capsys.readouterr().out
    assert main(["--cameras", "4", "--figures", str(tmp_path / "none.json")]) == 2
