"""Messages and masks, as bytes and back."""

from __future__ import annotations

import types
import typing
import zlib
from typing import Annotated, Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.verdict import Box, Defect, StageTimes, State, Verdict
from stream.messages import UNKNOWN_MOST, Judged, Known, Message, Outcome, PackedMask, Recorded, Release
from stream.wire import MAGIC, MAX_BYTES, WireError, decode, encode, pack_mask, to_record, unpack_mask
from tests.frames import frame, judged, report, verdict

KINDS = typing.get_args(Message)
SPANS = st.lists(st.integers(0, 2**40), max_size=6, unique=True).map(
    lambda ends: tuple(zip(sorted(ends)[::2], sorted(ends)[1::2], strict=False))
)
KNOWN = st.builds(Known, st.just("belt"), st.integers(0, 2**50), SPANS, SPANS)
OUTCOMES = st.builds(
    lambda start, frames, outcome: Outcome(start, start + frames, outcome),
    st.integers(0, 2**40),
    st.integers(1, UNKNOWN_MOST),
    st.sampled_from(["UNKNOWN", "dropped:newest"]),
)


def values(kind: Any) -> st.SearchStrategy[Any]:
    """Any value that a field of that type may have."""
    origin, words = typing.get_origin(kind), typing.get_args(kind)
    if kind in (Outcome, Known):
        return OUTCOMES if kind is Outcome else KNOWN
    if origin is Annotated:
        return _limited(words[0], words[1])
    if origin in (typing.Union, types.UnionType):
        return st.one_of(*(values(word) for word in words))
    if origin is tuple and words[-1] is ...:
        return st.lists(values(words[0]), max_size=3).map(tuple)
    if origin is tuple:
        return st.tuples(*(values(word) for word in words))
    if origin is dict:
        return st.dictionaries(values(words[0]), values(words[1]), max_size=3)
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        hints = typing.get_type_hints(kind, include_extras=True)
        return st.builds(kind, **{name: values(hints[name]) for name in kind.__struct_fields__})
    simple = {
        int: st.integers(-(2**63), 2**63 - 1),
        float: st.floats(allow_nan=False),
        str: st.text(max_size=20),
        bytes: st.binary(max_size=40),
        bool: st.booleans(),
        type(None): st.none(),
    }
    return simple[kind]


def _limited(kind: Any, limits: msgspec.Meta) -> st.SearchStrategy[Any]:
    if limits.pattern is not None:
        least, most = limits.min_length or 0, limits.max_length or 99
        return st.from_regex(limits.pattern).filter(lambda text: least <= len(text) <= most)
    if limits.max_length is not None:
        return values(kind)  # which never gives as much
    numbers = {int: st.integers, float: st.floats}[kind]
    return numbers(limits.ge, limits.le)  # type: ignore[operator]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_any_message_comes_back_as_it_went(kind: type) -> None:
    @settings(max_examples=30)
    @given(message=values(kind))
    def comes_back(message: Message) -> None:
        assert decode(encode(message)) == message

    comes_back()


def message_or_refusal(data: bytes) -> Message | None:
    try:
        message = decode(data)
    except WireError:
        return None
    assert isinstance(message, KINDS)
    return message


@given(st.binary(max_size=200))
def test_any_bytes_are_a_message_or_refused(data: bytes) -> None:
    assert message_or_refusal(data) is None or data.startswith(MAGIC)
    message_or_refusal(MAGIC + data)


@settings(max_examples=300)
@given(st.data())
def test_a_damaged_message_is_a_message_or_refused(data: st.DataObject) -> None:
    whole = bytearray(encode(judged(7, "BAD")))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(len(MAGIC), len(whole) - 1))
        whole[at] = data.draw(st.integers(0, 255))
    message_or_refusal(bytes(whole[: data.draw(st.integers(0, len(whole)))]))


