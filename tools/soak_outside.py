"""A process beside the line that can be killed, stopped and started again: a web camera, a broker, a GigE camera."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path

from stream.lives import die_with

ROOT = Path(__file__).resolve().parents[1]
BURIED_S = 5.0


class Outside:
    """It dies with this process."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = list(command)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        parent, none = os.getpid(), subprocess.DEVNULL

        def begin() -> None:
            die_with(parent)
            signal.signal(signal.SIGUSR1, signal.SIG_IGN)  # until it listens to it: else it would die of it

        self._process = subprocess.Popen(self._command, cwd=ROOT, stdin=none, stdout=none, preexec_fn=begin)

    @property
    def pid(self) -> int:
        """0 where it does not run."""
        return 0 if self._process is None or self._process.poll() is not None else self._process.pid

    def send(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)

    def kill(self) -> None:
        """May be called twice."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(BURIED_S)
            self._process = None
