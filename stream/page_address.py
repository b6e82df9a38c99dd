"""The page's listening socket: opened by whoever starts the display, so that its address is known at once."""

from __future__ import annotations

import errno
import socket

from stream.claim import BusyError
from stream.settings import DisplaySettings

BACKLOG = 64


def open_socket(display: DisplaySettings) -> socket.socket:
    """The page's listening socket. Raises BusyError where the address cannot be had."""
    try:
        family, _, _, _, address = socket.getaddrinfo(display.host, display.port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address[:2], family=family, backlog=BACKLOG)  # sets SO_REUSEADDR
    except OSError as error:
        where = f"{display.host} port {display.port}"
        if error.errno == errno.EADDRINUSE:
            said = f"{where} is taken by another program; set display.port to another one, or to 0 for any that is free"
            raise BusyError(f"the page cannot be served: {said}") from error
        raise BusyError(
            f"the page cannot be served: {where}: {error.strerror or error}; set display.host to an address of this "
            "computer, and display.port to one above 1023"
        ) from error


def address_of(listening: socket.socket) -> str:
    """What to type into a browser on this computer."""
    host, port = listening.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"
