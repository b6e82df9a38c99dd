"""Files of sockets on which nobody listens go, the others stay."""

from __future__ import annotations

import socket
from pathlib import Path

from stream.sweep import sweep_sockets


def test_the_file_of_a_dead_socket_goes_and_that_of_a_living_one_stays(tmp_path: Path) -> None:
    (tmp_path / "belt.1.ring").touch()
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(tmp_path / "dead.sock"))
        dead.listen()
    with socket.socket(socket.AF_UNIX) as living:
        living.bind(str(tmp_path / "living.sock"))
        living.listen()
        assert sweep_sockets(tmp_path) == 1
        assert sorted(path.name for path in tmp_path.iterdir()) == ["belt.1.ring", "living.sock"]
