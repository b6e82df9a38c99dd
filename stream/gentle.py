"""Threads that give way: to draw and to encode may wait, a frame that a camera has just given may not."""

from __future__ import annotations

import contextlib
import os
import threading

NICENESS = 5  # a third of the share of others where all want processors, the whole of one that is free


def be_gentle() -> None:
    """Makes the calling thread, and those that it starts from now on, give way to others. It cannot be taken back."""
    thread = threading.get_native_id()
    with contextlib.suppress(OSError):  # a system that does not allow it: then it competes as before
        os.setpriority(os.PRIO_PROCESS, thread, max(NICENESS, os.getpriority(os.PRIO_PROCESS, thread)))
