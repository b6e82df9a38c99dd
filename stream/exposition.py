"""Metrics as text, version 0.0.4 of the format that Prometheus reads. Pure.

The format: https://prometheus.io/docs/instrumenting/exposition_formats/. Written here because it is a page; a library
would bring a registry of globals with it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from stream.histogram import BOUNDS_S, Histogram

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
Labels = Mapping[str, str]


@dataclass(frozen=True)
class Sample:
    """A value, told apart by its labels."""

    value: float
    labels: Labels = field(default_factory=dict)


@dataclass(frozen=True)
class Family:
    """A metric: all of its samples."""

    name: str
    kind: str  # counter | gauge
    says: str
    samples: tuple[Sample, ...]


@dataclass(frozen=True)
class Times:
    """A histogram of times, in seconds."""

    name: str
    says: str
    samples: tuple[tuple[Histogram, Labels], ...]


def text_of(families: Iterable[Family | Times]) -> str:
    """The whole page; a family without a sample is left out."""
    return "".join(_times(one) if isinstance(one, Times) else _family(one) for one in families if one.samples)


def escaped(value: str) -> str:
    """A label's value between quotes."""
    return value.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')


def number(value: float) -> str:
    """As Prometheus reads it."""
    if math.isnan(value) or math.isinf(value):
        return "NaN" if math.isnan(value) else f"{'+' if value > 0 else '-'}Inf"
    return str(int(value)) if value == int(value) and abs(value) < 2**53 else repr(float(value))


def _head(name: str, kind: str, says: str) -> str:
    said = says.replace("\\", "\\\\").replace("\n", "\\n")
    return f"# HELP {name} {said}\n# TYPE {name} {kind}\n"


def _family(family: Family) -> str:
    lines = (_line(family.name, sample.labels, sample.value) for sample in family.samples)
    return _head(family.name, family.kind, family.says) + "".join(lines)


def _times(times: Times) -> str:
    found = [_head(times.name, "histogram", times.says)]
    for histogram, labels in times.samples:
        below = 0
        for bound, count in zip((*BOUNDS_S, math.inf), histogram.counts, strict=True):
            below += count
            found.append(_line(f"{times.name}_bucket", {**labels, "le": number(bound)}, below))
        found.append(_line(f"{times.name}_sum", labels, histogram.sum_s))
        found.append(_line(f"{times.name}_count", labels, below))
    return "".join(found)


def _line(name: str, labels: Labels, value: float) -> str:
    told = ",".join(f'{label}="{escaped(said)}"' for label, said in labels.items())
    return f"{name}{{{told}}} {number(value)}\n" if told else f"{name} {number(value)}\n"
