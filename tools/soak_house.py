"""The line under soak as a process: started, started again when it dies as systemd would, stopped, looked over.

Knows no fault.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from stream.heart import last_beat
from stream.lives import die_with
from stream.places import Places, places_for

from .soak_journal import Journal
from .soak_line import SoakLine, cast_of
from .soak_processes import command_of, gone, marked, marking, role_in, roles_of
from .soak_truth import Leaks, Process
from .soak_where import captured

ROOT = Path(__file__).resolve().parents[1]
CLOCK_VARIABLE = "LINEWATCH_SOAK_CLOCK"
RESTART_S = 0.1  # as systemd's RestartSec
BURIED_S = 5.0
BEATING_NS = 1_000_000_000  # a heart that has beaten within so long is well
KILLED = -signal.SIGKILL


class House:
    """The supervisor and what is below it."""

    def __init__(self, soaked: SoakLine, journal: Journal, clock: Path) -> None:
        self.soaked = soaked
        self.places: Places = places_for(soaked.line.data_dir)
        self.started_mono_ns = 0
        self._journal = journal
        self._mark = str(soaked.out)
        self._path = os.pathsep.join(filter(None, (str(ROOT / "tools" / "soak_clock"), os.environ.get("PYTHONPATH"))))
        self._environment = os.environ | marking(self._mark) | {CLOCK_VARIABLE: str(clock), "PYTHONPATH": self._path}
        self._process: subprocess.Popen[bytes] | None = None
        self._asked = False
        self._start_at_s = 0.0
        self.starts = 0

    @property
    def pid(self) -> int:
        """The supervisor; 0 where there is none just now."""
        return 0 if self._process is None else self._process.pid

    def start(self) -> None:
        """Starts the line; it dies with this process."""
        words = [word for change in self.soaked.overrides for word in ("--set", change)]
        command = [sys.executable, "-m", "stream", "run", str(self.soaked.file), "--json", *words]
        parent = os.getpid()
        out = self.soaked.out
        with (out / "line.log").open("ab") as said, (out / "summaries.jsonl").open("ab") as summaries:
            self._process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=summaries,
                stderr=said,
                preexec_fn=lambda: die_with(parent),
            )
        self._asked = False
        self.starts += 1
        self.started_mono_ns = time.monotonic_ns()
        self._journal.line("started", self._process.pid)

    def tend(self) -> None:
        """Notices the end of the supervisor, and starts it again."""
        if self._process is not None and (code := self._process.poll()) is not None:
            self._exited(code)
            self._start_at_s = time.monotonic() + RESTART_S
        if self._process is None and time.monotonic() >= self._start_at_s:
            self.start()

    @property
    def roles(self) -> tuple[str, ...]:
        """Every role that the line starts with."""
        return cast_of(self.soaked.line).roles

    def role(self, target: str) -> int:
        """The process of a role, 0 where there is none; an inspector by its place, whatever its number now is."""
        if target == "supervisor":
            return self.pid
        roles = roles_of(self.pid) if self.pid else {}
        return roles.get(_standing(target, roles, self.soaked.line.inspector.count), 0)

    def standing(self, target: str) -> str:
        """The name that a role has now: an inspector with another bundle has another number."""
        return _standing(target, roles_of(self.pid) if self.pid else {}, self.soaked.line.inspector.count)

    def well(self, *more: str) -> bool:
        """Whether every role, and these processes beside them, beat now, and every live camera has brought pictures."""
        now_ns, cast = time.monotonic_ns(), cast_of(self.soaked.line)
        for name in (*self.roles, *more):
            silent_ns = now_ns - last_beat(self.places.heart(self.standing(name)))[1]
            if not still(self.role(name)) or silent_ns > BEATING_NS:
                return False
        return all(captured(self.places, name) for name in (*cast.live, *cast.web))

    def captures_live(self) -> bool:
        """Whether any capture of this line goes on, under whichever supervisor."""
        return any(role_in(command_of(pid)).startswith("capture ") for pid in marked(self._mark))

    def signal(self, target: str, number: signal.Signals) -> int:
        """Sends a role a signal; the process that got it, 0 where there is none."""
        pid = self.role(target)
        if pid == 0:
            return 0
        if target == "supervisor":
            self._asked = self._asked or number == signal.SIGKILL
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return 0
        return pid

    def said(self) -> str:
        """All that the line has said so far."""
        return (self.soaked.out / "line.log").read_text(errors="replace")

    def stop(self) -> int | None:
        """In order, as a person stops it; its exit code, None where it had to be killed."""
        if self._process is None:
            return None
        patience_s = 3 * (self.soaked.line.supervisor.stop_s + 1) + BURIED_S
        self._journal.line("stopping", self.pid, asked=True)
        self._asked = True
        self._process.send_signal(signal.SIGTERM)
        try:
            code: int | None = self._process.wait(patience_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(BURIED_S)
            code = None
        self._exited(KILLED if code is None else code)
        return code

    def kill(self) -> None:
        """Whatever becomes of the soak, the line does not outlive it. May be called twice."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(BURIED_S)
            self._process = None

    def leaks(self, exit_code: int | None) -> Leaks:
        """What is left of the line; a process that is just about to go gets a moment."""
        until_s = time.monotonic() + BURIED_S
        while marked(self._mark) and time.monotonic() < until_s:
            time.sleep(0.05)
        left = sorted(path for path in self.places.folder.iterdir())
        heard = _listening()
        sockets = [str(path) for path in left if path.suffix == ".sock"]
        sockets += sorted(name for name in heard if name.startswith(f"{self.places.folder}/") and name not in sockets)
        segments = [str(path) for path in left if ".ring" in path.name or ".partial" in path.name]
        return Leaks(
            processes=tuple(Process(pid, command) for pid, command in sorted(marked(self._mark).items())),
            sockets=tuple(sockets),
            segments=tuple(segments),
            other=tuple(str(path) for path in left if str(path) not in {*sockets, *segments}),
            exit_code=exit_code,
        )

    def _exited(self, code: int) -> None:
        assert self._process is not None
        self._journal.line("exited", self._process.pid, code=code, asked=self._asked)
        self._process = None


def _listening() -> set[str]:
    """The paths of every local socket that is bound now."""
    lines = Path("/proc/net/unix").read_text().splitlines()[1:]
    return {words[7] for line in lines if len(words := line.split()) > 7}


def _standing(target: str, roles: dict[str, int], count: int) -> str:
    """Inspectors of another bundle go on counting, and take turns with those before. Pure."""
    if not target.startswith("inspect ") or target in roles:
        return target
    other = f"inspect {int(target.removeprefix('inspect ')) + count}"
    return other if other in roles else target


def still(pid: int) -> bool:
    """Whether that process goes on."""
    return pid != 0 and not gone(pid)
