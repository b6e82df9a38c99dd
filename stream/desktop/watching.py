"""What a line's page says, kept up to date by a thread of its own: the newest picture of each camera, its last word.

It speaks the page's own language over the page's own door: nothing is opened for it on the line's computer.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

import aiohttp
import msgspec
import numpy as np

from stream.desktop.drawing import with_overlay
from stream.desktop.situation import Shown
from stream.web.pictures import PictureError, split_picture
from stream.web.talk import Echoed, Got, Incidents, PageStatus

log = logging.getLogger("linewatch")
SILENT_S = 4.0  # the server speaks five times a second: a connection this silent is dead
FIRST_S, MOST_S = 0.25, 3.0  # between two attempts
MESSAGE_MAX = 32 << 20  # bytes
REFUSALS = {
    401: "it asks who you are: give --token-file, or --user and a password",
    403: "it does not let this computer in; see docs/security.md",
    404: "there is no page of a line",
    503: "too many watch already; close one",
}
_said = msgspec.json.Decoder(PageStatus | Incidents | Echoed)


class AddressError(ValueError):
    """Not where a page could be."""


@dataclass(frozen=True)
class Pass:
    """What lets one in; nothing: a page that asks for nothing."""

    token: str = field(default="", repr=False)
    user: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True)
class Seen:
    """All that is known at one moment."""

    status: PageStatus | None = None
    said_s: float = float("-inf")  # when the server last spoke, by the monotonic clock
    shown: Mapping[str, Shown] = field(default_factory=dict)  # by camera
    pictures: Mapping[str, np.ndarray] = field(default_factory=dict)  # (H, W, 3) BGR, the overlay drawn in
    trouble: str = "connecting"  # in words; empty: connected


def address_of(host: str) -> str:
    """`line7`, `line7:8080`, `http://line7:8080/` → the page's address. Raises AddressError."""
    parts = urlsplit(host if "//" in host else f"http://{host}")
    try:
        port = parts.port or (443 if parts.scheme == "https" else 8080)
    except ValueError:
        port = 0
    if parts.scheme not in ("http", "https") or not parts.hostname or not port or parts.username is not None:
        raise AddressError(f"not the address of a line's page, got {host}; as in 192.168.1.10:8080")
    name = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{name}:{port}"


class Watching:
    """Use as a context; `seen()` may be asked by any thread."""

    def __init__(self, address: str, way_in: Pass = Pass()) -> None:
        self._address = address
        self._pass = way_in
        self._seen = Seen()
        self._lock = threading.Lock()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._work, name="watching", daemon=True)
        self._task: asyncio.Task[None] | None = None

    def __enter__(self) -> Watching:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._end)
            self._thread.join(5.0)

    def seen(self) -> Seen:
        with self._lock:
            return self._seen

    def _end(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def _work(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._task = self._loop.create_task(self._watch())
        try:
            self._loop.run_until_complete(self._task)
        except asyncio.CancelledError:
            pass
        finally:
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.close()

    async def _watch(self) -> None:
        """For ever, with back-off."""
        wait_s = FIRST_S
        while True:
            before = self.seen().said_s
            try:
                await self._connected()
                trouble = "the connection was closed"
            except aiohttp.WSServerHandshakeError as error:
                trouble = REFUSALS.get(error.status, f"it answers {error.status} {error.message}")
            except aiohttp.ClientConnectorError:
                trouble = "nobody answers there; does the line run?"
            except (aiohttp.ClientError, OSError, asyncio.TimeoutError) as error:
                trouble = str(error) or "it does not answer"
            self._now(trouble=f"{self._address}: {trouble}")
            wait_s = FIRST_S if self.seen().said_s > before else min(wait_s * 1.7, MOST_S)
            await asyncio.sleep(wait_s)

    async def _connected(self) -> None:
        headers = {"Authorization": f"Bearer {self._pass.token}"} if self._pass.token else {}
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=SILENT_S)
        jar = aiohttp.CookieJar(unsafe=True)  # also of a host that is named by its digits
        async with aiohttp.ClientSession(headers=headers, timeout=timeout, cookie_jar=jar) as session:
            if self._pass.user:
                await self._log_in(session)
            async with session.ws_connect(f"{self._address}/ws", max_msg_size=MESSAGE_MAX, heartbeat=None) as socket:
                self._now(trouble="")
                await self._listen(socket)

    async def _log_in(self, session: aiohttp.ClientSession) -> None:
        said = {"name": self._pass.user, "password": self._pass.password}
        async with session.post(f"{self._address}/api/login", json=said) as answer:
            if answer.status != 200:
                raise aiohttp.ClientError(f"no login as {self._pass.user}: {(await answer.text())[:200]}")

    async def _listen(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        while True:
            message = await asyncio.wait_for(socket.receive(), SILENT_S)
            if message.type is aiohttp.WSMsgType.BINARY:
                await self._picture(socket, message.data)
            elif message.type is aiohttp.WSMsgType.TEXT:
                self._word(message.data)
            else:
                return

    async def _picture(self, socket: aiohttp.ClientWebSocketResponse, message: bytes) -> None:
        """Shown as soon as it is drawn; only then the next may come."""
        try:
            arrived = split_picture(message)
            shown = Shown(arrived.header, time.monotonic())
            picture = await asyncio.to_thread(with_overlay, arrived)
        except (PictureError, ValueError) as error:
            raise aiohttp.ClientError(f"what came is not of this version's language: {error}") from error
        name, seen = shown.header.camera, self.seen()
        self._now(shown={**seen.shown, name: shown}, pictures={**seen.pictures, name: picture}, said_s=shown.arrived_s)
        await socket.send_str(msgspec.json.encode(Got(name)).decode())

    def _word(self, text: str) -> None:
        try:
            said = _said.decode(text)
        except msgspec.DecodeError:
            return  # of a newer version: what is understood is enough
        if isinstance(said, PageStatus):
            self._now(status=said, said_s=time.monotonic())

    def _now(self, **changed: object) -> None:
        with self._lock:
            self._seen = replace(self._seen, **changed)  # type: ignore[arg-type]
