"""What each engine reads and computes in: a table that costs nothing to load. What opens them: table.py."""

from __future__ import annotations

from dataclasses import dataclass

PRECISIONS = ("fp32", "bf16")  # what a network computes in; int8 is a matter of the file


@dataclass(frozen=True)
class Kind:
    """One engine, as far as settings go."""

    suffix: str  # of the files that it reads
    precisions: tuple[str, ...] = ("fp32",)


# For a kind of file the first that fits is what `auto` takes.
KINDS: dict[str, Kind] = {
    "onnxruntime": Kind(".onnx"),
    "openvino": Kind(".onnx", PRECISIONS),
    "torch": Kind(".pth"),
}


def default_engine(suffix: str, precision: str) -> str:
    """What `auto` takes for files of that suffix: the first that reads them and computes so, else the first."""
    fitting = [name for name, kind in KINDS.items() if kind.suffix == suffix]
    return next((name for name in fitting if precision in KINDS[name].precisions), fitting[0])
