"""Whether an ONNX file may be run: no data outside the file, no operators outside the standard domains.

A walk over protobuf's wire format, since the runtime has no `onnx` package. It follows only the fields in `FOLLOWED`
and skips the rest; it never runs or builds anything. Field numbers: onnx.proto3 of the ONNX specification (IR
version 13); wire format: protobuf.dev/programming-guides/encoding.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

STANDARD_DOMAINS = frozenset({"", "ai.onnx", "ai.onnx.ml", "com.microsoft"})
# Operators that reach outside the model: to a file beside it, a compiled engine, Python. Our builds have none of them.
REFUSED_OPERATORS = frozenset({"EPContext", "PythonOp", "PythonOpGrad", "ATen", "ATenGrad", "TritonOp"})
MAX_DEPTH = 64  # messages inside messages

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
DEFAULT_LOCATION = 0  # TensorProto.DataLocation: inside the file

# Message -> field number -> what it is: another message, "domain", "operator", "location" or "external".
FOLLOWED: dict[str, dict[int, str]] = {
    "Model": {7: "Graph", 8: "OperatorSetId", 20: "TrainingInfo", 25: "Function"},
    "OperatorSetId": {1: "domain"},
    "Graph": {1: "Node", 5: "Tensor", 15: "SparseTensor"},
    "Node": {4: "operator", 5: "Attribute", 7: "domain"},
    "Attribute": {5: "Tensor", 6: "Graph", 10: "Tensor", 11: "Graph", 22: "SparseTensor", 23: "SparseTensor"},
    "Tensor": {13: "external", 14: "location"},
    "SparseTensor": {1: "Tensor", 2: "Tensor"},
    "TrainingInfo": {1: "Graph", 2: "Graph"},
    "Function": {7: "Node", 9: "OperatorSetId", 10: "domain", 11: "Attribute"},
}


class OnnxError(ValueError):
    """An ONNX file that is not to be run; the message says why."""


class WireField(NamedTuple):
    """One field as it lies on the wire."""

    number: int
    wire: int
    value: int  # of a varint, else 0
    payload: memoryview  # of BYTES, else empty


def refuse_unsafe(model: bytes) -> None:
    """Returns where the bytes are an ONNX model that may be run.

    Raises OnnxError for external data, for an operator domain outside STANDARD_DOMAINS, for an operator that reaches
    outside the model, and for what is no ONNX.
    """
    if not model:
        raise OnnxError("empty; an ONNX model is wanted")
    graphs = 0
    for field in _fields(memoryview(model)):
        graphs += field.number == 7 and field.wire == BYTES
        _follow("Model", field, 0)
    if graphs != 1:
        raise OnnxError(f"holds {graphs} graphs where an ONNX model holds one")


def _follow(message: str, field: WireField, depth: int) -> None:
    meaning = FOLLOWED[message].get(field.number)
    if meaning is None:
        return
    if meaning == "location":
        if field.wire != VARINT or field.value != DEFAULT_LOCATION:
            raise OnnxError("keeps tensors in another file (external data); export it as one file")
    elif field.wire != BYTES:
        raise OnnxError(f"field {field.number} of {message} is damaged")
    elif meaning == "external":
        raise OnnxError("keeps tensors in another file (external data); export it as one file")
    elif meaning == "domain":
        _refuse_domain(bytes(field.payload))
    elif meaning == "operator":
        _refuse_operator(bytes(field.payload))
    elif depth >= MAX_DEPTH:
        raise OnnxError(f"is nested deeper than {MAX_DEPTH} messages")
    else:
        for inner in _fields(field.payload):
            _follow(meaning, inner, depth + 1)


def _refuse_domain(raw: bytes) -> None:
    name = raw.decode("utf-8", "backslashreplace")
    if name not in STANDARD_DOMAINS:
        allowed = ", ".join(repr(one) for one in sorted(STANDARD_DOMAINS))
        raise OnnxError(f"uses operators of the domain {name[:80]!r}; allowed are {allowed}")


def _refuse_operator(raw: bytes) -> None:
    name = raw.decode("utf-8", "backslashreplace")
    if name in REFUSED_OPERATORS:
        raise OnnxError(f"uses the operator {name}, which runs what lies outside the model; export it without")


def _fields(message: memoryview) -> Iterator[WireField]:
    """The fields of one message, in order. Raises OnnxError where the bytes are no protobuf."""
    at = 0
    nothing = message[:0]
    while at < len(message):
        key, at = _varint(message, at)
        number, wire = key >> 3, key & 7
        value, payload = 0, nothing
        if wire == VARINT:
            value, at = _varint(message, at)
        elif wire in (FIXED64, FIXED32):
            at += 8 if wire == FIXED64 else 4
        elif wire == BYTES:
            length, at = _varint(message, at)
            payload = message[at : at + length]
            at += length
        else:
            raise OnnxError("is no ONNX model: not protobuf")
        if not 0 < key < 1 << 32 or number == 0 or at > len(message):
            raise OnnxError("is no ONNX model, or cut off")
        yield WireField(number, wire, value, payload)


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    """The value of the varint at `at`, and where the next byte lies."""
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(message):
            raise OnnxError("is no ONNX model, or cut off")
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise OnnxError("is no ONNX model: a number longer than ten bytes")
