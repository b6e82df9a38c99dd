"""Tells systemd how the line is: ready, alive, stopping (sd_notify(3)). Silent where no service manager asked for it.

Alive is said by the work loop alone, between two turns of it: a supervisor that hangs says nothing, and is replaced.
"""

from __future__ import annotations

import logging
import os
import socket
import time
from collections.abc import MutableMapping
from dataclasses import dataclass, field

log = logging.getLogger("linewatch")
EXTENDED_S = 600  # a slow disk says nothing for so long while it takes a year's log
SHARE = 4  # of the time that systemd waits: so often is it told


def ready(text: str) -> bytes:
    """The line judges."""
    return f"READY=1\nSTATUS={_one_line(text)}\n".encode()


def alive(text: str) -> bytes:
    return f"WATCHDOG=1\nSTATUS={_one_line(text)}\n".encode()


def takes_longer(text: str) -> bytes:
    """Not ready yet, and at work; to be said again before EXTENDED_S are over."""
    return f"EXTEND_TIMEOUT_USEC={EXTENDED_S * 1_000_000}\nSTATUS={_one_line(text)}\n".encode()


STOPPING = b"STOPPING=1\nSTATUS=stopping in order\n"


@dataclass
class Notifier:
    """Where to tell it, and how often. `address` None: nobody listens; `every_s` None: no watchdog."""

    address: str | None
    every_s: float | None
    _next_s: float = field(default=0.0)
    _complained: bool = field(default=False)

    def ready(self, text: str) -> None:
        self._send(ready(text))

    def takes_longer(self, text: str) -> None:
        """Before it is ready: the start goes on."""
        self._send(takes_longer(text))

    def alive(self, text: str) -> None:
        """One turn of the work loop is over."""
        now_s = time.monotonic()
        if self.every_s is not None and now_s >= self._next_s:
            self._next_s = now_s + self.every_s
            self._send(alive(text))

    def stopping(self) -> None:
        self._send(STOPPING)

    def _send(self, message: bytes) -> None:
        """Never waits: a service manager that does not read must not hold up the line."""
        if self.address is None:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as link:
                link.setblocking(False)
                link.sendto(message, self.address)
        except OSError as error:
            if not self._complained:
                log.warning("the service manager cannot be told how the line is: %s", error.strerror or error)
            self._complained = True


def notifier_of(environment: MutableMapping[str, str]) -> Notifier:
    """What a service manager left in the environment, taken out of it: the roles have no business there."""
    address = environment.pop("NOTIFY_SOCKET", "") or None
    usec, pid = environment.pop("WATCHDOG_USEC", ""), environment.pop("WATCHDOG_PID", "")
    watched = usec.isdigit() and pid in ("", str(os.getpid()))
    if address is not None and address.startswith("@"):
        address = "\0" + address[1:]  # abstract: in no folder
    return Notifier(address, int(usec) / 1e6 / SHARE if watched and address else None)


def _one_line(text: str) -> str:
    """No text may add a line, which would be another word to systemd."""
    return " ".join(text.split())[:200]
