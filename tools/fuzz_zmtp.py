"""ZeroMQ's wire protocol, spoken by hand over a local socket: whole messages, and such as no library would send.

ZMTP 3.0 (rfc.zeromq.org/spec/23) with the NULL mechanism. Knows nothing of the line.
"""

from __future__ import annotations

import contextlib
import select
import socket
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType

MORE, LONG, COMMAND = 1, 2, 4  # flags of a frame
GREETING = b"\xff" + bytes(8) + b"\x7f\x03\x00" + b"NULL".ljust(20, b"\0") + b"\0" + bytes(31)
WAIT_S = 60.0  # a role may be busy with what came before


def frame(body: bytes, flags: int = 0) -> bytes:
    """One frame, its length told truly."""
    if len(body) > 255:
        return bytes((flags | LONG,)) + len(body).to_bytes(8, "big") + body
    return bytes((flags, len(body))) + body


def message(parts: Iterable[bytes]) -> bytes:
    """One message of these parts."""
    *first, last = parts
    return b"".join(frame(part, MORE) for part in first) + frame(last)


def ready(kind: str, name: bytes = b"") -> bytes:
    """The command that opens the conversation: what kind of socket we are, and our name."""
    words = b"\x05READY"
    for key, value in ((b"Socket-Type", kind.encode()), (b"Identity", name)):
        words += bytes((len(key),)) + key + len(value).to_bytes(4, "big") + value
    return frame(words, COMMAND)


class Stranger:
    """A peer of a role's socket who is not of the line."""

    def __init__(self, path: Path, name: bytes = b"stranger", kind: str = "DEALER", *, greets: bool = True) -> None:
        """Connects and greets, or does not greet. Raises OSError where nobody listens or answers."""
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(WAIT_S)
        try:
            self._socket.connect(str(path))
            if greets:
                self._socket.sendall(GREETING)
                greeted = b""
                while len(greeted) < len(GREETING):  # libzmq hangs up where more comes before its own greeting
                    greeted += (piece := self._socket.recv(len(GREETING)))
                    if not piece:
                        raise ConnectionResetError("hung up instead of greeting")
                self._socket.sendall(ready(kind, name))
        except OSError:
            self._socket.close()
            raise

    def send(self, data: bytes) -> bool:
        """Bytes as they are, waiting until the peer takes them; False where it has hung up. Raises TimeoutError."""
        try:
            self._socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            return False
        return True

    def hear(self) -> bytes:
        """What has arrived, not waiting."""
        return _heard(self._socket)

    def close(self) -> None:
        self._socket.close()

    def __enter__(self) -> Stranger:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


class Impostor:
    """A false server in the place of one of the line's: whoever connects is greeted, and told what we like."""

    def __init__(self, path: Path, kind: str) -> None:
        path.unlink(missing_ok=True)
        self._listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listening.bind(str(path))
        self._listening.listen(8)
        self._listening.settimeout(WAIT_S)
        self._kind = kind
        self._guest: socket.socket | None = None

    def meet(self) -> None:
        """Waits for the first who connects. Raises TimeoutError."""
        self._guest, _ = self._listening.accept()
        self._guest.settimeout(WAIT_S)
        self._guest.sendall(GREETING + ready(self._kind))

    def send(self, data: bytes) -> bool:
        """As Stranger.send."""
        assert self._guest is not None
        try:
            self._guest.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            return False
        return True

    def hear(self) -> bytes:
        """What the guest has said, not waiting."""
        assert self._guest is not None
        return _heard(self._guest)

    def close(self) -> None:
        if self._guest is not None:
            self._guest.close()
        self._listening.close()


def _heard(peer: socket.socket) -> bytes:
    heard = b""
    with contextlib.suppress(ConnectionResetError):
        while select.select([peer], [], [], 0)[0] and (piece := peer.recv(65536)):
            heard += piece
    return heard
