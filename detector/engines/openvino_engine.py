"""Runs ONNX models with OpenVINO on the CPU, in fp32 or bf16. OpenVINO is imported only when a network is opened."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import numpy as np

from detector.engines.network import Network, NetworkRequest, describe
from detector.errors import EngineError
from detector.onnx_safety import OnnxError, refuse_unsafe

HINTS = {"fp32": "f32", "bf16": "bf16"}  # of INFERENCE_PRECISION_HINT; unset, OpenVINO takes bf16 where it can
# Of proc(5), cpuinfo. OpenVINO holds AVX-512 to be enough (hasBF16HardwareSupport in its precision_support.cpp), and
# emulates where none of these is there.
BF16_FLAGS = frozenset({"avx512_bf16", "amx_bf16", "avx_ne_convert"})
CPUINFO = Path("/proc/cpuinfo")
TELEMETRY = "openvino_telemetry"  # the package that tells Intel what is done with OpenVINO


class OpenVinoNetwork:
    """A compiled model and the one request that runs it."""

    def __init__(self, request: Any, threads: int, precision: str) -> None:
        self._request = request
        self._input = request.get_input_tensor()
        self._output = request.get_output_tensor()
        self.description = describe("openvino", "cpu", threads, precision)

    def run(self, batch: np.ndarray) -> np.ndarray:
        """The only output, float32, of batch (N, 3, h, w) float32."""
        self._input.data[:] = batch
        self._request.infer()
        return np.array(self._output.data)  # a copy: the tensor is written again by the next run


def open_network(request: NetworkRequest) -> Network:
    """The model, compiled for this processor with a fixed shape.

    Raises EngineError where OpenVINO is absent or broken, cannot load the model, or finds other inputs or outputs than
    the bundle says, where anything but the CPU is wanted, and where bf16 is and the processor has none.
    """
    openvino = _openvino(request)
    core = _core(request, openvino)
    _refuse_where(request, core)
    model = _model(request, core)
    _refuse_wrong_ends(request, openvino, model)
    try:
        model.reshape(list(request.input_shape))
        compiled = core.compile_model(model, "CPU", _properties(request))
        # It takes no more threads than this process has processors, and says nothing.
        threads = int(compiled.get_property("INFERENCE_NUM_THREADS"))
        return OpenVinoNetwork(compiled.create_infer_request(), threads, request.precision)
    except RuntimeError as error:
        raise EngineError(f"{request.path}: OpenVINO cannot compile it: {_gist(error)}") from error


def is_here() -> bool:
    """Whether OpenVINO can be imported."""
    try:
        _import()
    except ImportError:
        return False
    return True


def computes_bf16() -> bool:
    """Whether OpenVINO is here and this processor computes bf16 by itself."""
    try:
        return _has_bf16(_import().Core())
    except (ImportError, RuntimeError):  # the latter: an installation that is broken; opening a network says how
        return False


def _import() -> Any:
    # OpenVINO imports its telemetry where it is installed, and does without where it is not: a module of None is none.
    sys.modules.setdefault(TELEMETRY, None)  # type: ignore[arg-type]
    return importlib.import_module("openvino")


def _openvino(request: NetworkRequest) -> Any:
    try:
        return _import()
    except ImportError as error:
        raise EngineError(
            f"{request.path}: the engine openvino needs the package openvino ({error}); run `make setup-openvino`, "
            "or `pip install -r requirements-openvino.txt`, or set engine: onnxruntime"
        ) from error


def _core(request: NetworkRequest, openvino: Any) -> Any:
    """OpenVINO's own start, with its plugin for the CPU found. Raises EngineError."""
    try:
        core = openvino.Core()
        core.get_property("CPU", "FULL_DEVICE_NAME")
        return core
    except RuntimeError as error:
        raise EngineError(
            f"{request.path}: OpenVINO is installed and does not start: {_gist(error)}; remove the package openvino "
            "and run `make setup-openvino`, or set engine: onnxruntime"
        ) from error


def _has_bf16(core: Any) -> bool:
    try:
        rows = CPUINFO.read_text().splitlines()
    except OSError:  # not told is not able
        return False
    flags = next((row for row in rows if row.startswith("flags")), "")
    able = "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    return able and not BF16_FLAGS.isdisjoint(flags.split())


def _refuse_where(request: NetworkRequest, core: Any) -> None:
    if request.device == "cuda":
        raise EngineError(
            f"{request.path}: device cuda is wanted, but the engine openvino judges on the CPU alone; set device: cpu, "
            f"or engine: onnxruntime{'' if request.precision == 'fp32' else ' and precision: fp32'}"
        )
    if request.precision == "bf16" and not _has_bf16(core):
        processor = core.get_property("CPU", "FULL_DEVICE_NAME")
        raise EngineError(
            f"{request.path}: precision bf16 is wanted, but this processor ({processor}) does not compute in bf16 by "
            f"itself (none of {', '.join(sorted(BF16_FLAGS))} is among its flags); set precision: fp32"
        )


def _model(request: NetworkRequest, core: Any) -> Any:
    model = request.read()
    try:
        refuse_unsafe(model)  # OpenVINO takes bytes for what they look like; these must be ONNX
        return core.read_model(model, b"")
    except (OnnxError, RuntimeError) as error:
        raise EngineError(f"{request.path}: OpenVINO cannot load it: {_gist(error)}") from error


def _properties(request: NetworkRequest) -> dict[str, Any]:
    return {
        "INFERENCE_PRECISION_HINT": HINTS[request.precision],
        "INFERENCE_NUM_THREADS": request.threads,
        "NUM_STREAMS": 1,
        "PERFORMANCE_HINT": "LATENCY",
        "ENABLE_CPU_PINNING": False,  # two inspectors would sit on the same cores
        "DYNAMIC_QUANTIZATION_GROUP_SIZE": 0,
        "CACHE_DIR": "",
    }


def _refuse_wrong_ends(request: NetworkRequest, openvino: Any, model: Any) -> None:
    """Raises EngineError unless the model takes and gives one float tensor of the shapes asked for."""
    for what, ends, wanted in (
        ("input", model.inputs, request.input_shape),
        ("output", model.outputs, request.output_shape),
    ):
        fits = [
            end.element_type == openvino.Type.f32 and end.partial_shape.compatible(openvino.PartialShape(list(wanted)))
            for end in ends
        ]
        if fits != [True]:
            got = [f"{end.element_type.to_string()} {end.partial_shape}" for end in ends]
            raise EngineError(f"{request.path}: one {what} of float32 {list(wanted)} is wanted; it has {got}")


def _gist(error: Exception) -> str:
    """What OpenVINO says, without where in its sources."""
    lines = [line.strip() for line in str(error).splitlines()]
    said = [line for line in lines if line and not line.startswith(("Exception from src", "Check '"))]
    return (said or lines or [type(error).__name__])[0][:300]