RELEASE = encode(Release("c", ()))
EMPTY = b"\xa4keys\x90"


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"LW00" + RELEASE[4:], id="another-format"),
        pytest.param(RELEASE[4:], id="no-magic"),
        pytest.param(MAGIC, id="magic-alone"),
        pytest.param(RELEASE + b"\x00", id="trailing-byte"),
        pytest.param(RELEASE[:-1], id="cut-off"),
        pytest.param(MAGIC + b"\x80", id="no-tag"),
        pytest.param(MAGIC + b"\xc0", id="nil"),
        pytest.param(MAGIC + b"\x81\xa4type\xa5march", id="unknown-tag"),
        pytest.param(MAGIC + b"\x91" * 100_000, id="deep"),
        pytest.param(MAGIC + b"\x82\xa4type\xa7release\xa1x" + b"\x91" * 100_000, id="deep-in-an-unknown-field"),
        pytest.param(RELEASE.replace(EMPTY, b"\xa4keys\xdd\xff\xff\xff\xff"), id="claims-four-billion-keys"),
        pytest.param(RELEASE.replace(b"\xa1c", b"\xa1\xff"), id="not-utf-8"),
        pytest.param(RELEASE.replace(EMPTY, b"\xa4keys\x91\x92\xff\x00"), id="negative-run"),
        pytest.param(RELEASE.replace(EMPTY, b"\xa4keys\x91\x92\x00\xcf" + b"\xff" * 8), id="seq-beyond-a-column"),
        pytest.param(encode(judged(1, "BAD", float("nan"))), id="score-nan"),
        pytest.param(encode(judged(1, "BAD", 1.5)), id="score-above-1"),
        pytest.param(encode(judged(1, "GOOD\n", 0.1)), id="no-state"),
        pytest.param(MAGIC + b"\x00" * MAX_BYTES, id="larger-than-the-most"),
    ],
)
def test_what_is_no_message_is_refused(data: bytes) -> None:
    with pytest.raises(WireError):
        decode(data)


ABSURD = {
    "camera-that-is-a-path": {"frame": {"camera": "../../etc"}},
    "ring-in-another-folder": {"frame": {"ring": "../belt.1.ring"}},
    "ring-with-a-nul": {"frame": {"ring": "belt.1.ring\0"}},
    "seq-without-end": {"frame": {"seq": 2**62}},
    "time-that-is-infinite": {"frame": {"pts_s": float("inf")}},
    "inspector-of-a-megabyte": {"inspector": "x" * 1_000_000},
    "reason-of-a-megabyte": {"verdict": {"reason": "x" * 1_000_000}},
    "mask-box-beyond-any-picture": {"verdict": {"mask": {"box": [0, 0, 2**40, 2**40], "bits": b""}}},
}


@pytest.mark.parametrize("changes", ABSURD.values(), ids=ABSURD)
def test_a_verdict_with_an_absurd_value_is_refused(changes: dict[str, Any]) -> None:
    told = msgspec.to_builtins(judged(1, "BAD"), builtin_types=(bytes,))
    for name, value in changes.items():
        told[name] = told[name] | value if isinstance(value, dict) else value
    with pytest.raises(WireError):
        decode(MAGIC + msgspec.msgpack.encode(told))


@pytest.mark.parametrize(
    "outcome",
    [
        pytest.param((9, 5, "dropped:newest"), id="backwards"),
        pytest.param((5, 5, "dropped:newest"), id="of-no-frame"),
        pytest.param((0, 2**40, "UNKNOWN"), id="a-row-for-each-of-a-trillion-frames"),
        pytest.param((0, 2**62, "dropped:newest"), id="more-frames-than-a-run-has"),
        pytest.param((0, 1, "GOOD"), id="a-verdict"),
        pytest.param((0, 1, "dropped:"), id="without-a-reason"),
    ],
)
def test_a_report_of_an_absurd_outcome_is_refused(outcome: tuple[int, int, str]) -> None:
    told = msgspec.to_builtins(report(10))
    told["outcomes"] = [dict(zip(("start", "stop", "outcome"), outcome, strict=True))]
    with pytest.raises(WireError):
        decode(MAGIC + msgspec.msgpack.encode(told))


@pytest.mark.parametrize(
    "spans",
    [
        pytest.param({"intervals": [[5, 5]]}, id="empty"),
        pytest.param({"intervals": [[9, 5]]}, id="backwards"),
        pytest.param({"intervals": [[0, 9], [5, 12]]}, id="overlapping"),
        pytest.param({"intervals": [], "early": [[9, 5]]}, id="backwards-in-memory"),
    ],
)
def test_an_answer_whose_intervals_are_none_is_refused(spans: dict[str, Any]) -> None:
    with pytest.raises(WireError):
        decode(MAGIC + msgspec.msgpack.encode({"type": "known", "camera": "belt", "run": 1} | spans))


