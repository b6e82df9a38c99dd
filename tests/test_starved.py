"""A role that gets no processor is told from one that hangs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from stream.care import Patience, Step
from stream.children import Child, Task
from stream.heart import Heart
from stream.places import Places
from stream.starved import waited_s
from tests.line import wait_for
from tools.soak_processes import state_of

BUSY = "while True: pass"


def test_a_process_that_shares_its_processor_waits_for_it() -> None:
    processor = {min(os.sched_getaffinity(0))}
    busy = [subprocess.Popen([sys.executable, "-c", BUSY]) for _ in range(2)]
    try:
        for process in busy:
            os.sched_setaffinity(process.pid, processor)
        wait_for(lambda: all(waited_s(process.pid) > 0.05 for process in busy), "both to wait for the other")
    finally:
        for process in busy:
            process.kill()
            process.wait()


def test_a_process_that_stands_still_waits_for_nothing() -> None:
    with subprocess.Popen([sys.executable, "-c", BUSY]) as process:
        process.send_signal(signal.SIGSTOP)
        wait_for(lambda: state_of(process.pid) == "T", "it to stand still")
        assert len({waited_s(process.pid) for _ in range(1000)}) == 1
        process.kill()


def test_a_process_that_is_gone_waited_for_nothing() -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    assert waited_s(process.pid) == 0.0


@pytest.mark.parametrize("beaten", [True, False], ids=["in-full-work", "coming-up"])
def test_silence_for_want_of_a_processor_is_no_hang(
    beaten: bool, places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Starved for all the time that it was silent: it is left alone. Once it runs, and is silent still: killed."""
    child = Child(Task("capture belt", ()), "", places, Patience(starting_s=2.0, silent_after_s=1.5))
    began_s = time.monotonic()
    clock = [began_s]
    monkeypatch.setattr("stream.children.time.monotonic", lambda: clock[0])
    waited = [0.0]
    monkeypatch.setattr("stream.silence.waited_s", lambda pid: waited[0])
    with subprocess.Popen([sys.executable, "-c", BUSY]) as process:
        child.process, child._started_s, child._beaten = process, began_s, beaten
        if beaten:
            heart = Heart(places.heart("capture belt"))
            heart.alive()
            heart.close()
        assert child.care() is Step.NOTHING
        clock[0] += 0.5
        assert child.care() is Step.NOTHING  # suspect from now on
        for _ in range(20):
            clock[0] += 1.0
            waited[0] += 1.0
            assert child.care() is Step.NOTHING
        clock[0] += 2.0
        assert child.care() is Step.KILL
        process.wait()
