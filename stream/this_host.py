"""What a choice of engine depends on in the computer that it was measured on. Knows no choice."""

from __future__ import annotations

import os
import platform
from importlib import metadata
from pathlib import Path

import msgspec

ENGINES = ("onnxruntime", "onnxruntime-gpu", "openvino")  # distributions
CPUINFO = Path("/proc/cpuinfo")
GPUS = Path("/proc/driver/nvidia/gpus")  # a folder each, of NVIDIA's driver; says nothing of what CUDA can do with them
NAMED_BY = ("model name", "cpu family", "model", "stepping", "CPU implementer", "CPU part")  # rows of proc(5), cpuinfo


class Host(msgspec.Struct, frozen=True):
    """One computer, as far as the speed of networks goes."""

    processor: str
    cores: int  # of the whole computer: a process that is bound to some of them is on the same one
    engines: dict[str, str]  # distribution -> version, of those that are installed
    gpus: str = ""  # NVIDIA's, by name; empty where the driver shows none

    def difference(self, other: Host) -> str:
        """What is another one there, in words; empty where nothing is."""
        pairs = (
            (self.processor, other.processor),
            (_cores(self.cores), _cores(other.cores)),
            (_versions(self.engines), _versions(other.engines)),
            (self.gpus or "no GPU", other.gpus or "no GPU"),
        )
        return "; ".join(f"{theirs} then, {ours} now" for ours, theirs in pairs if ours != theirs)


def this_host() -> Host:
    """The computer that this runs on; what cannot be read is not told."""
    return Host(processor(_text(CPUINFO)), os.cpu_count() or 1, _installed(), gpus(GPUS))


def processor(cpuinfo: str) -> str:
    """The first processor of /proc/cpuinfo by name, family, model and stepping. Pure."""
    first, _, _ = cpuinfo.partition("\n\n")
    rows = {key.strip(): value.strip() for key, _, value in (row.partition(":") for row in first.splitlines())}
    name = rows.get("model name", platform.machine())
    numbers = [f"{key} {rows[key]}" for key in NAMED_BY[1:] if key in rows]
    return f"{name} ({', '.join(numbers)})" if numbers else name


def gpus(folder: Path) -> str:
    """The names of NVIDIA's GPUs, in the order of their slots; no library is loaded for it."""
    found = [
        _text(path).partition("Model:")[2].strip().partition("\n")[0] for path in sorted(folder.glob("*/information"))
    ]
    return ", ".join(name or "a GPU without a name" for name in found)


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""


def _installed() -> dict[str, str]:
    found = {}
    for name in ENGINES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def _versions(engines: dict[str, str]) -> str:
    return ", ".join(f"{name} {version}" for name, version in sorted(engines.items())) or "no engine"


def _cores(count: int) -> str:
    return f"{count} core{'' if count == 1 else 's'}"
