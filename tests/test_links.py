"""Sockets between the roles, real ones, in the test's own folder."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator

import pytest
import zmq

from stream.links import BURST, Link, Links
from stream.messages import Ask, Message, Recall, Recorded, Waiting
from stream.places import Places
from stream.wire import MAX_BYTES, encode
from tests.line import wait_for

GOOD = Waiting("belt", 3, 5, True)


@pytest.fixture
def links() -> Iterator[Links]:
    opened = Links()
    yield opened
    opened.close()
    opened.close()


@contextlib.contextmanager
def raw(kind: int, address: str, name: bytes = b"stranger") -> Iterator[zmq.Socket[bytes]]:
    """A socket of nobody of ours."""
    with zmq.Context() as context, context.socket(kind) as socket:
        socket.setsockopt(zmq.LINGER, 1000)
        socket.setsockopt(zmq.IDENTITY, name)
        if kind == zmq.PUB:
            socket.bind(address)
        else:
            socket.connect(address)
        yield socket


def arriving(links: Links, link: Link) -> list[tuple[bytes, Message]]:
    """What has arrived, once something has."""

    def look() -> list[tuple[bytes, Message]]:
        links.wait(0.05)
        return list(link.receive())

    found: list[tuple[bytes, Message]] = wait_for(look, "a message")
    return found


def test_question_and_answer_find_their_way_by_name(links: Links, places: Places) -> None:
    server = links.serve(places.socket("capture-belt"))
    one, two = (links.ask(places.socket("capture-belt"), name) for name in ("inspect 1", "inspect 2"))
    two.send(Ask("inspect 2", 5, 1))
    assert arriving(links, server) == [(b"inspect 2", Ask("inspect 2", 5, 1))]
    assert server.send(GOOD, to=b"inspect 2")
    assert arriving(links, two) == [(b"", GOOD)]
    assert list(one.receive()) == []


def test_a_question_waits_for_its_server_to_appear(links: Links, places: Places) -> None:
    client = links.ask(places.socket("record"), "capture belt")
    assert client.send(Recall("belt", 7))
    server = links.serve(places.socket("record"))
    assert arriving(links, server) == [(b"capture belt", Recall("belt", 7))]


def test_what_is_sent_to_nobody_is_not_taken(links: Links, places: Places) -> None:
    server = links.serve(places.socket("capture-belt"))
    assert not server.send(GOOD, to=b"inspect 9")


def test_a_peer_that_comes_back_under_its_name_takes_its_old_place(links: Links, places: Places) -> None:
    server = links.serve(places.socket("record"))
    before = links.ask(places.socket("record"), "inspect 1")
    before.send(GOOD)
    arriving(links, server)
    after = links.ask(places.socket("record"), "inspect 1")
    after.send(GOOD)
    arriving(links, server)
    assert server.send(Recorded("belt", ()), to=b"inspect 1")
    assert arriving(links, after) == [(b"", Recorded("belt", ()))]
    assert list(before.receive()) == []


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param([b""], id="empty"),
        pytest.param([b"GET / HTTP/1.1"], id="another-protocol"),
        pytest.param([encode(GOOD)[:-1]], id="cut-off"),
        pytest.param([b"x" * 2_000_000], id="two-megabytes"),
        pytest.param([encode(GOOD), encode(GOOD)], id="a-third-part"),
        pytest.param([b"", encode(GOOD)], id="a-delimiter"),
    ],
)
def test_garbage_is_counted_and_dropped(links: Links, places: Places, parts: list[bytes]) -> None:
    server = links.serve(places.socket("record"))
    with raw(zmq.DEALER, places.socket("record")) as stranger:
        stranger.send_multipart(parts)
        stranger.send(encode(GOOD))
        assert arriving(links, server) == [(b"stranger", GOOD)]
    assert server.garbage == 1


def test_a_message_of_a_kind_that_a_socket_does_not_take_is_garbage(links: Links, places: Places) -> None:
    server = links.serve(places.socket("record"), (Recall,))
    client = links.ask(places.socket("record"), "stranger")
    for message in (GOOD, Ask("inspect 1", 5, 1), Recall("belt", 1)):
        client.send(message)
    assert arriving(links, server) == [(b"stranger", Recall("belt", 1))]
    assert server.garbage == 2


def test_garbage_on_a_published_socket_is_counted_and_dropped(links: Links, places: Places) -> None:
    listener = links.listen([places.socket("inspect-1-live")])
    with raw(zmq.PUB, places.socket("inspect-1-live")) as stranger:

        def counted() -> bool:
            stranger.send(b"noise")
            stranger.send_multipart([encode(GOOD), b"more"])
            stranger.send(encode(GOOD))
            links.wait(0.02)
            return any(message == GOOD for _, message in listener.receive()) and listener.garbage >= 2

        wait_for(counted, "garbage beside a message")


def test_an_oversized_message_costs_its_sender_the_line_and_nobody_else(links: Links, places: Places) -> None:
    server = links.serve(places.socket("record"))
    client = links.ask(places.socket("record"), "capture belt")
    with raw(zmq.DEALER, places.socket("record")) as stranger:
        stranger.setsockopt(zmq.LINGER, 0)
        stranger.send(b"x" * (MAX_BYTES + 1))
        client.send(GOOD)
        assert arriving(links, server) == [(b"capture belt", GOOD)]
        client.send(Recall("belt", 1))
        assert arriving(links, server) == [(b"capture belt", Recall("belt", 1))]
    assert server.garbage == 0


def test_the_latest_is_the_newest_of_what_has_arrived(links: Links, places: Places) -> None:
    server = links.serve(places.socket("record"))
    client = links.ask(places.socket("record"), "capture belt")
    for run in range(5):
        client.send(Recall("belt", run))
    seen = []

    def last_one() -> bool:
        links.wait(0.05)
        if (newest := server.latest()) is not None:
            seen.append(newest[1])
        return seen[-1:] == [Recall("belt", 4)]

    wait_for(last_one, "the newest message")
    assert server.latest() is None
    assert not server.arrived


def test_one_look_takes_a_stated_number_of_messages(links: Links, places: Places) -> None:
    server = links.serve(places.socket("record"))
    client = links.ask(places.socket("record"), "capture belt")
    for run in range(BURST + 10):
        client.send(Recall("belt", run))
    taken: list[int] = []

    def all_here() -> bool:
        links.wait(0.05)
        taken.append(len(list(server.receive())))
        return sum(taken) == BURST + 10

    wait_for(all_here, "every message")
    assert max(taken) <= BURST


def test_a_publisher_without_listeners_never_waits(links: Links, places: Places) -> None:
    publisher = links.publish(places.socket("capture-belt-live"))
    assert all(publisher.send(GOOD) for _ in range(5000))


def test_a_watched_descriptor_ends_the_wait(links: Links) -> None:
    reading, writing = os.pipe()
    links.watch(reading)
    assert links.wait(0.0) == set()
    os.write(writing, b"x")
    before = time.monotonic()
    assert links.wait(60.0) == {reading}
    assert time.monotonic() - before < 30
    links.unwatch(reading)
    assert links.wait(0.0) == set()
    os.close(reading)
    os.close(writing)


def test_what_is_sent_last_leaves_before_the_end(links: Links, places: Places) -> None:
    server = links.serve(places.socket("record"))
    leaving = Links()
    leaving.ask(places.socket("record"), "inspect 1").send(GOOD)
    leaving.flush_and_close(linger_s=60.0)
    assert arriving(links, server) == [(b"inspect 1", GOOD)]
