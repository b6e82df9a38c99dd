"""Whether a GigE Vision camera is there: what is asked, what counts as an answer, and what silence is."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterator

import pytest

from stream.sources import gvcp, industrial
from stream.sources.gvcp import answers_to, is_there, question

LONG_S = 60.0  # a machine that others use must not make a camera silent


@pytest.fixture
def camera() -> Iterator[Callable[[Callable[[bytes, int], bytes | None]], int]]:
    """Something that answers by that rule: its port. The rule is given each packet and how many came before it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        threads = []

        def begin(rule: Callable[[bytes, int], bytes | None]) -> int:
            def serve() -> None:
                for count in range(100):
                    packet, asker = listening.recvfrom(100)
                    if not packet:
                        return
                    if (answer := rule(packet, count)) is not None:
                        listening.sendto(answer, asker)

            threads.append(threading.Thread(target=serve))
            threads[-1].start()
            return int(listening.getsockname()[1])

        yield begin
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ends:
            ends.sendto(b"", listening.getsockname())
        for thread in threads:
            thread.join()


def found(packet: bytes) -> bytes:
    return struct.pack(">HHHH", 0, 0x0003, 248, struct.unpack(">BBHHH", packet)[4]) + bytes(248)


def test_the_question_is_the_one_of_the_standard() -> None:
    assert question(7) == bytes.fromhex("42 01 0002 0000 0007")


@pytest.mark.parametrize(
    ("packet", "is_one"),
    [
        (found(question(7)), True),
        (found(question(8)), False),
        (struct.pack(">HHHH", 0, 0x0081, 4, 7), False),
        (b"\0\0\0\3", False),
        (b"", False),
    ],
    ids=["its own", "to another question", "of another kind", "cut short", "empty"],
)
def test_an_answer_is_one_to_this_very_question(packet: bytes, is_one: bool) -> None:
    assert answers_to(packet, 7) is is_one


def test_a_camera_that_answers_is_there(camera: Callable[..., int]) -> None:
    assert is_there("127.0.0.1", camera(lambda packet, _: found(packet)), tries=1, wait_s=LONG_S)


def test_an_answer_that_came_too_late_is_no_answer_to_the_next_question(camera: Callable[..., int]) -> None:
    port = camera(lambda packet, _: found(question(0)))
    assert not is_there("127.0.0.1", port, tries=2, wait_s=0.05)


def test_a_question_that_was_lost_is_asked_again(camera: Callable[..., int]) -> None:
    assert is_there("127.0.0.1", camera(lambda packet, before: found(packet) if before else None), wait_s=1.0, tries=60)


def test_silence_a_port_without_a_camera_and_no_address_are_no_camera(camera: Callable[..., int]) -> None:
    assert not is_there("127.0.0.1", camera(lambda *_: None), tries=2, wait_s=0.05)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        nobody = taken.getsockname()[1]
    assert not is_there("127.0.0.1", nobody, tries=2, wait_s=0.05)
    assert not is_there("::1", nobody, tries=2, wait_s=0.05)


def test_a_triggered_camera_is_found_lost_well_within_six_seconds() -> None:
    """By the constants: the pause between two looks, a wait for a picture, and all tries of a look."""
    assert industrial.SAY_EVERY_S + industrial.LOOK_EVERY_S + gvcp.TRIES * gvcp.WAIT_S < 4.5
