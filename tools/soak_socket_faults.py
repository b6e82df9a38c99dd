"""Faults that come in by sockets: rubbish, oversized and torn messages, and a viewer of the page who does not read."""

from __future__ import annotations

import contextlib
import random
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from stream.messages import Command, Event
from stream.wire import MAGIC, MAX_BYTES, encode

from .fuzz_zmtp import Stranger, message
from .soak_scene import Begun, Scene, luck_of
from .soak_schedule import Planned

MESSAGES = 60
PAGE = "page"
ADDRESS = re.compile(r"^Page +http://\[?([^\]/]+?)\]?:(\d+)/", re.MULTILINE)
UPGRADE = (
    "GET /ws HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n{more}\r\n"
)
SMALL_BUFFER = 4096  # bytes; so that the server notices at once that nobody reads


def garbage(scene: Scene, planned: Planned) -> Begun:
    """Messages that are none of the line's, by whoever can reach the socket; and bytes that are no message at all."""
    if planned.target == PAGE:
        return _page_garbage(scene, planned)
    path = scene.places.folder / f"{planned.target}.sock"
    if not path.exists():
        return Begun(False, "nobody listens there just now")
    stranger = _Rude(path, planned)
    return Begun(True, end=stranger.over)


class _Rude:
    """A stranger with all kinds of rubbish, in a thread: a role that is stopped just now keeps it waiting."""

    def __init__(self, path: Path, planned: Planned) -> None:
        self._said = "it was kept waiting to the end"
        self._thread = threading.Thread(target=self._talk, args=(path, planned), daemon=True)
        self._thread.start()

    def over(self) -> str:
        self._thread.join(0.0)
        return self._said

    def _talk(self, path: Path, planned: Planned) -> None:
        draw = luck_of(planned)
        kind = "SUB" if path.stem.endswith("-live") else "DEALER"
        sent = 0
        try:
            for number, parts in enumerate(_messages(draw)):
                with Stranger(path, f"stranger {planned.id} {number}".encode(), kind) as stranger:
                    sent += stranger.send(message(parts))
        except OSError as error:
            self._said = f"{sent} messages, then the door was shut: {error}"
            return
        self._said = f"{sent} messages, {_raw_bytes(str(path), draw)} connections with bytes alone"


def slow_viewer(scene: Scene, planned: Planned) -> Begun:
    """Opens the page's live view, says that it has seen every picture, and reads none."""
    address = page_address(scene)
    if address is None:
        return Begun(False, "the page has no address yet")
    try:
        viewer = socket.socket(socket.AF_INET6 if ":" in address[0] else socket.AF_INET)
        viewer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER)
        viewer.settimeout(2.0)
        viewer.connect(address)
        viewer.sendall(UPGRADE.format(host=_in_url(address[0]), port=address[1], more=_token(scene)).encode())
    except OSError as error:
        return Begun(False, f"the page does not answer: {error}")
    over = threading.Event()
    cameras = [camera.truth.name for camera in scene.soaked.cameras]
    greedy = threading.Thread(target=_ask_for_more, args=(viewer, cameras, over), daemon=True)
    greedy.start()

    def end() -> str:
        over.set()
        greedy.join(3.0)
        viewer.close()
        return "it has left"

    return Begun(True, end=end)


def page_address(scene: Scene) -> tuple[str, int] | None:
    """Where the page listens, as the line last said."""
    found = ADDRESS.findall(scene.house.said())
    return (found[-1][0], int(found[-1][1])) if found else None


def _messages(draw: random.Random) -> Iterator[list[bytes]]:
    """Each kind of wrong message in turn; none is one that its socket takes."""
    whole = encode(Event("", 0, "forged", "x" * 64, 1))
    order = encode(Command("no such command", "a stranger"))
    kinds: tuple[Callable[[], list[bytes]], ...] = (
        lambda: [draw.randbytes(draw.randrange(1, 400))],
        lambda: [b""],
        lambda: [MAGIC + draw.randbytes(draw.randrange(1, 400))],
        lambda: [whole[: draw.randrange(1, len(whole))]],
        lambda: [_flipped(whole, draw)[: len(whole) - 1]],
        lambda: [MAGIC + b"\xdf\xff\xff\xff\xff"],  # a map of four thousand million entries
        lambda: [MAGIC + b"\x91" * 5000],  # lists in lists
        lambda: [order, order, order],
        lambda: [b"x"] * 500,
        lambda: [bytes(MAX_BYTES + 1)],
    )
    for number in range(MESSAGES):
        yield kinds[number % len(kinds)]()


def _flipped(message: bytes, draw: random.Random) -> bytes:
    changed = bytearray(message)
    changed[draw.randrange(len(MAGIC), len(changed))] ^= 1 << draw.randrange(8)
    return bytes(changed)


def _raw_bytes(path: str, draw: random.Random) -> int:
    """Bytes that are not even of ZeroMQ's language; and connections that say nothing."""
    count = 0
    for length in (0, 1, 64, 100_000):
        with socket.socket(socket.AF_UNIX) as raw, contextlib.suppress(OSError):
            raw.settimeout(0.5)
            raw.connect(path)
            raw.sendall(draw.randbytes(length))
            count += 1
    return count


def _page_garbage(scene: Scene, planned: Planned) -> Begun:
    address = page_address(scene)
    if address is None:
        return Begun(False, "the page has no address yet")
    draw = luck_of(planned)
    long = b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n"
    strange = b"GET /status.json HTTP/1.1\r\nHost: elsewhere.example\r\n\r\n"
    cross = UPGRADE.format(host=_in_url(address[0]), port=address[1], more="Origin: http://elsewhere.example\r\n")
    count = 0
    for words in (draw.randbytes(2000), long, strange, cross.encode(), b"", b"POST / HTTP/1.1\r\nContent-Length: 9999"):
        with contextlib.suppress(OSError), socket.create_connection(address, 1.0) as raw:
            raw.sendall(words)
            count += 1
    return Begun(count > 0, f"{count} requests that are none")


def _ask_for_more(viewer: socket.socket, cameras: list[str], over: threading.Event) -> None:
    """`got` without end, as masked WebSocket text frames (RFC 6455, 5.2)."""
    until_s = time.monotonic() + 60.0
    with contextlib.suppress(OSError):
        while not over.wait(0.02) and time.monotonic() < until_s:
            for camera in cameras:
                said = f'{{"kind":"got","camera":"{camera}"}}'.encode()
                viewer.sendall(bytes((0x81, 0x80 | len(said))) + bytes(4) + said)  # a mask of zeros


def _token(scene: Scene) -> str:
    file = scene.soaked.line.display.token_file
    return f"Authorization: Bearer {file.read_text().splitlines()[0].strip()}\r\n" if file is not None else ""


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host
