"""The engines, in one table, and which of them opens a file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from detector.engines import onnxruntime_engine, torch_engine
from detector.engines.network import DEVICES, Network, NetworkRequest
from detector.errors import EngineError


@dataclass(frozen=True)
class Engine:
    """What reads which files. A new engine is one row of ENGINES."""

    suffix: str
    open: Callable[[NetworkRequest], Network]


ENGINES: dict[str, Engine] = {
    "onnxruntime": Engine(".onnx", onnxruntime_engine.open_network),
    "torch": Engine(".pth", torch_engine.open_network),
}


def open_network(engine: str, request: NetworkRequest) -> Network:
    """The network that is asked for, by the engine of that name; `auto` takes the first that reads the file.

    Raises EngineError.
    """
    if request.device not in DEVICES:
        raise EngineError(f"device {request.device!r} is not known; known here: {', '.join(DEVICES)}")
    if request.threads < 1:
        raise EngineError(f"threads: at least 1 is wanted; got {request.threads}")
    return ENGINES[_name(engine, request.path)].open(request)


def _name(engine: str, path: Path) -> str:
    fitting = [name for name, one in ENGINES.items() if one.suffix == path.suffix]
    if not fitting:
        readable = ", ".join(one.suffix for one in ENGINES.values())
        raise EngineError(f"{path}: no engine reads {path.suffix or 'such'} files; they read {readable}")
    if engine == "auto":
        return fitting[0]
    if engine not in ENGINES:
        raise EngineError(f"engine {engine!r} is not known; known here: auto, {', '.join(ENGINES)}")
    if engine not in fitting:
        reads = ENGINES[engine].suffix
        raise EngineError(f"{path}: engine {engine} reads {reads} files; use engine {' or '.join(fitting)}, or auto")
    return engine
