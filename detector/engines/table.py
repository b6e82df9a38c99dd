"""Which engine opens a file: those of kinds.py, each with what opens its networks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from detector.engines import onnxruntime_engine, openvino_engine, torch_engine
from detector.engines.kinds import KINDS, PRECISIONS, default_engine
from detector.engines.network import DEVICES, Network, NetworkRequest
from detector.errors import EngineError

# A new engine is one row here, and one of KINDS.
OPEN: dict[str, Callable[[NetworkRequest], Network]] = {
    "onnxruntime": onnxruntime_engine.open_network,
    "openvino": openvino_engine.open_network,
    "torch": torch_engine.open_network,
}


def open_network(engine: str, request: NetworkRequest) -> Network:
    """The network that is asked for, by the engine of that name; `auto` takes the first that reads the file so.

    Raises EngineError.
    """
    if request.device not in DEVICES:
        raise EngineError(f"device {request.device!r} is not known; known here: {', '.join(DEVICES)}")
    if request.threads < 1:
        raise EngineError(f"threads: at least 1 is wanted; got {request.threads}")
    if request.precision not in PRECISIONS:
        raise EngineError(f"precision {request.precision!r} is not known; known here: {', '.join(PRECISIONS)}")
    name = _name(engine, request.path, request.precision)
    _refuse_precision(name, request)
    return OPEN[name](request)


def _refuse_precision(name: str, request: NetworkRequest) -> None:
    """Raises EngineError where the engine does not compute so."""
    if request.precision not in KINDS[name].precisions:
        able = [other for other, kind in KINDS.items() if request.precision in kind.precisions]
        raise EngineError(
            f"{request.path}: the engine {name} does not compute in {request.precision}; set precision: fp32, or "
            f"engine: {' or '.join(able)}"
        )


def _name(engine: str, path: Path, precision: str) -> str:
    fitting = [name for name, kind in KINDS.items() if kind.suffix == path.suffix]
    if not fitting:
        readable = ", ".join(dict.fromkeys(kind.suffix for kind in KINDS.values()))
        raise EngineError(f"{path}: no engine reads {path.suffix or 'such'} files; they read {readable}")
    if engine == "auto":
        return default_engine(path.suffix, precision)
    if engine not in KINDS:
        raise EngineError(f"engine {engine!r} is not known; known here: auto, {', '.join(KINDS)}")
    if engine not in fitting:
        reads = KINDS[engine].suffix
        raise EngineError(f"{path}: engine {engine} reads {reads} files; use engine {' or '.join(fitting)}, or auto")
    return engine
