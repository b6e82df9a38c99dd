"""One role as a child process: started, watched by pidfd and heart, killed. Knows no role by name."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from stream.care import Facts, Patience, Step, looping, next_step
from stream.heart import clear, last_beat
from stream.messages import RoleStatus
from stream.places import Places

log = logging.getLogger("linewatch")
BURIED_S = 5.0
REFUSED = 78  # exit code of a role that must not work with what it was given (sysexits.h: EX_CONFIG)


@dataclass(frozen=True)
class Task:
    """What a child is to be: its name in `ps`, and the words after `python -m stream`."""

    name: str
    arguments: tuple[str, ...]
    descriptors: tuple[int, ...] = ()  # handed down


@dataclass
class Child:
    """A role that is kept alive. The settings reach it through its standard input: no secret is ever in its argv."""

    task: Task
    settings: str
    places: Places
    patience: Patience
    process: subprocess.Popen[bytes] | None = None
    pidfd: int = -1
    restarts: int = -1
    early_deaths: int = 0
    exit_code: int | None = None  # of the last process that ended
    wanted: bool = True  # False: is to end, and is not started again
    refusal: str = ""  # in the words of the last process that refused to work
    _beaten: bool = False
    _started_s: float = 0.0
    _died_s: float = 0.0
    _killed_for: str = field(default="")

    def start(self) -> None:
        clear(self.places.heart(self.task.name))
        refusal_file(self.places, self.task.name).unlink(missing_ok=True)
        command = [sys.executable, "-m", "stream", *self.task.arguments, "--parent", str(os.getpid())]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=sys.stderr, pass_fds=self.task.descriptors, close_fds=True
        )
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(self.settings.encode())
            self.process.stdin.close()
        except BrokenPipeError:
            log.warning("%s died while it was started", self.task.name)
        self.pidfd = os.pidfd_open(self.process.pid)
        self.restarts += 1
        self._beaten = False
        self._started_s = time.monotonic()

    def look(self) -> bool:
        """Notices a first beat, and a death; whether it died since the last look."""
        if self.process is None:
            return False
        beats, _ = last_beat(self.places.heart(self.task.name))
        if beats and not self._beaten:
            self._beaten = True
            self.early_deaths = 0
        code = self.process.poll()
        if code is None:
            return False
        self.early_deaths += 2 if code == REFUSED else not self._beaten  # a refusal is not tried again at once
        self._died_s, self.exit_code = time.monotonic(), code
        self.refusal = read_refusal(self.places, self.task.name) if code == REFUSED else ""
        if self.wanted:
            again = "" if code == REFUSED else "; it is started again"
            log.warning("%s %s%s", self.task.name, self._killed_for or why_ended(code), again)
        elif code:
            log.warning("%s %s while it stopped", self.task.name, why_ended(code))
        self._killed_for = ""
        self.forget()
        return True

    def care(self) -> Step:
        """Does what is to be done now, and says what it was."""
        step = next_step(self.facts(), self.patience)
        if step is Step.KILL:
            self._killed_for = "hung and was killed" if self._beaten else "did not come up in time and was killed"
            self.signal(signal.SIGKILL)
        elif step is Step.START and self.wanted:
            self.start()
        return step

    def facts(self) -> Facts:
        now_s = time.monotonic()
        _, mono_ns = last_beat(self.places.heart(self.task.name))
        since_s = mono_ns / 1e9 if self._beaten else self._started_s
        running = self.process is not None
        return Facts(
            running, self._beaten, now_s - since_s, self.early_deaths, 0.0 if running else now_s - self._died_s
        )

    def signal(self, number: signal.Signals) -> None:
        if self.process is not None:
            self.process.send_signal(number)

    def bury(self) -> None:
        """Waits a moment for the end of a process that was killed."""
        if self.process is not None:
            try:
                self.process.wait(BURIED_S)
            except subprocess.TimeoutExpired:
                log.error("%s cannot be killed: it hangs in the kernel (a disk or a camera)", self.task.name)
            self.forget()

    def forget(self) -> None:
        """The process is over."""
        self.process = None
        if self.pidfd >= 0:
            os.close(self.pidfd)
            self.pidfd = -1

    @property
    def beaten(self) -> bool:
        return self._beaten and self.process is not None

    def status(self) -> RoleStatus:
        if self.process is not None:
            return RoleStatus(self.task.name, "running" if self._beaten else "starting", max(0, self.restarts), "")
        if not self.wanted:
            return RoleStatus(self.task.name, "stopped", max(0, self.restarts), "")
        text = f"died {self.early_deaths} times before it worked" if looping(self.early_deaths) else ""
        return RoleStatus(self.task.name, "backing off", max(0, self.restarts), text)


def readable_descriptors(children: Sequence[Child]) -> set[int]:
    """The pidfds of all running children."""
    return {child.pidfd for child in children if child.pidfd >= 0}


def refusal_file(places: Places, role: str) -> Path:
    """Where a role that refuses to work leaves its reason for the supervisor."""
    return places.heart(role).with_suffix(".refusal")


def read_refusal(places: Places, role: str) -> str:
    """The reason that a role left; empty where it left none."""
    try:
        return refusal_file(places, role).read_text()
    except OSError:
        return ""


def why_ended(code: int) -> str:
    """An exit code in words, for a sentence that begins with the role."""
    if code == REFUSED:
        return "refused to work"
    if code < 0:
        return f"was ended by {signal.Signals(-code).name}"
    return f"ended with exit code {code}"
