"""Lets torchvision be imported beside a CPU-only torch. Nothing here runs at import."""

from __future__ import annotations

import importlib.util
from pathlib import Path

_declared: list[object] = []  # a torch.library.Library undeclares its operators when it is collected


def declare_nms() -> None:
    """Declares the operators that `import torchvision` asks for, where its own extension cannot load.

    torchvision 0.28 registers fake kernels for torchvision::nms and ::qnms whether or not its compiled extension
    loaded; the extension from PyPI is built for CUDA and does not load beside a CPU-only torch, and the import fails
    with "operator torchvision::nms does not exist". timm and segmentation-models-pytorch import torchvision but call
    neither. To be called before they are imported; a second call changes nothing.
    """
    import torch

    if _declared or _extension_loads():
        return
    library = torch.library.Library("torchvision", "DEF")
    library.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    library.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    _declared.append(library)


def _extension_loads() -> bool:
    """Whether torchvision's operators are, or now were, declared by its own extension; True without torchvision."""
    import torch

    spec = importlib.util.find_spec("torchvision")  # does not import it
    if spec is None or not spec.submodule_search_locations:
        return True
    extensions = sorted(Path(spec.submodule_search_locations[0]).glob("_C*.so"))
    try:
        for extension in extensions:
            torch.ops.load_library(str(extension))
    except OSError:
        return False
    return bool(extensions)
