"""How a person's wish reaches the supervisor of a running line, over its local control socket."""

from __future__ import annotations

import os
import select
import socket
import struct
import time

from stream.links import Links
from stream.messages import Answer, Command
from stream.places import Places

GONE_EVERY_S = 0.05  # a line that is to end is looked at


def line_runs(places: Places) -> bool:
    """Whether somebody listens on the control socket: a line that runs, however it is."""
    return _listener(places) is not None


class Runner:
    """The process that runs a line, as it was found; `ended` once nothing of it is left, its page's port included.

    It closes its control socket while it still holds other things. Use as a context.
    """

    def __init__(self, places: Places) -> None:
        self._places = places
        pid = _listener(places)
        try:
            self._process = os.pidfd_open(pid) if pid else -1
        except OSError:  # it has ended, or is of another user or container
            self._process = -1

    def __enter__(self) -> Runner:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process >= 0:
            os.close(self._process)
            self._process = -1

    def ended(self, timeout_s: float) -> bool:
        """Whether it has, after waiting for it; of a process that cannot be watched its control socket tells."""
        if self._process >= 0:
            return bool(select.select([self._process], [], [], timeout_s)[0])
        until = time.monotonic() + timeout_s
        while line_runs(self._places):
            if time.monotonic() > until:
                return False
            time.sleep(GONE_EVERY_S)
        return True


def _listener(places: Places) -> int | None:
    """The process that listens on the control socket, 0 where it cannot be told which; None: nobody does."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as knock:
        try:
            knock.connect(places.socket("control").removeprefix("ipc://"))
            credentials = knock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        except OSError:
            return None
    return int(struct.unpack("3i", credentials)[0])  # struct ucred, unix(7)


def ask(places: Places, name: str, timeout_s: float = 3.0) -> Answer | None:
    """Sends a command to the running line; None where nothing answers."""
    return say(places, Command(name, f"user {os.getuid()}, process {os.getpid()}"), timeout_s)


def say(places: Places, command: Command, timeout_s: float) -> Answer | None:
    """Sends this command; None where nothing answers."""
    links = Links()
    try:
        link = links.ask(places.socket("control"), f"person {os.getpid()}", (Answer,))
        link.send(command)
        until = time.monotonic() + timeout_s
        while time.monotonic() < until:
            links.wait(0.2)
            for _, message in link.receive():
                if isinstance(message, Answer):
                    return message
        return None
    finally:
        links.close()


def end_timeout_s(stop_s: float) -> float:
    """Longer than a supervisor takes to stop what stops in time, and to kill what does not. Pure."""
    return 2 * stop_s + 10.0


def swap_timeout_s(starting_s: float, ending_s: float) -> float:
    """Longer than a supervisor takes over a change of bundle, whatever becomes of it. Pure."""
    return starting_s + ending_s + 15.0
