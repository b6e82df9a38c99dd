"""The spare process of a line, as its supervisor keeps it: started, looked after, handed over. Knows no role."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import time
from collections.abc import Collection

from stream.care import looping, pause_s
from stream.endings import ended
from stream.heart import clear, last_beat
from stream.places import Places

log = logging.getLogger("linewatch")
NAME = "spare"
FRESH_S = 1.0  # one that has not beaten for so long is not handed over: it may hang
HUNG_S, LOADING_S = 20.0, 180.0  # one that is silent for so long, or loads for so long, is killed
PAUSE_S = 2.0  # before the next: whoever has just come up needs the processors first
STEADY_S = 60.0  # one that ends sooner died early: there is something with it, and the next waits longer
BURIED_S = 5.0


class Standby:
    """One process that waits to become a role; none where it is not loaded yet."""

    def __init__(self, places: Places, descriptors: Collection[int]) -> None:
        """`descriptors` are handed down, so that it can become whoever needs them."""
        self._heart = places.heart(NAME)
        self._descriptors = tuple(descriptors)
        self._process: subprocess.Popen[bytes] | None = None
        self._started_s = 0.0
        self._next_s = 0.0
        self._early_deaths = 0  # in a row
        self._why = ""  # it ended last; said once

    def step(self, now_s: float) -> None:
        """One turn: there is one again where there is none, and one that hangs goes."""
        if self._process is None:
            if now_s >= self._next_s:
                self._start(now_s)
            return
        silent_s = self._silent_s(now_s)
        hangs = now_s - self._started_s > LOADING_S if silent_s is None else silent_s > HUNG_S
        if hangs:
            self._process.kill()
        steady = silent_s is not None and now_s - self._started_s > STEADY_S
        if steady:
            self._early_deaths, self._why = 0, ""
        if (code := self._process.poll()) is not None:
            self._forget()
            self._mourn(now_s, "hung and was killed" if hangs else ended(code), early=not steady)

    @property
    def alarm(self) -> str:
        """What people should know; empty where all is well."""
        if not looping(self._early_deaths):
            return ""
        said = f"the spare process {self._why}, {self._early_deaths} times in a row"
        return f"{said}; the line runs, but a role that dies is back later than it could be"

    def take(self, descriptors: Collection[int]) -> subprocess.Popen[bytes] | None:
        """The spare, loaded and well, to be told what it is; None where there is none with these descriptors."""
        now_s = time.monotonic()
        process, silent_s = self._process, self._silent_s(now_s)
        if process is None or process.poll() is not None or not set(descriptors) <= set(self._descriptors):
            return None
        if silent_s is None or silent_s > FRESH_S:
            return None
        self._process, self._next_s = None, now_s + PAUSE_S
        self._early_deaths, self._why = 0, ""
        return process

    def close(self) -> None:
        """None is left. May be called twice."""
        if self._process is not None:
            self._process.kill()
            self._forget()
        self._next_s = float("inf")

    def _start(self, now_s: float) -> None:
        command = [sys.executable, "-m", "stream", NAME, "--parent", str(os.getpid()), "--heart", str(self._heart)]
        command += ["--handed", *map(str, self._descriptors)]
        try:
            clear(self._heart)
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=sys.stderr, pass_fds=self._descriptors, close_fds=True
            )
        except OSError as error:  # no room for one more process or descriptor: the line goes on without a spare
            self._mourn(now_s, f"could not be started ({error})", early=True)
        self._started_s = now_s

    def _silent_s(self, now_s: float) -> float | None:
        """Since its last beat; None before the first."""
        beats, mono_ns = last_beat(self._heart)
        return now_s - mono_ns / 1e9 if beats else None

    def _mourn(self, now_s: float, why: str, *, early: bool) -> None:
        """It ended though nobody told it to: the next comes after a pause; each new reason is said once."""
        self._early_deaths += early
        self._next_s = now_s + max(PAUSE_S, pause_s(self._early_deaths))
        if why != self._why:
            log.warning("the spare process %s; it is started again", why)
        self._why = why

    def _forget(self) -> None:
        assert self._process is not None
        try:
            self._process.wait(BURIED_S)
        except subprocess.TimeoutExpired:
            log.error("the spare process cannot be killed: it hangs in the kernel")
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process = None
