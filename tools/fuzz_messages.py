"""Messages of the line for a fuzzer: one of each kind, the same with a field changed, and such as no line sends.

Read from the types in stream/messages/, so a kind or a field that is added there is fuzzed from then on. Pure.
"""

from __future__ import annotations

import contextlib
import copy
import functools
import random
import re
import types
import typing
from typing import Annotated, Any

import msgspec

from stream.messages import Message
from stream.wire import MAGIC, WireError, decode, encode

from .fuzz_mutation import CHANGES, Stock

KINDS: tuple[type, ...] = typing.get_args(Message)
CAMERAS = ("belt", "other", "nobody", "")
WORDS = ("belt.1.ring", "other.1.ring", "..", "x", "", "GOOD", "BAD", "UNKNOWN", "dropped:newest", "dropped:x")
TEXTS = (
    "", "belt", "inspect 1", "capture belt", "../../../etc/passwd", "a/b", "belt.1.ring", "..", ".", "nul\0nul",
    "\x1b[2J", "ä€𝄞", "<script>", "x" * 200, "x" * 1025,
)  # fmt: skip
TRIES = 1000
WHOLE = (0, 1, 2, 255, 2**16, 2**31 - 1, 2**31, 2**32, 2**48, 2**53, 2**62, 2**63 - 1)
REAL = (0.0, 0.5, 1.0, -1.0, 1e-308, 1e9, 1.7e308)
EDGES: tuple[Any, ...] = (
    None, True, -1, 0, 2**63 - 1, 2**63, 2**64 - 1, -(2**63), 1.5, float("nan"), float("inf"), "", "\0", "../x", b"",
    b"\xff" * 9, [], [[]], {}, {"type": "ask"}, "x" * 600_000,
)  # fmt: skip


def absurd(chance: random.Random, kind: type) -> Message:
    """A message of that kind, each value within its type and as odd as that allows."""
    for _ in range(TRIES):
        made: Message = _struct(chance, kind)
        with contextlib.suppress(WireError):
            decode(encode(made))
            return made
    raise AssertionError(f"{kind.__name__}: no message of its types could be drawn")


def broken(chance: random.Random, kind: type) -> bytes:
    """The bytes of such a message with fields changed, missing, added or of another type, or with damaged bytes."""
    whole = encode(absurd(chance, kind))
    if chance.random() < 0.3:
        return chance.choice(CHANGES)(chance, whole, Stock((whole,)))
    tree = msgspec.msgpack.decode(whole[len(MAGIC) :])
    for _ in range(chance.choice((1, 1, 1, 2, 5))):
        _change(chance, tree)
    return MAGIC + msgspec.msgpack.encode(tree)


def taken(data: bytes, takes: tuple[type, ...]) -> bool:
    """Whether a socket that takes those kinds would take the bytes as one of them."""
    try:
        return isinstance(decode(data), takes)
    except WireError:
        return False


@functools.cache
def _hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind, include_extras=True)


def _change(chance: random.Random, tree: Any) -> None:
    """One change somewhere in the tree of maps and lists."""
    node = tree
    while True:
        keys = list(node) if isinstance(node, dict) else list(range(len(node)))
        below = [key for key in keys if isinstance(node[key], dict | list) and node[key]]
        if not below or chance.random() < 0.5:
            break
        node = node[chance.choice(below)]
    if not keys or chance.random() < 0.1:
        _add(chance, node)
    elif chance.random() < 0.2:
        del node[chance.choice(keys)]
    else:
        node[chance.choice(keys)] = _edge(chance)


def _edge(chance: random.Random) -> Any:
    """Mostly a small one: a hundred thousand of them shall fit through a socket in a minute."""
    return copy.deepcopy(chance.choice(EDGES[:-1] if chance.random() < 0.995 else EDGES))


def _add(chance: random.Random, node: Any) -> None:
    if isinstance(node, dict):
        node[chance.choice(TEXTS)] = _edge(chance)
    else:
        node += [_edge(chance)] * chance.choice((1, 1, 3, 40))


def _struct(chance: random.Random, kind: Any) -> Any:
    """One of that kind; where its fields do not go together, others are drawn."""
    hints = _hints(kind)
    for _ in range(TRIES):
        with contextlib.suppress(ValueError):
            return kind(**{field: _value(chance, field, hints[field]) for field in kind.__struct_fields__})
    raise AssertionError(f"{kind.__name__}: no fields that go together could be drawn")


def _value(chance: random.Random, name: str, kind: Any) -> Any:
    origin, words = typing.get_origin(kind), typing.get_args(kind)
    if origin is Annotated:
        return _limited(chance, name, words[0], words[1])
    if origin in (typing.Union, types.UnionType):
        return _value(chance, name, chance.choice(words))
    if origin is tuple and words[-1] is ...:
        return tuple(_value(chance, name, words[0]) for _ in range(chance.choice((0, 1, 1, 2, 40))))
    if origin is tuple:
        return tuple(_value(chance, name, word) for word in words)
    if origin is dict:
        return {_value(chance, name, words[0]): _value(chance, name, words[1]) for _ in range(chance.randrange(3))}
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return _struct(chance, kind)
    return _plain(chance, name, kind)


def _plain(chance: random.Random, name: str, kind: type) -> Any:
    if kind is str:
        return chance.choice(CAMERAS if name == "camera" else TEXTS)
    if kind is int:
        return chance.choice(WHOLE) * chance.choice((1, 1, -1))
    simple: dict[type, tuple[Any, ...]] = {
        float: (*REAL, float("nan"), float("inf")),
        bytes: (b"", b"\xff" * 9, b"x\x9c\x03\x00\x00\x00\x00\x01"),
        bool: (True, False),
        type(None): (None,),
    }
    return chance.choice(simple[kind])


def _limited(chance: random.Random, name: str, kind: Any, limits: msgspec.Meta) -> Any:
    if limits.pattern is not None:
        known = CAMERAS if name == "camera" else (*WORDS, *re.findall("[A-Za-z]+", limits.pattern), "0" * 40)
        return chance.choice([word for word in known if re.search(limits.pattern, word)])
    if limits.max_length is not None:
        return _value(chance, name, kind)
    low, high = limits.ge, limits.le
    assert low is not None and high is not None
    return chance.choice([value for value in (*(WHOLE if kind is int else REAL), low, high) if low <= value <= high])
