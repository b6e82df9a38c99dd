"""What the page needs before a line starts: its port, its users, its token, a desktop for its window."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from stream.problem import ERROR, WARNING, Finding
from stream.settings import DisplaySettings
from stream.web.guard import read_token
from stream.web.users import UsersError, lacks, read_users
from stream.world_secrets import secret_file


def look_at_page(display: DisplaySettings) -> Iterator[Finding]:
    """Whether token and users can be read and the port is free."""
    if not display.enabled:
        return
    if display.token_file is not None:
        yield from secret_file("display.token_file", display.token_file, read_token)
    if display.users_file is not None:
        yield from _users(display.users_file)
    if display.port != 0:
        yield from _port(display)
    if display.window:
        yield from _window()


def _window() -> Iterator[Finding]:
    if find_spec("tkinter") is None:
        text = "this Python has no tkinter, which draws the window; on Debian: apt-get install python3-tk"
        yield Finding(ERROR, "display.window", text)
    elif not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        text = "there is no desktop here to open a window on; start the line where somebody is logged in"
        yield Finding(WARNING, "display.window", text)


def _users(file: Path) -> Iterator[Finding]:
    try:
        if lack := lacks(read_users(file)):
            yield Finding(WARNING, "display.users_file", f"{file}: {lack}")
    except UsersError as error:
        yield Finding(ERROR, "display.users_file", str(error))


def _port(display: DisplaySettings) -> Iterator[Finding]:
    host = display.host.strip("[]")
    try:
        family, _, _, _, address = socket.getaddrinfo(host, display.port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, socket.SOCK_STREAM) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(address)
    except OSError as error:
        what, way_out = {
            errno.EADDRINUSE: ("port", f"taken by another program, got {display.port}; take another, or 0 for any"),
            errno.EACCES: ("port", f"needs rights that you lack, got {display.port}; take one above 1023"),
        }.get(error.errno or 0, ("host", f"not an address of this computer, got {host}; 127.0.0.1 is always one"))
        yield Finding(ERROR, f"display.{what}", way_out)
