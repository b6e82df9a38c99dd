"""Asks a camera's web server for its pictures: login, redirects, TLS. The one place that speaks HTTP to a camera.

No proxy is asked, whatever the environment says: pictures and passwords stay between this computer and the camera.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
from pathlib import Path
from types import TracebackType

from stream.sources.http_address import HttpAddress, led_to
from stream.sources.http_login import Login

ANSWER_S = 3.0  # to connect, and for each piece of the answer's headers
TRIES = 6  # requests until there are pictures: a login or two, a redirect or three
CHUNK = 64 << 10
SILENT_S = 60.0  # between two pieces of the pictures; whoever takes them is less patient, and closes
AGENT = "linewatch"
MOVED = (301, 302, 303, 307, 308)
LOGIN = "wrong user name or password; set this camera's username and password_file"
REFUSALS = {
    401: LOGIN,
    403: LOGIN,
    404: "the camera has no page of that name; check what follows the host",
    503: "the camera is busy; do too many others watch it?",
}


class RefusedError(OSError):
    """The camera answers, and gives no pictures; the text says why and what to do."""


class HttpGet:
    """One camera's web server; remembers how it wants its login. `close` may come from any thread."""

    def __init__(self, address: HttpAddress, certificate: Path | None) -> None:
        self._address = address
        self._certificate = certificate
        self._login = None if address.user is None else Login(address.user, address.password)
        self._socket: socket.socket | None = None
        self._closed = False

    def open(self) -> Answer:
        """What it answers, from the first byte behind the headers on. Raises OSError and HTTPException."""
        where, moved = self._address, 0
        for _ in range(TRIES):
            answer = self._asked(where)
            status, headers = answer.response.status, answer.response.headers
            if status == 200:
                if self._login:
                    self._login.accepted()
                answer.patient(SILENT_S)
                return answer
            answer.close()
            if status == 401 and self._login and self._login.challenged(headers.get_all("WWW-Authenticate", [])):
                continue
            if status not in MOVED:
                raise RefusedError(REFUSALS.get(status, f"the camera answers {status}; check what follows the host"))
            there = led_to(where, headers.get("Location", ""))
            if there is None:
                raise RefusedError("the camera sends us to another computer; write that address here if it is right")
            where, moved = there, moved + 1
        raise RefusedError("the camera sends us in circles" if moved > 1 else LOGIN)

    def close(self) -> None:
        """Ends a read that waits, at once; may be called twice."""
        self._closed = True
        if (open_one := self._socket) is not None:
            with contextlib.suppress(OSError):  # not SSLSocket's own: that would pull TLS away under the reader
                socket.socket.shutdown(open_one, socket.SHUT_RDWR)

    def _asked(self, where: HttpAddress) -> Answer:
        connection = self._connection(where)
        try:
            connection.connect()
            self._socket = connection.sock
            if self._closed:
                raise OSError(0, "closed")
            headers: dict[str, str | bytes] = {"User-Agent": AGENT, "Accept": "*/*", "Connection": "close"}
            if self._login and (said := self._login.answer("GET", where.path)) is not None:
                headers["Authorization"] = said.encode()  # bytes: a name may have letters that Latin-1 has not
            connection.request("GET", where.path, headers=headers)
            return Answer(connection, connection.getresponse())
        except BaseException:
            connection.close()
            raise

    def _connection(self, where: HttpAddress) -> http.client.HTTPConnection:
        if where.scheme == "http":
            return http.client.HTTPConnection(where.host, where.port, timeout=ANSWER_S)
        try:
            trusted = ssl.create_default_context(cafile=self._certificate)
        except OSError:  # an SSLError, too
            raise RefusedError(f"certificate: no certificate (PEM) can be read, got {self._certificate}") from None
        # A camera's own certificate seldom bears the name that it is called by; it is known by being that one.
        trusted.check_hostname = self._certificate is None
        return http.client.HTTPSConnection(where.host, where.port, timeout=ANSWER_S, context=trusted)


class Answer:
    """An answer whose body is read piece by piece. Use as a context."""

    def __init__(self, connection: http.client.HTTPConnection, response: http.client.HTTPResponse) -> None:
        self._connection = connection
        self._socket = connection.sock
        self.response = response

    def __enter__(self) -> Answer:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def patient(self, seconds: float) -> None:
        """How long to wait for a piece from now on."""
        if self._socket is not None:
            self._socket.settimeout(seconds)

    def read(self) -> bytes:
        """What has arrived, at least a byte; nothing at the end."""
        return self.response.read1(CHUNK)

    def close(self) -> None:
        self.response.close()
        self._connection.close()


def plain_http_error(error: Exception) -> str:
    """Why, and what to do; nothing of what the camera wrote, and nothing of the address."""
    for kinds, text in WHY:
        if isinstance(error, kinds):
            return text
    if isinstance(error, RefusedError):
        return str(error)
    return str(getattr(error, "strerror", None) or type(error).__name__)


WHY: tuple[tuple[tuple[type[Exception], ...], str], ...] = (
    (
        (ssl.SSLCertVerificationError,),
        "it shows a certificate that this computer does not trust; save the camera's own in a file, and name that as "
        "`certificate`",
    ),
    ((ssl.SSLError,), "no TLS at that port; is it http:// instead of https://?"),
    ((ConnectionRefusedError,), "nothing listens there; is the camera on, and host and port right?"),
    ((TimeoutError,), "no answer; is the camera on and in this network?"),
    ((socket.gaierror,), "no computer of that name; check the host"),
    ((http.client.HTTPException,), "that is no web server's answer; is it the camera's port?"),
    ((ConnectionError,), "the camera broke the connection"),
)
