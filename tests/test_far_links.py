"""Sockets between hosts, real ones on loopback: who is let in, who is refused, and what is on record of it."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import pytest
import zmq

from stream.claim import BusyError
from stream.curve import GONE, _address_of, new_pair
from stream.far import Far
from stream.keys import KeyFolder, KeyPair, fingerprint, key_bytes
from stream.links import Link, Links
from stream.messages import Message, Recall, Recorded, Waiting
from stream.places import Places
from stream.wire import MAX_BYTES, encode
from tests.line import ROOT, wait_for
from tests.ports import free_port

GOOD = Waiting("belt", 3, 5, True)
KINDS = (b"CURVE", b"NULL")


@dataclass
class Server:
    """The socket `record` on the host `line`, to be had at a local address and over the network."""

    places: Places
    folder: KeyFolder
    tcp: str = field(default_factory=lambda: f"tcp://127.0.0.1:{free_port()}")
    pictures: bool = False

    def __post_init__(self) -> None:
        local = self.places.socket("record")
        self.folder.keep("line", new_pair())
        carries = frozenset({local}) if self.pictures else frozenset[str]()
        self.links = Links(Far(self.folder.pair("line"), self.folder, {local: self.tcp}, {}, carries))
        self.link = self.links.serve(local)
        self.said: list[str] = []
        self.heard: list[tuple[bytes, Message]] = []

    def turn(self) -> None:
        self.links.wait(0.01)
        self.heard += self.link.receive()
        self.said += self.links.refused()

    def reaches(self, name: bytes) -> bool:
        self.turn()
        return self.link.send(Recorded("belt", ()), to=name)

    def hears(self) -> list[tuple[bytes, Message]]:
        """What has arrived, once something has."""

        def look() -> list[tuple[bytes, Message]]:
            self.turn()
            return self.heard

        found: list[tuple[bytes, Message]] = wait_for(look, "a message")
        self.heard = []
        return found

    def refuses(self) -> str:
        """What is on record of the first refusal."""

        def look() -> list[str]:
            self.turn()
            return self.said

        wait_for(look, "a refusal on record")
        return self.said[0]


@pytest.fixture
def server(places: Places, tmp_path: Path) -> Iterator[Server]:
    opened = Server(places, KeyFolder(tmp_path / "keys"))
    yield opened
    opened.links.close()
    opened.links.close()


@contextlib.contextmanager
def client(server: Server, pair: KeyPair, name: str = "inspect 2", at: str = "") -> Iterator[tuple[Links, Link]]:
    """A role on another host, which knows the public key of the server's."""
    address = at or server.tcp
    far = Far(pair, server.folder, {}, {address: "line"}, frozenset())
    links = Links(far)
    try:
        yield links, links.ask(address, name)
    finally:
        links.close()


def known(server: Server, host: str = "gpu") -> KeyPair:
    server.folder.keep(host, new_pair())
    return server.folder.pair(host)


def answered(server: Server, links: Links, link: Link, name: bytes = b"inspect 2") -> list[tuple[bytes, Message]]:
    assert server.link.send(Recorded("belt", ()), to=name)

    def look() -> list[tuple[bytes, Message]]:
        server.turn()
        links.wait(0.01)
        return list(link.receive())

    found: list[tuple[bytes, Message]] = wait_for(look, "the answer")
    return found


def test_a_known_host_and_a_local_role_meet_at_the_same_socket(server: Server) -> None:
    local = Links()
    near = local.ask(server.places.socket("record"), "inspect 1")
    near.send(GOOD)
    assert server.hears() == [(b"inspect 1", GOOD)]
    with client(server, known(server)) as (links, link):
        link.send(GOOD)
        assert server.hears() == [(b"inspect 2", GOOD)]
        assert answered(server, links, link) == [(b"", Recorded("belt", ()))]
        assert answered(server, local, near, b"inspect 1") == [(b"", Recorded("belt", ()))]
    local.close()
    assert server.links.refused() == []


def test_a_stranger_who_knows_the_servers_key_is_refused_and_on_record(server: Server) -> None:
    pair = new_pair()
    with client(server, pair) as (_, link):
        link.send(GOOD)
        said = server.refuses()
    assert "127.0.0.1" in said and fingerprint(key_bytes(pair.public)) in said
    assert server.heard == []


def test_a_host_whose_key_comes_later_is_let_in_without_a_restart(server: Server) -> None:
    pair = new_pair()
    with client(server, pair) as (_, link):
        link.send(GOOD)
        server.refuses()
        server.folder.keep("gpu", pair)
        assert server.hears() == [(b"inspect 2", GOOD)]


