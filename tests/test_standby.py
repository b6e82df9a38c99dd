"""The spare process: a killed role is back at once in it, and one that is not well is not used."""

from __future__ import annotations

import contextlib
import errno
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from stream.care import Patience, Step, looping
from stream.children import Child, Task
from stream.configuration import read_line
from stream.endings import ended
from stream.heart import Heart, last_beat
from stream.places import Places, places_for
from stream.refusing import NEVER_RAN
from stream.standby import FRESH_S, LOADING_S, Standby
from stream.supervisor import Supervisor
from stream.telling import PIPE_MOST, SETTINGS_MOST, Order, as_line, order_of
from tests.line import RunningLine, running, wait_for, write_line

LIVE = "numbered:?size=320x240&fps=30&bad=0.1&seed=1"
PATIENT = "supervisor:\n  silent_after_s: 60\n"  # of all that hang here, the spare alone does so on purpose


@pytest.fixture
def standby(places: Places) -> Iterator[Standby]:
    standby = Standby(places, ())
    yield standby
    standby.close()


def loaded(places: Places) -> bool:
    return last_beat(places.heart("spare"))[0] > 0


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[subprocess.Popen[bytes]]:
    """The processes that the test has started, in order."""
    kept: list[subprocess.Popen[bytes]] = []

    class Kept(subprocess.Popen):
        def __init__(self, *words: Any, **more: Any) -> None:
            super().__init__(*words, **more)
            kept.append(self)

    monkeypatch.setattr(subprocess, "Popen", Kept)
    return kept


