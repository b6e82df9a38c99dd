"""A service manager hears how the line is: here a socket plays systemd, with a real line."""

from __future__ import annotations

import os
import select
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from stream.notify import Notifier, alive, notifier_of, ready
from tests.line import DEADLINE_S, RunningLine, running, wait_for, write_line
from tests.test_log_incidents import older_log

EVERY_S = 0.5  # WATCHDOG_USEC / 4, below
SILENT_S = 3 * EVERY_S


class Manager:
    """The end of the socket on which systemd listens."""

    def __init__(self, folder: Path) -> None:
        self.address = str(folder / "notify")
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self.address)

    def hears(self, within_s: float) -> str:
        """The next message; empty where none comes in time."""
        ready, _, _ = select.select([self._socket], [], [], within_s)
        return self._socket.recv(4096).decode() if ready else ""

    def until(self, word: str, within_s: float = DEADLINE_S) -> str:
        until = time.monotonic() + within_s
        while time.monotonic() < until:
            if word in (said := self.hears(0.2)).splitlines():
                return said
        raise AssertionError(f"not told within {within_s} s: {word}")

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Manager]:
    listens = Manager(tmp_path)
    monkeypatch.setenv("NOTIFY_SOCKET", listens.address)
    monkeypatch.setenv("WATCHDOG_USEC", str(round(EVERY_S * 4 * 1e6)))
    yield listens
    listens.close()


def test_a_line_is_ready_when_it_judges_and_alive_only_while_its_work_loop_turns(
    manager: Manager, tmp_path: Path
) -> None:
    with running(write_line(tmp_path, "synthetic:")) as line:
        manager.until("READY=1")
        wait_for(lambda: line.judged() > 0, "a verdict")
        for _ in range(3):
            assert "WATCHDOG=1" in manager.until("STATUS=the line judges")
        assert "NOTIFY_SOCKET" not in _environment(line)
        os.kill(line.process.pid, signal.SIGSTOP)
        while manager.hears(0.05):
            pass
        assert manager.hears(SILENT_S) == "", "a supervisor that hangs says nothing"
        os.kill(line.process.pid, signal.SIGCONT)
        manager.until("WATCHDOG=1")
        line.process.terminate()
        manager.until("STOPPING=1")
        line.summary()


def test_a_start_that_takes_long_asks_for_more_time_before_it_is_ready(manager: Manager, tmp_path: Path) -> None:
    older_log(data_dir := tmp_path / "data", 2, range(0, 200, 20))
    with running(write_line(tmp_path, "synthetic:"), "--set", f"data_dir={data_dir}") as line:
        assert manager.hears(DEADLINE_S) == ("EXTEND_TIMEOUT_USEC=600000000\nSTATUS=bringing the log up, 0 s so far\n")
        manager.until("READY=1")
        line.process.terminate()
        line.process.wait(DEADLINE_S)


def test_a_line_that_is_refused_never_says_that_it_is_ready(manager: Manager, tmp_path: Path) -> None:
    file = write_line(tmp_path, "synthetic:")
    bundle = tmp_path / "no-bundle"
    with running(file, "--set", f"inspector.bundle={bundle}") as line:
        line.process.wait(DEADLINE_S)
        assert line.process.returncode == 2
    assert manager.hears(0.1) == ""


def _environment(line: RunningLine) -> str:
    """Of a role: what the service manager gave is the supervisor's alone."""
    return Path(f"/proc/{line.wait_role('record')}/environ").read_bytes().decode()


def test_no_text_can_add_a_word_of_its_own() -> None:
    assert ready("a\nMAINPID=1\0") == b"READY=1\nSTATUS=a MAINPID=1\0\n"
    assert alive("x" * 1000).count(b"\n") == 2 and len(alive("x" * 1000)) < 300


@pytest.mark.parametrize(
    ("environment", "address", "every_s"),
    [
        ({}, None, None),
        ({"NOTIFY_SOCKET": "/run/n"}, "/run/n", None),
        ({"NOTIFY_SOCKET": "@n", "WATCHDOG_USEC": "8000000"}, "\0n", 2.0),
        ({"NOTIFY_SOCKET": "/run/n", "WATCHDOG_USEC": "8000000", "WATCHDOG_PID": str(os.getpid())}, "/run/n", 2.0),
        ({"NOTIFY_SOCKET": "/run/n", "WATCHDOG_USEC": "8000000", "WATCHDOG_PID": "1"}, "/run/n", None),
        ({"NOTIFY_SOCKET": "/run/n", "WATCHDOG_USEC": "soon"}, "/run/n", None),
        ({"WATCHDOG_USEC": "8000000"}, None, None),
    ],
)
def test_what_the_manager_asked_for_is_read_once(
    environment: dict[str, str], address: str | None, every_s: float | None
) -> None:
    notifier = notifier_of(environment)
    assert (notifier.address, notifier.every_s) == (address, every_s)
    assert environment == {}


def test_a_manager_that_is_gone_or_does_not_read_holds_nothing_up(tmp_path: Path) -> None:
    Notifier(str(tmp_path / "nobody"), 0.0).alive("x")
    Notifier(None, 0.0).alive("x")
    deaf = Manager(tmp_path)
    for _ in range(2000):
        Notifier(deaf.address, 0.0).alive("x" * 150)
    deaf.close()
