"""A process that stands by: it has loaded what any role needs, waits, and becomes the role that it is told to be.

Most of what a role takes to come up is Python loading modules. A supervisor that keeps one spare has a killed role back
in a fraction of that time. What it is to be comes on its standard input: a line of JSON with the words of the command,
then the settings, as any role gets them. Of what was handed down to it, it keeps what that role would have been given.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import select
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path

import setproctitle

from stream.heart import Heart
from stream.lives import die_with
from stream.telling import Order, order_of

BEAT_EVERY_S = 0.25
Become = Callable[[Sequence[str]], int]  # runs the role that these words of the command name
GENTLE = 10  # the niceness of loading: a tenth of the share of others where all are wanted, a free processor at once
UNLOADED = 70  # exit code where it cannot load what it must (sysexits.h: EX_SOFTWARE)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = "A process that stands by until a role needs a successor; the supervisor starts it."
    parser.add_argument("--parent", type=int, required=True, help="dies with this process")
    parser.add_argument("--heart", type=Path, required=True, help="where it says that it is loaded and well")
    parser.add_argument("--handed", type=int, nargs="*", default=[], help="descriptors that were handed down to it")


def run(arguments: argparse.Namespace) -> int:
    """Waits for its role, and is that role until it ends; 0 where none was given."""
    die_with(arguments.parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the supervisor decides
    setproctitle.setproctitle("linewatch spare")
    become = _loaded_gently()
    if become is None:
        return UNLOADED  # the thread has said why
    order = _wait(arguments.heart)
    if order is None:
        return 0
    for descriptor in set(arguments.handed) - set(order.descriptors):
        os.close(descriptor)  # the page's socket is nothing for who decodes pictures of strangers
    return become(order.words)


def _loaded_gently() -> Become | None:
    """Loads what any role needs without taking a processor from whoever works: frames must not wait for a spare.

    In a thread of its own, whose priority ends with it: a process that has made itself nice may never take that back.
    """
    found: list[Become] = []
    thread = threading.Thread(target=_load, args=(found,), name="loading")
    thread.start()
    thread.join()
    return found[0] if found else None


def _load(found: list[Become]) -> None:
    with contextlib.suppress(OSError):  # a system that does not allow it: then it competes with the others
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), GENTLE)
    roles = import_module("stream.roles")  # not at the top: that alone would be half of the work
    sources = import_module("stream.sources.table")
    for module in (*roles.MODULES.values(), *(kind.module for kind in sources.KINDS.values())):
        import_module(module)
    found.append(roles.become)


def _wait(heart_file: Path) -> Order | None:
    """The role, once that has come; none where the supervisor has closed the pipe."""
    heart = Heart(heart_file)
    while not select.select([sys.stdin], [], [], BEAT_EVERY_S)[0]:
        heart.alive()
    heart.close()
    said = sys.stdin.readline()
    return order_of(said) if said else None