def test_a_host_whose_key_is_revoked_loses_its_connection_within_seconds_and_the_others_go_on(server: Server) -> None:
    with (
        client(server, known(server, "gpu")) as (_, bad),
        client(server, known(server, "page"), "display") as (links, good),
    ):
        bad.send(GOOD)
        good.send(GOOD)
        arrived: list[bytes] = []
        while len(arrived) < 2:
            arrived += [name for name, _ in server.hears()]
        revoked = server.folder.revoke("gpu")
        assert revoked in server.refuses()
        wait_for(lambda: not server.link.send(Recorded("belt", ()), to=b"inspect 2"), "the end of it")
        bad.send(GOOD)
        wait_for(lambda: server.reaches(b"display"), "the other host, which comes back by itself")
        good.send(GOOD)
        assert server.hears() == [(b"display", GOOD)]
        links.wait(0.0)


def test_a_role_lets_go_of_a_host_whose_key_is_revoked_and_comes_back_with_its_new_one(server: Server) -> None:
    """The other way round: who asks must not go on listening to a host that is out."""
    pair = known(server)
    with client(server, pair) as (links, link):
        link.send(GOOD)
        assert server.hears() == [(b"inspect 2", GOOD)]
        server.folder.revoke("line")
        wait_for(lambda: links.wait(0.01) or not server.reaches(b"inspect 2"), "the end of it")
        server.links.close()
        new = Server(server.places, server.folder, server.tcp)
        wait_for(lambda: links.wait(0.01) or new.reaches(b"inspect 2"), "its new key")
        new.links.close()


def test_without_a_key_of_the_other_host_nothing_is_connected(server: Server) -> None:
    """Least of all without CURVE."""
    pair = known(server)
    server.folder.revoke("line")
    with client(server, pair) as (links, link), socket.create_server(("127.0.0.1", 0)) as trap:
        trap.settimeout(0.3)
        address = f"tcp://127.0.0.1:{trap.getsockname()[1]}"
        caller = Links(Far(pair, server.folder, {}, {address: "line"}, frozenset()))
        caller.ask(address, "inspect 3").send(GOOD)
        with pytest.raises(TimeoutError):
            trap.accept()
        caller.close()
        links.wait(0.0)
        assert not link.arrived


def test_a_connection_without_curve_is_refused_and_on_record(server: Server) -> None:
    with zmq.Context() as context, context.socket(zmq.DEALER) as plain:
        plain.setsockopt(zmq.LINGER, 0)
        plain.connect(server.tcp)
        plain.send(encode(GOOD))
        said = server.refuses()
    assert "was refused" in said
    assert server.heard == []


def test_words_of_another_protocol_are_refused_and_on_record(server: Server) -> None:
    with socket.create_connection(("127.0.0.1", int(server.tcp.rpartition(":")[2]))) as plain:
        plain.sendall(b"GET / HTTP/1.1\r\nHost: line\r\n\r\n" * 40)
        assert "did not speak CURVE" in server.refuses()
    assert server.heard == []


@dataclass
class Tap:
    """Between a client and the server: passes every byte on and keeps what the client said."""

    to: tuple[str, int]
    said: bytearray = field(default_factory=bytearray)

    def __post_init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.address = f"tcp://127.0.0.1:{self._listening.getsockname()[1]}"
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            near, _ = self._listening.accept()
            far = socket.create_connection(self.to)
            self._open += [near, far]
            back = threading.Thread(target=self._pass, args=(far, near, bytearray()), daemon=True)
            self._threads.append(back)
            back.start()
            self._pass(near, far, self.said)

    def _pass(self, source: socket.socket, sink: socket.socket, kept: bytearray) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                kept += data
                sink.sendall(data)

    def close(self) -> None:
        for one in self._open:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        self._listening.close()
        for thread in self._threads:
            thread.join(60)


def test_a_recorded_conversation_that_is_played_again_is_refused_and_on_record(server: Server) -> None:
    port = int(server.tcp.rpartition(":")[2])
    tap = Tap(("127.0.0.1", port))
    with client(server, known(server), at=tap.address) as (_, link):
        link.send(GOOD)
        assert server.hears() == [(b"inspect 2", GOOD)]
        recorded = bytes(tap.said)
    tap.close()
    assert len(recorded) > 300, "greeting, handshake and a message"
    with socket.create_connection(("127.0.0.1", port)) as again:
        again.sendall(recorded)
        said = server.refuses()
    assert "repeated another's words" in said
    assert server.heard == []


