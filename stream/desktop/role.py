"""The role `window`: the line's own window on its own computer. It watches the page as any other viewer does."""

from __future__ import annotations

import os

from stream.claim import BusyError
from stream.desktop.watching import Pass, Watching
from stream.desktop.window import Window, WindowError
from stream.heart import Heart
from stream.settings import LineSettings
from stream.web.guard import read_token

NICE = 5  # as the page: where processors are short, inspection comes first


def run(line: LineSettings, heart: Heart, address: str) -> None:
    """Until the heart says stop. `address`: the page's.

    Raises BusyError where there can be no window: the line goes on without.
    """
    os.nice(NICE)
    token = read_token(line.display.token_file) if line.display.token_file else ""
    try:
        with Watching(address.rstrip("/"), Pass(token)) as watching:
            window = Window(watching.seen, f"Linewatch {line.name}", iconify=True)
            window.run_while(heart.beat)
    except WindowError as error:
        raise BusyError(f"display.window: {error}") from error
