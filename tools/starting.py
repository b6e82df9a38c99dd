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
    network: Any, plan: Plan, stage: str, pretrained: Path | None, batches: Callable[[], Sequence[torch.Tensor]]
) -> str:
    """Load the weights into `network`; gives what they are, for the record.

    batches: gives some pictures as the network takes them. Raises DataError for weights that do not fit.
    """
    if pretrained is None:
        return plan.pretrain(network)
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
    return pretrained.name
