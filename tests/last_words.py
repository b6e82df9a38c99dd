"""What a worker of the tests leaves that dies, at the end of the report: what ended it, and where its threads were.

The run ends with it; without this the report names the test alone. For tests/conftest.py, which takes these hooks in.
"""

from __future__ import annotations

import faulthandler
import os
import signal
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

ENDING_S = 20.0
HEARD = pytest.StashKey[list[str]]()


def pytest_sessionstart(session: pytest.Session) -> None:
    """In a worker: what Python says of a fatal signal goes to a file of its own."""
    if worker := getattr(session.config, "workerinput", None):
        faulthandler.enable(os.open(_file(worker), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object | None) -> None:
    """Beside the workers: one has ended; with an error, if nobody told it to."""
    file = _file(node.workerinput)
    if error:
        code = node.gateway._io.popen.wait(ENDING_S)
        by = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        said = file.read_text(errors="replace") if file.exists() else ""
        node.config.stash.setdefault(HEARD, []).append(f"worker {node.gateway.id} was ended by {by}\n{said}")
    file.unlink(missing_ok=True)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """What the dead worker had still to do was done by nobody: such a run is no run, and no second look mends it."""
    if HEARD in session.config.stash:
        session.exitstatus = pytest.ExitCode.INTERNAL_ERROR


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for heard in terminalreporter.config.stash.get(HEARD, []):
        terminalreporter.section("a worker died")
        terminalreporter.write_line(heard)


def _file(worker: Mapping[str, str]) -> Path:
    return Path(tempfile.gettempdir()) / f"linewatch-tests-{worker['testrunuid']}-{worker['workerid']}"
