"""A camera's web server for tests, in a thread: what it answers to each request is a function of the test's own."""

from __future__ import annotations

import contextlib
import itertools
import socket
import ssl
import threading
from collections.abc import Callable, Iterable
from pathlib import Path

import cv2

from tests.ports import free_port
from tests.recordings import numbered_frame

BOUNDARY = "belt"
CERTIFICATE = Path(__file__).parent / "fixtures" / "camera-certificate.pem"  # with its key, for tests alone


def jpeg(number: int, quality: int = 90) -> bytes:
    done, encoded = cv2.imencode(".jpg", numbered_frame(number), [cv2.IMWRITE_JPEG_QUALITY, quality])
    assert done
    return encoded.tobytes()


def ok(kind: str, *more: str) -> bytes:
    return "\r\n".join(["HTTP/1.1 200 OK", f"Content-Type: {kind}", *more, "", ""]).encode()


def stream_head(boundary: str = BOUNDARY) -> bytes:
    return ok(f"multipart/x-mixed-replace; boundary={boundary}")


def part(body: bytes, *, boundary: str = BOUNDARY, length: int | None = -1, more: str = "") -> bytes:
    """A picture as cameras send it; `length` None: without, -1: its true one."""
    told = "" if length is None else f"Content-Length: {len(body) if length == -1 else length}\r\n"
    return f"--{boundary}\r\nContent-Type: image/jpeg\r\n{told}{more}\r\n".encode() + body + b"\r\n"


class Talk:
    """One connection, as the script of a test sees it."""

    def __init__(self, connection: socket.socket, request: str, over: threading.Event) -> None:
        self._connection = connection
        self.request = request
        self.over = over  # the camera dies

    def send(self, data: bytes) -> None:
        self._connection.sendall(data)

    def send_pictures(self, bodies: Iterable[bytes], fps: float = 100.0) -> None:
        for body in bodies:
            self.send(body)
            if self.over.wait(1 / fps):
                return

    def freeze(self) -> None:
        """Sends nothing more, and the connection stays."""
        self.over.wait()


Script = Callable[[Talk], None]


class HttpCamera:
    """Use as a context; stays on its port when it dies and comes back."""

    def __init__(self, script: Script, *, tls: bool = False) -> None:
        self.script = script
        self.port = free_port()  # one that nobody is given while this camera is dead
        self.requests: list[str] = []
        self._tls = tls
        self._over = threading.Event()
        self._threads: list[threading.Thread] = []
        self._sockets: list[socket.socket] = []

    @property
    def address(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}/video"

    def address_with(self, login: str) -> str:
        return self.address.replace("://", f"://{login}@")

    def __enter__(self) -> HttpCamera:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.die()

    def start(self) -> None:
        self._over = threading.Event()
        listening = socket.create_server(("127.0.0.1", self.port))
        self._sockets = [listening]
        self._threads = [threading.Thread(target=self._accept, args=(listening,))]
        self._threads[0].start()

    def die(self) -> None:
        """Every connection ends; nothing listens any more. May be called twice."""
        self._over.set()
        for one in self._sockets:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        for thread in self._threads:
            thread.join()

    def _accept(self, listening: socket.socket) -> None:
        while not self._over.is_set():
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(connection,))
            self._sockets.append(connection)
            if self._over.is_set():  # it died in this very moment, and may not have seen this one
                connection.close()
                return
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError):  # the viewer went away, or the camera died
            if self._tls:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(CERTIFICATE)
                connection = context.wrap_socket(connection, server_side=True)
                self._sockets.append(connection)
            request = b""
            while b"\r\n\r\n" not in request and (piece := connection.recv(4096)):
                request += piece
                if request.startswith(b"\x16"):  # TLS, which it does not speak
                    connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                    raise OSError
            self.requests.append(request.decode())
            self.script(Talk(connection, request.decode(), self._over))
        connection.close()


def endless(fps: float = 100.0) -> Script:
    """Numbered pictures without end."""

    def script(talk: Talk) -> None:
        talk.send(stream_head())
        talk.send_pictures((part(jpeg(n % 100)) for n in itertools.count()), fps)

    return script
