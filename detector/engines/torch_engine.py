"""Runs the reference pipeline's `.pth` checkpoints with torch, which is imported only when one is opened."""

from __future__ import annotations

import importlib.util
import io
from collections.abc import Mapping
from typing import Any

import numpy as np

from detector.engines.architectures import Architecture, expected, recognised
from detector.engines.folded import why_folded
from detector.engines.network import Network, NetworkRequest, describe
from detector.errors import EngineError

SHOWN_KEYS = 3


class TorchNetwork:
    """A module in evaluation mode on one device."""

    def __init__(self, module: Any, device: str, threads: int) -> None:
        self._module = module
        self._device = device
        self.description = describe("torch", device, threads)

    def run(self, batch: np.ndarray) -> np.ndarray:
        """The output, float32, of batch (N, 3, h, w) float32."""
        import torch

        with torch.inference_mode():
            output = self._module(torch.from_numpy(batch).to(self._device))
            return np.asarray(output.float().cpu().numpy())


def open_network(request: NetworkRequest) -> Network:
    """The checkpoint's network. Sets torch's threads and its deterministic choices for the whole process.

    Raises EngineError where torch is absent, the file is no plain state dict, its keys or shapes are not those of a
    known architecture of the kind that is asked for, or CUDA is wanted and absent.
    """
    _require(request)
    device = _device(request)
    weights = _weights(request)
    architecture = _architecture(request, weights)
    module = architecture.build()
    _refuse_differences(request, architecture, weights, module.state_dict())
    module.load_state_dict(weights)
    _be_deterministic(request.threads)
    return TorchNetwork(module.eval().to(device), device, request.threads)


def _require(request: NetworkRequest) -> None:
    """Raises EngineError unless torch imports, and timm and segmentation-models-pytorch are there to be imported."""
    try:
        import torch  # noqa: F401

        absent = [name for name in ("timm", "segmentation_models_pytorch") if importlib.util.find_spec(name) is None]
        if absent:
            raise ImportError(f"No module named {absent[0]!r}")
    except ImportError as error:
        raise EngineError(
            f"{request.path}: a .pth checkpoint needs torch, timm and segmentation-models-pytorch ({error}); "
            "run `make setup-torch`, or `pip install -r requirements-torch.txt`"
        ) from error


def _device(request: NetworkRequest) -> str:
    import torch

    present = torch.cuda.is_available()
    if request.device == "cuda" and not present:
        raise EngineError(
            f"{request.path}: device cuda is wanted, but torch {torch.__version__} sees no CUDA device; install a CUDA "
            "build of torch and see that the driver runs, or set device: cpu"
        )
    return "cuda" if present and request.device != "cpu" else "cpu"


def _weights(request: NetworkRequest) -> dict[str, Any]:
    """The plain state dict that the file holds; nothing but tensors is ever unpickled."""
    import torch

    raw = request.read()
    if refused := why_folded(raw):
        raise EngineError(f"{request.path}: not a checkpoint that can be loaded safely: {refused}")
    try:
        loaded = torch.load(io.BytesIO(raw), map_location="cpu", weights_only=True)
    except Exception as error:  # a damaged file can make the unpickler raise nearly anything
        why = (str(error).strip() or type(error).__name__).splitlines()[0][:200]
        raise EngineError(
            f"{request.path}: not a checkpoint that can be loaded safely (weights_only): {why}; a plain state dict, "
            "as torch.save(model.state_dict(), …) writes it, is expected"
        ) from error
    if not isinstance(loaded, Mapping) or not all(torch.is_tensor(one) for one in loaded.values()) or not loaded:
        held = f"a dict of {_some(loaded)}" if isinstance(loaded, Mapping) else type(loaded).__name__
        raise EngineError(f"{request.path}: holds {held}; a plain state dict, model.state_dict(), is expected")
    return dict(loaded)


def _architecture(request: NetworkRequest, weights: Mapping[str, Any]) -> Architecture:
    found = recognised(weights)
    if found is None:
        raise EngineError(
            f"{request.path}: keys of no known {request.kind} ({_some(weights)}); expected is {expected(request.kind)}"
        )
    if found.kind != request.kind:
        raise EngineError(
            f"{request.path}: is a {found.kind} ({found.name}); a {request.kind} is expected: {expected(request.kind)}"
        )
    return found


def _refuse_differences(
    request: NetworkRequest, architecture: Architecture, got: Mapping[str, Any], wanted: Mapping[str, Any]
) -> None:
    """Raises EngineError unless keys and shapes are exactly those of the architecture."""
    problems = []
    if missing := [key for key in wanted if key not in got]:
        problems.append(f"{len(missing)} keys are missing ({_some(missing)})")
    if unknown := [key for key in got if key not in wanted]:
        problems.append(f"{len(unknown)} keys are unknown ({_some(unknown)})")
    for key in wanted:
        if key in got and got[key].shape != wanted[key].shape:
            problems.append(f"{key} is {list(got[key].shape)}, {list(wanted[key].shape)} is expected")
            break
    if problems:
        raise EngineError(f"{request.path}: no weights of {architecture.name}: {'; '.join(problems)}")


def _some(keys: Any) -> str:
    names = [str(key) for key in keys]
    return ", ".join(names[:SHOWN_KEYS]) + (", …" if len(names) > SHOWN_KEYS else "")


def _be_deterministic(threads: int) -> None:
    import torch

    torch.set_num_threads(threads)
    torch.backends.cudnn.benchmark = False
    torch.backends.cudnn.deterministic = True
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cuda.matmul.allow_tf32 = False
