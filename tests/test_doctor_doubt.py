"""On a busy computer the doctor blames no camera, disk or detector for being slow; nor does it hide what it saw."""

from __future__ import annotations

import pytest

from stream.doctor import broker, camera, device, disk, speed
from stream.doctor.complaint import Complaint
from stream.doctor.doubt import BY_TIME, doubted
from stream.doctor.machine import Machine

BUSY = tuple(device.judge_load(Machine(cores=2, load=9.0)))
SLOW = camera.SLOW.told("cameras.belt.fps", rate=3.0, asked=25.0, whole=3)
BLACK = camera.BLACK.told("cameras.belt.source", reason="black")


def test_on_a_computer_at_rest_all_is_said_as_it_was_found() -> None:
    assert doubted([SLOW, BLACK]) == (SLOW, BLACK)


@pytest.mark.parametrize(
    ("kind", "milder"),
    [(camera.HANGS, "warning"), (camera.SLOW, "note"), (disk.SYNC, "note"), (disk.WRITE, "note"), (speed.SLOW, "note")],
    ids=lambda value: value.name if isinstance(value, Complaint) else value,
)
def test_what_is_slow_on_a_busy_computer_is_milder_and_says_what_to_do_first(kind: Complaint, milder: str) -> None:
    figures = {"limit": 3.0, "rate": 3.0, "asked": 25.0, "whole": 3, "ms": 90.0, "mb": 5.0, "can": 3.0, "brought": 25.0}
    told = kind.told("cameras", **figures)
    busy, one = doubted([*BUSY, told])
    assert busy == BUSY[0]
    assert one.severity == milder and one.found.startswith(told.found)
    assert "other programs took the processors" in one.found
    assert one.todo.startswith("stop the other programs first") and one.todo.endswith(told.todo)


def test_what_no_processor_changes_is_said_as_gravely_as_ever() -> None:
    assert doubted([*BUSY, BLACK]) == (*BUSY, BLACK)
    assert not {kind.name for kind in (camera.LOGIN, disk.READ_ONLY, broker.BAD_LOGIN, device.BUSY)} & BY_TIME
