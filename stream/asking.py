"""How a person's wish reaches the supervisor of a running line, over its local control socket."""

from __future__ import annotations

import os
import socket
import time

from stream.links import Links
from stream.messages import Answer, Command
from stream.places import Places


def line_runs(places: Places) -> bool:
    """Whether somebody listens on the control socket: a line that runs, however it is."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as knock:
        try:
            knock.connect(places.socket("control").removeprefix("ipc://"))
        except OSError:
            return False
        return True


def ask(places: Places, name: str, timeout_s: float = 3.0) -> Answer | None:
    """Sends a command to the running line; None where nothing answers."""
    links = Links()
    try:
        link = links.ask(places.socket("control"), f"person {os.getpid()}")
        link.send(Command(name, f"user {os.getuid()}, process {os.getpid()}"))
        until = time.monotonic() + timeout_s
        while time.monotonic() < until:
            links.wait(0.2)
            for _, message in link.receive():
                if isinstance(message, Answer):
                    return message
        return None
    finally:
        links.close()


def swap_timeout_s(starting_s: float, ending_s: float) -> float:
    """Longer than a supervisor takes over a change of bundle, whatever becomes of it. Pure."""
    return starting_s + ending_s + 15.0