@pytest.mark.parametrize("field", [{"pid": 2**63}, {"pid": -1}, {"credits": 2**62}, {"credits": -1}], ids=str)
def test_a_question_with_an_absurd_number_is_refused(field: dict[str, int]) -> None:
    with pytest.raises(WireError):
        decode(MAGIC + msgspec.msgpack.encode({"type": "ask", "inspector": "i", "pid": 1, "credits": 1} | field))


def test_a_picture_without_size_is_refused() -> None:
    flat = msgspec.structs.replace(frame(1), height=0)
    with pytest.raises(WireError, match="height"):
        decode(encode(Judged("inspect 1", flat, verdict("GOOD"), 1)))


def test_a_field_that_this_version_does_not_know_is_passed_over() -> None:
    newer = {"type": "recorded", "camera": "belt", "keys": [[1, 2]], "mood": "fine"}
    assert decode(MAGIC + msgspec.msgpack.encode(newer)) == Recorded("belt", (frame(2, run=1).key,))


# --- masks -----------------------------------------------------------------------------------------------------------


@st.composite
def masks(draw: st.DrawFn) -> np.ndarray:
    height, width = draw(st.integers(1, 40)), draw(st.integers(1, 40))
    seed, share = draw(st.integers(0, 2**32 - 1)), draw(st.sampled_from([0.0, 0.01, 0.3, 1.0]))
    return (np.random.default_rng(seed).random((height, width)) < share).astype(np.uint8)


@given(masks())
def test_any_mask_comes_back_as_it_went(mask: np.ndarray) -> None:
    packed = pack_mask(mask)
    if packed is None:
        assert not mask.any()
        return
    back = unpack_mask(packed, *mask.shape)
    assert back.dtype == np.uint8
    np.testing.assert_array_equal(back, mask)


@given(st.tuples(*[st.integers(-5, 70_000)] * 4), st.binary(max_size=64) | st.binary(max_size=64).map(zlib.compress))
def test_any_box_and_bits_are_a_mask_or_refused(box: tuple[int, int, int, int], bits: bytes) -> None:
    try:
        mask = unpack_mask(PackedMask(box, bits), 48, 64)
    except WireError:
        return
    assert mask.shape == (48, 64)
    assert mask.max() <= 1


FULL = zlib.compress(b"\xff" * 8)


@pytest.mark.parametrize(
    "packed",
    [
        pytest.param(PackedMask((0, 0, 65, 48), FULL), id="wider-than-the-frame"),
        pytest.param(PackedMask((8, 8, 8, 16), FULL), id="empty-box"),
        pytest.param(PackedMask((0, 0, 8, 9), FULL), id="too-few-bits"),
        pytest.param(PackedMask((0, 0, 8, 8), FULL[:-6]), id="cut-off"),
        pytest.param(PackedMask((0, 0, 8, 8), b"\xff" * 8), id="not-deflated"),
    ],
)
def test_a_mask_that_does_not_fit_is_refused(packed: PackedMask) -> None:
    with pytest.raises(WireError):
        unpack_mask(packed, 48, 64)


def test_a_mask_that_unfolds_without_end_takes_no_more_than_its_box() -> None:
    bomb = zlib.compress(b"\xff" * 50_000_000, 9)
    assert unpack_mask(PackedMask((0, 0, 8, 8), bomb), 8, 8).sum() == 64


def test_a_verdict_travels_with_all_that_it_says() -> None:
    mask = np.zeros((48, 64), np.uint8)
    mask[10:12, 20:50] = 1
    defect = Defect("scratch", 0.8, Box(20, 10, 50, 12), 60, 30.0, 2.0)
    told = Verdict(State.BAD, 0.9, (defect,), mask, None, "b", "s", "ff", StageTimes(1.0, 2.0, 3.0, 4.0))
    record = to_record(told)
    assert (record.state, record.score, record.stages_ms) == ("BAD", 0.9, (1.0, 2.0, 3.0, 4.0))
    assert record.defects[0].box == (20, 10, 50, 12)
    assert record.mask is not None
    np.testing.assert_array_equal(unpack_mask(record.mask, 48, 64), mask)
    assert decode(encode(Judged("i", frame(1), record, 5))) == Judged("i", frame(1), record, 5)
