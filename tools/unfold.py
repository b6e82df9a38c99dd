"""The weights of a bundle's network as training wants them: to go on from a bundle that is there. Needs torch.

In a bundle's ONNX file each batch normalisation is folded into the convolution before it. That is exact for a network
that is finished and no start for one that learns: its normalisation would know no statistics. They are measured anew on
pictures, and the folded shift is written in their terms: in

    y = (x - mean) / sqrt(var + eps) * weight + bias        (Ioffe and Szegedy 2015, arXiv 1502.03167)

weight = sqrt(var + eps) and bias = mean + shift leave the answer as it is. Knows networks in which a normalisation
follows the convolution that ran last: those of `edge`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import onnx
import torch

from detector.bundle import open_bundle, safe_model
from detector.errors import OpenError

from .dataset import DataError

HALF, SHIFT = "_half", ".weight_bias"  # what tools.onnx_files and torch's exporter add to a tensor's name


def unfold(bundle: Path, stage: str, network: Any, batches: Sequence[torch.Tensor]) -> str:
    """Give `network` the weights of that stage of the bundle; gives their name, for the record.

    batches: (N, 3, h, w) float32, pictures as the network takes them, for the statistics. Raises DataError where the
    bundle cannot be opened, or its network is another.
    """
    try:
        opened = open_bundle(bundle)
        file = opened.classifier_file if stage == "classifier" else opened.segmenter_file
        found = _tensors(safe_model(file))
    except OpenError as error:
        raise DataError(f"--pretrained {error}") from error
    network.eval()
    with torch.no_grad():
        layers = _layers(network, batches[0])
        norms = _folded(layers)
        _refuse_another(f"--pretrained {file.path}", layers, norms, found)
        for name, parameter in network.named_parameters():
            if name in found:
                parameter.copy_(found[name])
        for norm, convolution in norms.items():
            _shift_alone(norm, found[convolution + SHIFT])
        _take_statistics(network, [*norms], batches)
    return f"the {stage} of {opened.id}"


def _tensors(raw: bytes) -> dict[str, torch.Tensor]:
    """The file's tensors, float32, by their names in the network."""
    tensors = onnx.load_model_from_string(raw).graph.initializer
    arrays = {one.name.removesuffix(HALF): onnx.numpy_helper.to_array(one) for one in tensors}
    return {name: torch.from_numpy(array.copy()).float() for name, array in arrays.items()}


def _layers(network: Any, batch: torch.Tensor) -> dict[str, Any]:
    """The layers with weights, in the order in which they run; a U-Net's encoder has a head that never does."""
    ran: list[tuple[str, Any]] = []
    hooks = [
        module.register_forward_pre_hook(lambda module, _, name=name: ran.append((name, module)))
        for name, module in network.named_modules()
        if next(module.parameters(recurse=False), None) is not None
    ]
    network(batch[:1])
    for hook in hooks:
        hook.remove()
    return dict(ran)


def _folded(layers: dict[str, Any]) -> dict[Any, str]:
    """Each normalisation, and the name of the convolution that it was folded into."""
    return {
        layer: before
        for before, layer in zip(layers, [*layers.values()][1:], strict=False)
        if isinstance(layer, torch.nn.BatchNorm2d)
    }


def _refuse_another(what: str, layers: dict[str, Any], norms: dict[Any, str], found: dict[str, torch.Tensor]) -> None:
    wanted = {
        f"{name}.{own}": parameter.shape
        for name, layer in layers.items()
        if layer not in norms
        for own, parameter in layer.named_parameters(recurse=False)
    }
    wanted |= {convolution + SHIFT: norm.bias.shape for norm, convolution in norms.items()}
    if lacking := sorted(name for name, shape in wanted.items() if name not in found or found[name].shape != shape):
        raise DataError(
            f"{what}: lacks {len(lacking)} weights of the preset's network, as {lacking[0]}; "
            "give a bundle that was trained with the same preset, or leave --pretrained out"
        )


def _shift_alone(norm: Any, shift: torch.Tensor) -> None:
    """y = x + shift: what the folded file computes after the convolution."""
    norm.running_mean.zero_()
    norm.running_var.fill_(1 - norm.eps)
    norm.weight.fill_(1)
    norm.bias.copy_(shift)


def _take_statistics(network: Any, norms: list[Any], batches: Sequence[torch.Tensor]) -> None:
    """Mean and variance of what each normalisation is given, over all batches; its answers stay as they are."""
    sums = {norm: torch.zeros(3, len(norm.bias), dtype=torch.float64) for norm in norms}  # count, x, x squared

    def seen(norm: Any, given: tuple[torch.Tensor]) -> None:
        x = given[0].double()
        count = x.new_full((x.shape[1],), x.numel() / x.shape[1])
        sums[norm] += torch.stack([count, x.sum((0, 2, 3)), (x * x).sum((0, 2, 3))])

    hooks = [norm.register_forward_pre_hook(seen) for norm in norms]
    for batch in batches:
        network(batch)
    for hook in hooks:
        hook.remove()
    for norm, (count, x, squares) in sums.items():
        mean = x / count
        variance = (squares / count - mean * mean).clamp_min(0)
        norm.running_mean.copy_(mean)
        norm.running_var.copy_(variance)
        norm.weight.copy_((variance + norm.eps).sqrt())
        norm.bias += mean
