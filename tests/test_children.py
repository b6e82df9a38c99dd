"""A child that gets other settings ends in order and comes back; one that dies over it is a death as any other."""

from __future__ import annotations

import logging
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from stream.care import Patience
from stream.children import Child, Renewal, Task
from stream.places import Places
from tests.line import wait_for

ORDERLY = "trap 'exit 0' TERM; echo up; while :; do sleep 0.05; done"
STUBBORN = "trap 'exit 3' TERM; echo up; while :; do sleep 0.05; done"


@contextmanager
def running(script: str, places: Places) -> Iterator[Child]:
    """A child whose process is a shell, as if it had been started and had beaten."""
    process = subprocess.Popen(["sh", "-c", script], stdout=subprocess.PIPE)
    assert process.stdout is not None and process.stdout.readline() == b"up\n"
    child = Child(Task("capture belt", ()), "old", places, Patience(60, 60), process=process, restarts=0)
    child._beaten = True
    try:
        yield child
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def died(child: Child) -> bool:
    """Waits for its end; whether that was a death."""
    looks: list[bool] = []

    def over() -> bool:
        looks.append(child.look())
        return child.process is None

    wait_for(over, "its end")
    return any(looks)


def test_one_that_ends_for_other_settings_is_no_death(places: Places, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING), running(ORDERLY, places) as child:
        child.renew("new")
        assert (child.settings, child.renewal) == ("new", Renewal.ENDS)
        assert not died(child) and (child.renewal, child.restarts, child.early_deaths) == (Renewal.COMES_BACK, -1, 0)
    assert not caplog.records, "nothing to be told"


def test_one_that_breaks_over_it_is_a_death(places: Places) -> None:
    with running(STUBBORN, places) as child:
        child.renew("new")
        assert died(child) and (child.renewal, child.restarts) == (Renewal.COMES_BACK, 0)


def test_one_that_does_not_run_just_now_starts_with_the_new_settings(places: Places) -> None:
    child = Child(Task("capture belt", ()), "old", places, Patience(60, 60))
    child.renew("new")
    assert (child.settings, child.renewal) == ("new", Renewal.NONE)
