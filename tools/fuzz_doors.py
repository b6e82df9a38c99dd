"""The sockets of a line as a stranger finds them: which messages each takes, and such as it must not take. Pure."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from stream.ear import TAKES as DISPLAY_HEARS
from stream.lending import TAKES as CAPTURE_TAKES
from stream.messages import Command, Event, Judged, Recall, Report
from stream.recorder_inbox import TAKES as RECORDER_TAKES
from stream.recorder_inbox import camera_of
from stream.wire import MAX_BYTES, encode

from .fuzz_messages import KINDS, absurd, broken, taken
from .fuzz_zmtp import LONG, MORE, frame, message

CAMERA = "belt"
OF_A_CAMERA = (Judged, Report, Recall, Event)


__all__ = ["CAMERA", "DISPLAY_HEARS", "DOORS", "Door", "forged", "refused", "wild"]


@dataclass(frozen=True)
class Door:
    """A socket that serves, and the kinds of messages that it takes."""

    name: str
    takes: tuple[type, ...]


DOORS = (
    Door("control", (Command,)),
    Door("record", RECORDER_TAKES),
    Door(f"capture-{CAMERA}", CAPTURE_TAKES),
)
Draw = Callable[[random.Random, Door], bytes]


def refused(chance: random.Random, door: Door) -> bytes:
    """One whole message, as it lies on the wire, that the door must refuse and count."""
    (draw,) = chance.choices([draw for draw, _ in REFUSED], [weight for _, weight in REFUSED])
    return draw(chance, door)


def forged(chance: random.Random, door: Door) -> bytes:
    """One message that is well-formed and of a kind that the door takes, and says what no line says."""
    return message([encode(absurd(chance, chance.choice(door.takes)))])


def _noise(chance: random.Random, door: Door) -> bytes:
    size = chance.choice((0, 1, 3, 4, 5, 8, 40, 255, 256, 3000))
    return message([chance.choice((b"", b"LW01", b"LW00")) + chance.randbytes(size)])


def _broken(chance: random.Random, door: Door) -> bytes:
    """Not larger than a message may be: of such a peer the connection is cut, see `wild`."""
    while len(data := broken(chance, chance.choice((*KINDS, *door.takes * 4)))) > MAX_BYTES or taken(data, door.takes):
        continue
    return message([data])


def _wrong_kind(chance: random.Random, door: Door) -> bytes:
    kinds = [kind for kind in KINDS if kind not in door.takes]
    return message([encode(absurd(chance, chance.choice(kinds)))])


def _wrong_parts(chance: random.Random, door: Door) -> bytes:
    """Well-formed, but not alone."""
    whole = encode(absurd(chance, chance.choice(door.takes)))
    others = [chance.choice((b"", b"x", whole)) for _ in range(chance.choice((1, 1, 2, 20)))]
    return message([*others, whole] if chance.random() < 0.5 else [whole, *others])


def _of_another_camera(chance: random.Random, door: Door) -> bytes:
    """Well-formed, about a camera that the line has not; where the door asks for cameras."""
    kinds = [kind for kind in door.takes if kind in OF_A_CAMERA]
    if not kinds:
        return _wrong_kind(chance, door)
    while camera_of(told := absurd(chance, chance.choice(kinds))) != "nobody":
        continue
    return message([encode(told)])


REFUSED: tuple[tuple[Draw, int], ...] = (
    (_noise, 15),
    (_broken, 55),
    (_wrong_kind, 15),
    (_wrong_parts, 10),
    (_of_another_camera, 5),
)


def wild(chance: random.Random) -> bytes:
    """What is no message at all: for a connection of its own, which the peer may cut."""
    return chance.choice(WILD)(chance)


WILD: tuple[Callable[[random.Random], bytes], ...] = (
    lambda chance: chance.randbytes(chance.choice((1, 10, 64, 500, 20_000))),
    lambda chance: bytes((LONG,)) + (2**63).to_bytes(8, "big") + b"x" * 100,  # a length that lies
    lambda chance: bytes((LONG,)) + (9 << 20).to_bytes(8, "big") + b"x" * 100_000,  # more than is allowed
    lambda chance: bytes((LONG,)) + (1 << 20).to_bytes(8, "big") + b"x" * 1000,  # cut off
    lambda chance: frame(b"x" * 100, MORE) * 500,  # a message without an end
    lambda chance: bytes((chance.randrange(8, 256), 5)) + b"hello",  # flags that nobody knows
    lambda chance: frame(b"\x05ERROR\xff", 4) + frame(chance.randbytes(40), 4),  # commands
)
