"""What nobody uses any more in a runtime folder goes: the files of sockets on which nobody listens.

ZeroMQ leaves the file of a local socket behind. The next bind takes its place, so one is harmless; but a folder in
which only the living have a socket tells who lives.
"""

from __future__ import annotations

import socket
from pathlib import Path


def sweep_sockets(folder: Path) -> int:
    """Removes the files of dead sockets, and none on which somebody listens; gives how many that were."""
    dead = [path for path in folder.glob("*.sock") if not _listens(path)]
    for path in dead:
        path.unlink(missing_ok=True)
    return len(dead)


def _listens(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as knock:
        knock.settimeout(0.5)
        try:
            knock.connect(str(path))
        except (ConnectionRefusedError, FileNotFoundError):
            return False
        except OSError:
            return True  # busy, or not ours to know: it stays
        return True
