"""A port that is free for a server, and that no outgoing connection can take before the server has it."""

from __future__ import annotations

import os
import random
import socket

# Below what the kernel gives away by itself (net.ipv4.ip_local_port_range begins at 32768 wherever nobody changed it).
LOWEST, HIGHEST = 19000, 32000
_chance = random.Random(os.getpid())  # two test processes at the same time look elsewhere


def free_port() -> int:
    """A tcp port of 127.0.0.1 on which nobody listens."""
    while True:
        port = _chance.randint(LOWEST, HIGHEST)
        with socket.socket() as trial:
            try:
                trial.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