@contextlib.contextmanager
def no_descriptor_free() -> Iterator[None]:
    """As for a process that has opened as much as the system allows it."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    free = os.open("/dev/null", os.O_RDONLY)
    os.close(free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (free, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def recorder(places: Places, standby: Standby | None = None, settings: str = "{}") -> Child:
    task = Task("record", ("record", "-", "--session", "test"))
    return Child(task, settings, places, Patience(60.0, 60.0), standby)


def sockets_of(pid: int) -> set[str]:
    """As /proc names them: `socket:[inode]`."""
    found = set()
    for file in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            found.add(str(file.readlink()))
    return {name for name in found if name.startswith("socket:")}


def listening_on_tcp() -> set[str]:
    rows = [row.split() for row in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return {f"socket:[{row[9]}]" for row in rows if row[3] == "0A"}


def wait_spare(line: RunningLine) -> int:
    """The spare of a line, loaded."""
    wait_for(lambda: line.role("spare") and loaded(places_for(line.data_dir)), "a spare that is loaded", LOADING_S)
    return line.wait_role("spare")


def back_in_spare(line: RunningLine, role: str) -> int:
    """Kills the role; the process that stood by, once it is that role.

    Tried thrice: where the machine stands still for a second just then, the spare does not count as well, and is left.
    """
    for _ in range(3):
        spare = wait_spare(line)
        killed = line.kill(role)
        if line.wait_role(role, other_than=killed) == spare:
            return spare
    raise AssertionError(f"{role} is never back in the spare; the line said:\n{line.said()}")


@pytest.mark.timeout(900)  # five times a spare loads, as gently as the machine wants it
def test_a_killed_role_is_back_as_the_process_that_stood_by_unless_that_is_not_well(tmp_path: Path) -> None:
    with running(write_line(tmp_path, LIVE, PATIENT)) as line:
        wait_for(lambda: line.judged() > 5, "the first verdicts")
        for role in ("capture belt", "inspect 1", "record", "display"):
            back = back_in_spare(line, role)
            page = listening_on_tcp() & sockets_of(line.process.pid)
            assert page and listening_on_tcp() & sockets_of(back) == (page if role == "display" else set()), role
        judged = line.judged()
        wait_for(lambda: line.judged() > judged + 10, "verdicts going on")
        spare = wait_spare(line)
        os.kill(spare, signal.SIGSTOP)
        places = places_for(line.data_dir)
        wait_for(lambda: _silent_s(places) > FRESH_S, "its silence")
        killed = line.kill("record")
        assert line.wait_role("record", other_than=killed) != spare
        wait_for(lambda: line.role("spare") not in (None, spare), "another spare in its place")
        line.process.terminate()
        camera = line.summary()["cameras"]["belt"]
    hung = [said for said in line.said().splitlines() if "hung" in said]
    assert camera["ledger_closed"] and len(hung) == 1 and "spare process hung and was killed" in hung[0], line.said()


def test_it_is_handed_over_once_loaded_and_only_to_whom_it_can_be(places: Places, standby: Standby) -> None:
    assert standby.take(()) is None
    standby.step(0.0)
    wait_for(lambda: loaded(places), "the spare to be loaded", LOADING_S)
    assert standby.take((3,)) is None
    process = standby.take(())
    assert process is not None and process.stdin is not None
    assert standby.take(()) is None
    process.stdin.close()  # no role for it after all
    assert process.wait(60) == 0


def test_a_spare_that_died_is_followed_by_another(places: Places, standby: Standby) -> None:
    standby.step(0.0)
    wait_for(lambda: loaded(places), "the spare to be loaded", LOADING_S)
    first = standby.take(())
    assert first is not None and first.stdin is not None
    first.kill()
    first.wait(60)
    first.stdin.close()
    standby.step(0.0)
    assert standby.take(()) is None
    standby.step(1e9)
    wait_for(lambda: loaded(places), "the next one", LOADING_S)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        pytest.param(3, "ended with exit code 3", id="by-itself"),
        pytest.param(-9, "was ended by SIGKILL", id="killed"),
        pytest.param(-40, "was ended by signal 40", id="by-a-signal-without-a-name"),
    ],
)
def test_an_end_is_told_in_words(code: int, said: str) -> None:
    assert ended(code) == said


def test_what_is_told_is_what_is_understood() -> None:
    order = Order(("display", "-", "--listening", "7"), (7,))
    assert order_of(as_line(order)) == order


def test_a_spare_for_which_there_is_no_room_is_tried_again_later_and_said_once(
    places: Places, standby: Standby, caplog: pytest.LogCaptureFixture
) -> None:
    with no_descriptor_free():
        for now_s in range(20):
            standby.step(float(now_s))
    assert [os.strerror(errno.EMFILE) in record.message for record in caplog.records] == [True]
    assert "could not be started" in standby.alarm and "6 times" in standby.alarm  # at 0, 2, 4, 6, 8, 12 s
    standby.step(1e3)
    wait_for(lambda: loaded(places), "the spare to be loaded", LOADING_S)
    process = standby.take(())
    assert process is not None and process.stdin is not None and not standby.alarm
    process.stdin.close()
    process.wait(60)


def test_a_spare_that_cannot_live_is_told_of_and_waits_longer_each_time(
    standby: Standby,
    started: list[subprocess.Popen[bytes]],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\nexit 3\n")
    broken.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(broken))
    starts: list[float] = []
    for now_s in (half / 2 for half in range(32)):
        standby.step(now_s)
        if len(started) > len(starts):
            starts.append(now_s)
            os.waitid(os.P_PID, started[-1].pid, os.WEXITED | os.WNOWAIT)
            standby.step(now_s)
            assert bool(standby.alarm) == looping(len(starts))
    assert starts == [0.0, 2.0, 4.0, 6.0, 8.0, 12.0]
    assert [record.message for record in caplog.records] == [
        "the spare process ended with exit code 3; it is started again"
    ]


def test_a_spare_that_cannot_be_killed_does_not_stand_before_an_orderly_stop(
    standby: Standby,
    started: list[subprocess.Popen[bytes]],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    standby.step(0.0)

    def in_vain(process: subprocess.Popen[bytes], timeout: float | None = None) -> int:
        raise subprocess.TimeoutExpired(process.args, timeout or 0.0)

    with monkeypatch.context() as kernel:
        kernel.setattr(subprocess.Popen, "wait", in_vain)
        standby.close()
    started[0].wait(60)
    assert [record.message for record in caplog.records] == [
        "the spare process cannot be killed: it hangs in the kernel"
    ]


def test_a_role_for_which_there_is_no_room_is_tried_again_as_one_that_died_early(
    places: Places, caplog: pytest.LogCaptureFixture
) -> None:
    child = recorder(places)
    with no_descriptor_free():
        for deaths in (1, 2, 3):
            child.start()
            assert (child.process, child.early_deaths, child.exit_code) == (None, deaths, NEVER_RAN)
    assert os.strerror(errno.EMFILE) in caplog.text and child.status().state == "backing off"
    child.start()
    assert child.process is not None
    child.process.kill()
    child.bury()


def test_a_watcher_that_can_open_no_file_takes_no_role_for_silent(places: Places) -> None:
    child = recorder(places)
    heart = Heart(places.heart("record"))
    child.process = subprocess.Popen(["/bin/sleep", "60"])
    heart.beat()
    child.look()
    with no_descriptor_free():
        unread = child.care()
    running = child.facts()
    heart.close()
    places.heart("record").unlink()
    assert (unread, running.beaten) == (Step.NOTHING, True)
    assert child.care() is Step.KILL  # nobody could ever see it beat again
    child.bury()


def test_a_role_that_cannot_be_watched_is_killed_and_tried_again(
    places: Places, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_pid: int) -> int:
        raise OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))

    child = recorder(places)
    with monkeypatch.context() as system:
        system.setattr(os, "pidfd_open", full)
        child.start()
    wait_for(child.look, "its death to be noticed")
    assert child.early_deaths == 1 and os.strerror(errno.ENOMEM) in caplog.text


@pytest.mark.parametrize("length", [1 << 17, SETTINGS_MOST])
def test_a_role_that_does_not_read_holds_nobody_up(
    places: Places, standby: Standby, started: list[subprocess.Popen[bytes]], length: int
) -> None:
    standby.step(time.monotonic())
    wait_for(lambda: loaded(places), "the spare to be loaded", LOADING_S)
    child = recorder(places, standby, '"' + "a" * (length - 2) + '"')
    spare = started[0]
    spare.send_signal(signal.SIGSTOP)
    starting = Thread(target=child.start)
    starting.start()
    starting.join(60)
    held_up = starting.is_alive()
    spare.kill()
    starting.join()
    assert child.process is spare and not held_up and child.pidfd >= 0  # all of it was told
    child.bury()


def test_settings_that_fit_into_no_pipe_are_an_early_death_with_its_reason(
    places: Places, caplog: pytest.LogCaptureFixture
) -> None:
    child = recorder(places, settings="a" * (2 * PIPE_MOST))
    child.start()
    wait_for(child.look, "its death to be noticed")
    assert child.early_deaths == 1 and f"{2 * PIPE_MOST} bytes" in caplog.text


def test_a_line_whose_settings_are_too_long_is_refused_before_anything_starts(tmp_path: Path, places: Places) -> None:
    line = read_line(write_line(tmp_path, LIVE), (), None)
    camera = replace(line.cameras[0], source="numbered:?" + "a" * PIPE_MOST)
    with Supervisor(replace(line, cameras=(camera,)), places, "test", None) as house:
        said = house.start(Heart(None))
    assert said is not None and "too long" in said and str(SETTINGS_MOST) in said


def _silent_s(places: Places) -> float:
    return time.monotonic() - last_beat(places.heart("spare"))[1] / 1e9
