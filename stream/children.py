"""One role as a child process: started, watched by pidfd and heart, killed. Knows no role by name."""

from __future__ import annotations

import enum
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from stream.care import Facts, Patience, Stall, Step, awake_s, looping, next_step
from stream.heart import clear, last_beat
from stream.messages import RoleStatus
from stream.places import Places
from stream.refusing import NEVER_RAN, REFUSED, read_refusal, refusal_file, why_ended
from stream.silence import Silence
from stream.standby import Standby
from stream.starved import waited_s
from stream.telling import Order, as_line, tell

log = logging.getLogger("linewatch")
BURIED_S = 5.0


@dataclass(frozen=True)
class Task:
    """What a child is to be: its name in `ps`, and the words after `python -m stream`."""

    name: str
    arguments: tuple[str, ...]
    descriptors: tuple[int, ...] = ()  # handed down


class Renewal(enum.Enum):
    """How far a child is that gets other settings."""

    NONE = "none"
    ENDS = "ends"  # the process with the old ones
    COMES_BACK = "comes back"  # until the new one has beaten


@dataclass
class Child:
    """A role that is kept alive. The settings reach it through its standard input: no secret is ever in its argv."""

    task: Task
    settings: str
    places: Places
    patience: Patience
    standby: Standby | None = None  # where a process waits that could take its place at once
    process: subprocess.Popen[bytes] | None = None
    pidfd: int = -1
    restarts: int = -1
    early_deaths: int = 0
    exit_code: int | None = None  # of the last process that ended
    wanted: bool = True  # False: is to end, and is not started again
    renewal: Renewal = Renewal.NONE
    refusal: str = ""  # in the words of the last process that refused to work
    _beaten: bool = False
    _started_s: float = 0.0
    _died_s: float = 0.0
    _killed_for: str = field(default="")
    _silence: Silence = field(init=False)

    def __post_init__(self) -> None:
        self._silence = Silence(self.places.heart(self.task.name))

    def start(self) -> None:
        """Starts it. Where the system has no room for it now, that is an early death: it is tried again later."""
        self.restarts += 1
        self._beaten = False
        self._started_s = time.monotonic()
        try:
            self._start()
        except OSError as error:
            if self.process is not None:  # it runs already: its end is noticed as any other
                self._killed_for = f"could not be started ({error}) and was killed"
                self.process.kill()
                return
            log.warning("%s could not be started: %s; it is tried again", self.task.name, error)
            self.early_deaths += 1
            self._died_s, self.exit_code = time.monotonic(), NEVER_RAN

    def _start(self) -> None:
        """Raises OSError."""
        clear(self.places.heart(self.task.name))
        refusal_file(self.places, self.task.name).unlink(missing_ok=True)
        words = (*self.task.arguments, "--parent", str(os.getpid()))
        spare = None if self.standby is None else self.standby.take(self.task.descriptors)
        self.process = spare or subprocess.Popen(
            [sys.executable, "-m", "stream", *words],
            stdin=subprocess.PIPE,
            stdout=sys.stderr,
            pass_fds=self.task.descriptors,
            close_fds=True,
        )
        self._silence.process_begins(0.0 if spare is None else waited_s(spare.pid))
        order = "" if spare is None else as_line(Order(words, self.task.descriptors))
        try:
            tell(self.process, order + self.settings)
        except BrokenPipeError:
            log.warning("%s died while it was started", self.task.name)
        self.pidfd = os.pidfd_open(self.process.pid)

    def renew(self, settings: str) -> None:
        """It ends in order, if it runs, and comes back with these settings."""
        self.settings = settings
        if self.process is not None:
            self.renewal = Renewal.ENDS
            self.signal(signal.SIGTERM)
            self.signal(signal.SIGCONT)

    def look(self) -> bool:
        """Notices a first beat, and a death; whether it died since the last look."""
        if self.process is None:
            return False
        beats, _ = last_beat(self.places.heart(self.task.name))
        if beats and not self._beaten:
            self._beaten = True
            self.early_deaths = 0
            self.renewal = Renewal.NONE if self.renewal is Renewal.COMES_BACK else self.renewal
        code = self.process.poll()
        if code is None:
            return False
        if self._is_renewed(code):
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

    def _is_renewed(self, code: int) -> bool:
        """It has ended because it was told to come back with other settings: that is no death."""
        if self.renewal is not Renewal.ENDS:
            return False
        self.renewal = Renewal.COMES_BACK
        if code or not self.wanted:
            return False
        self.restarts -= 1
        self._died_s, self.exit_code = time.monotonic(), code
        self.forget()
        return True

    def care(self, stalls: Iterable[Stall] = (), *, may_start: bool = True) -> Step:
        """Does what is to be done now, and says what it was. `stalls`: times in which nobody could have beaten.

        `may_start` False: it is not its turn to come up; it is cared for again later.
        """
        step = next_step(self.facts(stalls), self.patience)
        if step is Step.KILL:
            self._killed_for = "hung and was killed" if self._beaten else "did not come up in time and was killed"
            self.signal(signal.SIGKILL)
        elif step is Step.START:
            if not (self.wanted and may_start):
                return Step.NOTHING
            self.start()
        return step

    def facts(self, stalls: Iterable[Stall] = ()) -> Facts:
        now_s = time.monotonic()
        running = self.process is not None
        silent_s = awake_s(self._silence.began_s(now_s) if self._beaten else self._started_s, now_s, stalls)
        if self.process is not None:
            silent_s = self._silence.of_its_own_s(silent_s, self.process.pid)
        return Facts(
            running,
            self._beaten,
            silent_s,
            self.early_deaths,
            0.0 if running else now_s - self._died_s,
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

    @property
    def starting_s(self) -> float | None:
        """For how long it has been coming up; None where it is up, or dead."""
        return None if self.process is None or self._beaten else time.monotonic() - self._started_s

    def status(self) -> RoleStatus:
        if self.process is not None:
            return RoleStatus(self.task.name, "running" if self._beaten else "starting", max(0, self.restarts), "")
        if not self.wanted:
            return RoleStatus(self.task.name, "stopped", max(0, self.restarts), "")
        if self.restarts < 0:
            return RoleStatus(self.task.name, "starting", 0, "waits until others have come up")
        text = f"died {self.early_deaths} times before it worked" if looping(self.early_deaths) else ""
        return RoleStatus(self.task.name, "backing off", max(0, self.restarts), text)


def readable_descriptors(children: Sequence[Child]) -> set[int]:
    """The pidfds of all running children."""
    return {child.pidfd for child in children if child.pidfd >= 0}
