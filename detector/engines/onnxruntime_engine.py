"""Runs ONNX models with ONNX Runtime, on the CPU or through its CUDA provider."""

from __future__ import annotations

import detector.no_telemetry  # noqa: F401  before onnxruntime, which reads the environment once

# isort: split
import contextlib
import sys

import numpy as np
import onnxruntime

from detector.engines.network import Network, NetworkRequest, describe
from detector.errors import EngineError

CPU, CUDA = "CPUExecutionProvider", "CUDAExecutionProvider"
# One algorithm, chosen the same way at each start, and no TF32: a replay must give the same bits.
CUDA_OPTIONS = {"cudnn_conv_algo_search": "HEURISTIC", "use_tf32": "0"}
ERRORS_ONLY = 3  # of ONNX Runtime's own log


class OnnxNetwork:
    """A session whose device is known."""

    def __init__(self, session: onnxruntime.InferenceSession, device: str, threads: int) -> None:
        self._session = session
        self._input = session.get_inputs()[0].name
        self.description = describe("onnxruntime", device, threads)

    def run(self, batch: np.ndarray) -> np.ndarray:
        """The first output, float32, of batch (N, 3, h, w) float32."""
        return np.asarray(self._session.run(None, {self._input: batch})[0])


def open_network(request: NetworkRequest) -> Network:
    """The session that is asked for, on the device that is asked for.

    Raises EngineError where the model cannot be loaded, has other inputs or outputs than the bundle says, or CUDA
    is wanted and does not load.
    """
    device = _device(request)
    session = _session(request, device)
    # A CUDA provider that cannot load is replaced by the CPU without a word; only this tells (onnxruntime 1.23, 1.31).
    if device == "cuda" and CUDA not in session.get_providers():
        if request.device == "cuda":
            raise EngineError(
                f"{request.path}: device cuda is wanted, but ONNX Runtime's CUDA provider did not load; see that "
                "the driver, CUDA and cuDNN fit onnxruntime-gpu, or set device: cpu"
            )
        device = "cpu"
        session = _session(request, device)
    _refuse_wrong_ends(request, session)
    return OnnxNetwork(session, device, request.threads)


def offers_cuda() -> bool:
    """Whether this onnxruntime has a CUDA provider, which may still not load."""
    return CUDA in onnxruntime.get_available_providers()


def _device(request: NetworkRequest) -> str:
    """cpu or cuda: what is to be tried."""
    available = offers_cuda()
    if request.device == "cuda" and not available:
        raise EngineError(
            f"{request.path}: device cuda is wanted, but this onnxruntime has no CUDA provider; install "
            "onnxruntime-gpu in place of onnxruntime, or set device: cpu"
        )
    if request.device == "cpu" or not available:
        return "cpu"
    if hasattr(onnxruntime, "preload_dlls"):
        with contextlib.redirect_stdout(sys.stderr):  # it prints what it does not find; stdout may be JSON
            onnxruntime.preload_dlls()  # finds CUDA and cuDNN where pip put them
    return "cuda"


def _session(request: NetworkRequest, device: str) -> onnxruntime.InferenceSession:
    model = request.read()
    providers = [CPU] if device == "cpu" else [(CUDA, CUDA_OPTIONS), CPU]
    try:
        return onnxruntime.InferenceSession(model, sess_options=_options(request.threads), providers=providers)
    except Exception as error:  # ONNX Runtime's exceptions share no base but this
        raise EngineError(f"{request.path}: ONNX Runtime cannot load it: {_first_line(error)}") from error


def _options(threads: int) -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.use_deterministic_compute = True
    options.log_severity_level = ERRORS_ONLY
    # Threads that spin while they wait take the cores from the other roles of the line.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.load_model_format", "ONNX")
    return options


def _refuse_wrong_ends(request: NetworkRequest, session: onnxruntime.InferenceSession) -> None:
    """Raises EngineError unless the session takes and gives one float tensor of the shapes asked for."""
    for what, ends, wanted in (
        ("input", session.get_inputs(), request.input_shape),
        ("output", session.get_outputs(), request.output_shape),
    ):
        got = [(end.type, tuple(end.shape)) for end in ends]
        if len(got) != 1 or got[0][0] != "tensor(float)" or not _fits(got[0][1], wanted):
            raise EngineError(f"{request.path}: one {what} of float32 {list(wanted)} is wanted; it has {got}")


def _fits(got: tuple[object, ...], wanted: tuple[int, ...]) -> bool:
    """Whether a shape, where names and None stand for any size, allows `wanted`."""
    return len(got) == len(wanted) and all(
        not isinstance(one, int) or one == other for one, other in zip(got, wanted, strict=True)
    )


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0][:300] if str(error).strip() else type(error).__name__