def test_no_bytes_that_a_stranger_throws_at_a_door_become_a_message(server: Server) -> None:
    """Random bytes, behind nothing, behind a greeting for CURVE, and behind one for no security."""
    port, random = int(server.tcp.rpartition(":")[2]), Random(7)
    greetings = (b"", *(b"\xff" + bytes(8) + b"\x7f\x03\x00" + name.ljust(20, b"\0") + bytes(32) for name in KINDS))
    for number in range(90):
        with socket.create_connection(("127.0.0.1", port)) as stranger, contextlib.suppress(OSError):
            stranger.sendall(greetings[number % 3] + random.randbytes(random.randrange(1, 2000)))
        server.turn()
    with client(server, known(server)) as (_, link):
        link.send(GOOD)
        assert server.hears() == [(b"inspect 2", GOOD)]
    assert server.link.garbage == 0 and server.refuses()


def test_a_taken_port_is_said_in_words(server: Server, places: Places) -> None:
    local = places.socket("other")
    links = Links(Far(server.folder.pair("line"), server.folder, {local: server.tcp}, {}, frozenset()))
    with pytest.raises(BusyError, match=r"links\.port: cannot listen on tcp://127\.0\.0\.1:"):
        links.serve(local)
    links.close()


def test_an_oversized_message_of_a_known_host_costs_it_the_connection_and_nobody_else(server: Server) -> None:
    pair = known(server)
    with zmq.Context() as context, context.socket(zmq.DEALER) as rude, client(server, known(server, "b")) as (_, good):
        for option, value in (
            (zmq.LINGER, 0),
            (zmq.CURVE_SERVERKEY, server.folder.public("line").encode()),
            (zmq.CURVE_PUBLICKEY, pair.public.encode()),
            (zmq.CURVE_SECRETKEY, pair.secret.encode()),
        ):
            rude.setsockopt(option, value)
        rude.connect(server.tcp)
        rude.send(b"x" * (MAX_BYTES + 1000))
        good.send(Recall("belt", 1))
        assert server.hears() == [(b"inspect 2", Recall("belt", 1))]
        rude.send_multipart([encode(GOOD)] * 5)
        wait_for(lambda: server.reaches(b"inspect 2") and server.link.garbage, "parts that are none of ours")
    assert server.heard == []


def open_files() -> set[str]:
    return {path.name for path in Path("/proc/self/fd").iterdir()}


def test_a_descriptor_that_is_another_file_by_now_is_neither_copied_nor_closed(tmp_path: Path) -> None:
    with (tmp_path / "log").open("w") as file, socket.create_server(("127.0.0.1", 0)) as door:
        with socket.create_connection(door.getsockname()) as caller, door.accept()[0] as came:
            before = open_files()
            assert [_address_of(file.fileno()) for _ in range(20)] == [GONE] * 20
            assert _address_of(came.fileno()) == "127.0.0.1" and _address_of(door.fileno()) == GONE
            assert open_files() == before
            caller.sendall(b"still open")
            assert came.recv(10) == b"still open"
        file.write("still open")


FLOOD = """
import socket, sys, time
from pathlib import Path
from stream.curve import new_pair
from stream.far import Far
from stream.keys import KeyFolder
from stream.links import Links

folder, port = KeyFolder(Path(sys.argv[1])), int(sys.argv[2])
folder.keep("line", new_pair())
local = "ipc://" + sys.argv[1] + "/record"
links = Links(Far(folder.pair("line"), folder, {local: f"tcp://127.0.0.1:{port}"}, {}, frozenset()))
links.serve(local)
came, until = 0, time.monotonic() + 60
while came < 5000 and time.monotonic() < until:
    try:
        socket.create_connection(("127.0.0.1", port), 1.2).close()
        came += 1
    except TimeoutError:
        break  # the door takes no more until its role's next step
    time.sleep(0.0002)
started = time.monotonic()
links.close()
print(came, time.monotonic() - started)
"""


def test_a_flood_of_connections_between_two_steps_does_not_hold_up_the_end(tmp_path: Path) -> None:
    """In a process of its own: one that hangs in ZeroMQ cannot be asked to stop."""
    words = [sys.executable, "-c", FLOOD, str(tmp_path), str(free_port())]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False, timeout=200)
    assert done.returncode == 0, done.stderr
    came, took_s = done.stdout.split()
    assert int(came) > 800 and float(took_s) < 60
