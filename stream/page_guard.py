"""Who may open the page, as the settings say: anybody on this computer, a token's bearers, users who log in."""

from __future__ import annotations

import socket

from stream.conflicts import is_loopback
from stream.noting import Noting
from stream.settings import DisplaySettings, LineSettings
from stream.web.guard import Guard, GuardError, read_token
from stream.web.logins import Logins
from stream.web.users import UsersError


def guard_of(display: DisplaySettings) -> Guard:
    """Who may open the page. Raises GuardError where that would be anybody."""
    if not (display.token_file or display.users_file or is_loopback(display.host)):
        raise GuardError(
            f"display.host: anybody could open the page at {display.host}; set display.token_file or display.users_file"
        )
    token = read_token(display.token_file) if display.token_file else None
    names = {socket.gethostname(), socket.getfqdn(), *(display.host_names or "").split()}
    return Guard(display.host, frozenset(name.lower() for name in names), token)


def logins_of(line: LineSettings, noting: Noting) -> Logins | None:
    """Its users; None where it has none. Raises GuardError where they cannot be had."""
    if line.display.users_file is None:
        return None
    try:
        return Logins(line.display.users_file, line.data_dir, noting)
    except UsersError as error:
        raise GuardError(f"display.users_file: {error}") from None
