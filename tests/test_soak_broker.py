"""The soak's broker: heard as the line hears one, killed, brought back, noisy; and what it says is known beforehand."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.mqtt import Broker
from stream.part_names import PartError, part_in
from stream.settings import MqttSettings
from tests.line import wait_for
from tests.ports import free_port
from tools.soak_announced import AGAIN, GARBAGE, KEPT, NAMELESS, PART, TOLD, heard_at_ns, said
from tools.soak_broker import packet, packets
from tools.soak_check_told import Told, read_told
from tools.soak_outside import Outside

SEED = 3


@dataclass
class Camera:
    """What the capture of a camera gets of its broker."""

    parts: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    nobody: int = 0

    def hear(self, port: int) -> Broker:
        mqtt = MqttSettings(host="127.0.0.1", port=port, topic="soak/belt")
        broker = Broker(mqtt, lambda part, _: self.parts.append(part), self.lose, self.said.append)
        broker.start()
        return broker

    def lose(self) -> None:
        self.nobody += 1

    @property
    def times_heard(self) -> int:
        return sum("is heard" in one for one in self.said)


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def spoken(tmp_path: Path, port: int) -> Iterator[Outside]:
    words = ("--port", str(port), "--seed", str(SEED), "--out", str(tmp_path), "--camera", "belt=0.02")
    one = Outside([sys.executable, "-m", "tools.soak_broker", *words])
    one.start()
    yield one
    one.kill()


def acknowledged(folder: Path) -> list[Told]:
    return [one for one in read_told(folder) if one.acked_s is not None]


def test_what_was_acknowledged_was_heard_and_what_it_says_is_known(spoken: Outside, port: int, tmp_path: Path) -> None:
    camera = Camera()
    broker = camera.hear(port)
    wait_for(lambda: len(acknowledged(tmp_path)) > 60, "sixty messages")
    broker.close()
    spoken.kill()
    told = read_told(tmp_path)
    assert [one.number for one in told] == list(range(len(told)))
    assert {one.kind for one in told} > {PART, GARBAGE}
    for one in told:
        assert (one.kind, one.part) == (said(SEED, "belt", one.number).kind, said(SEED, "belt", one.number).part)
    named = [one.part for one in acknowledged(tmp_path) if one.orders]
    assert camera.parts[: len(named)] == named and len(camera.parts) <= len(named) + 1, (
        "one may not be acknowledged yet"
    )
    assert camera.nobody >= sum(one.kind == GARBAGE for one in acknowledged(tmp_path)), (
        "what is no part ends the one before"
    )
    assert heard_at_ns(tmp_path / TOLD).keys() == {"belt"}


@pytest.mark.parametrize("hurt", ["killed", "noisy"])
def test_one_that_was_lost_is_heard_again_and_says_nothing_twice(
    spoken: Outside, port: int, tmp_path: Path, hurt: str
) -> None:
    camera = Camera()
    broker = camera.hear(port)
    wait_for(lambda: acknowledged(tmp_path), "a message")
    if hurt == "killed":
        spoken.kill()
        spoken.start()
    else:
        spoken.send(signal.SIGUSR1)
    wait_for(lambda: camera.times_heard == 2, "the broker, again")
    before = len(acknowledged(tmp_path))
    wait_for(lambda: len(acknowledged(tmp_path)) > before + 3, "further messages")
    broker.close()
    spoken.kill()
    numbers = [one.number for one in read_told(tmp_path)]
    assert len(set(numbers)) == len(numbers) and camera.nobody


@given(seed=st.integers(0, 999), number=st.integers(0, 500))
def test_a_message_is_what_it_is_said_to_be(seed: int, number: int) -> None:
    message = said(seed, "belt", number)
    if message.kind == GARBAGE:
        with pytest.raises(PartError):
            part_in(message.payload)
        return
    assert part_in(message.payload) == message.part
    assert bool(message.part) == (message.kind != NAMELESS)
    if message.kind == AGAIN:
        assert said(seed, "belt", number - 1).part == message.part
    assert (message.kind == KEPT) == message.part.startswith("kept-")


@given(st.lists(st.tuples(st.integers(1, 14), st.binary(max_size=300)), max_size=6), st.binary(max_size=40))
def test_packets_are_read_as_they_were_written_however_they_arrive(sent: list[tuple[int, bytes]], more: bytes) -> None:
    whole = b"".join(packet(kind, body) for kind, body in sent)
    assert packets(whole) == (sent, b"")
    found, left = packets(whole + more)
    assert found[: len(sent)] == sent and whole + more == b"".join(packet(*one) for one in sent) + more
    assert len(left) <= len(more)
    for cut in range(0, len(whole), 7):
        first, rest = packets(whole[:cut])
        assert first + packets(rest + whole[cut:])[0] == sent
