"""What a training starts from: the preset's weights, a state dict, or a bundle. Needs torch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch

from .dataset import DataError
from .networks import Plan
from .unfold import unfold

HEADS = ("classifier.", "head.", "segmentation_head.")  # of other classes they need not fit


def start_from(
    network: Any, plan: Plan, stage: str, pretrained: Sequence[Path], batches: Callable[[], Sequence[torch.Tensor]]
) -> str:
    """Load the weights into `network`; gives what they are, for the record. Of several files, their average.

    Networks that went on from the same weights have an average that is often better than each (Wortsman et al., "Model
    soups", 2022). batches: gives some pictures as the network takes them. Raises DataError for weights that do not fit.
    """
    if not pretrained:
        return plan.pretrain(network)
    told, states = [], []
    for path in pretrained:
        told.append(_load(network, plan, stage, path, batches))
        states.append({name: value.clone() for name, value in network.state_dict().items()})
    network.load_state_dict({name: _mean([state[name] for state in states]) for name in states[0]})
    return told[0] if len(told) == 1 else f"the average of {', '.join(told[:-1])} and {told[-1]}"


def _mean(values: list[torch.Tensor]) -> torch.Tensor:
    """Of counters the first."""
    return torch.stack(values).mean(dim=0) if values[0].is_floating_point() else values[0]


def _load(network: Any, plan: Plan, stage: str, pretrained: Path, batches: Callable[[], Sequence[torch.Tensor]]) -> str:
    if pretrained.is_dir():
        return unfold(pretrained, stage, network, batches())
    try:
        found = torch.load(pretrained, map_location="cpu", weights_only=True)
        wanted = network.state_dict()
        usable = {k: v for k, v in found.items() if k in wanted and v.shape == wanted[k].shape}
    except Exception as error:  # torch.load raises many kinds for what is no checkpoint
        raise DataError(
            f"--pretrained {pretrained}: is no state dict ({error}); give a .pth file, or a bundle's folder"
        ) from error
    if missing := sorted(k for k in set(wanted) - set(usable) if not k.startswith(HEADS)):
        raise DataError(
            f"--pretrained {pretrained}: lacks {len(missing)} weights of {plan.name}, as {missing[0]}; "
            "give a checkpoint of the same network, or leave --pretrained out"
        )
    network.load_state_dict(usable, strict=False)
    return str(Path(pretrained.parent.name, pretrained.name))
