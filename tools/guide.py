"""Shows a classifier, while it learns, where the scratches are. Needs torch; what is exported knows nothing of it.

A scratch is some fifty pixels among fifty thousand, and one label a picture says little about them. So layers of three
strides are asked, each through one 1x1 convolution, for the mask at their own size (deep supervision: Lee et al. 2015,
arXiv 1409.5185). The convolutions are thrown away when training ends.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F

LAYERS = {2: 40, 4: 112, 6: 320}  # of lite0's seven blocks, with their channels: strides 8, 16 and 32
WEIGHT = 0.5  # of all maps together, against the loss of the verdict
RARE = 4.0  # a scratched cell counts so much more than a clean one


class Guided(torch.nn.Module):
    """A timm EfficientNet-Lite0 and the convolutions that are asked for the mask."""

    def __init__(self, network: Any) -> None:
        super().__init__()
        self.network = network
        self.guides = torch.nn.ModuleDict({str(i): torch.nn.Conv2d(count, 1, 1) for i, count in LAYERS.items()})

    def forward(self, pictures: torch.Tensor) -> tuple[torch.Tensor, list[torch.Tensor]]:
        """(logits (N, 2), maps (N, 1, h / stride, w / stride), fine to coarse)."""
        seen = self.network.bn1(self.network.conv_stem(pictures))
        maps = []
        for i, block in enumerate(self.network.blocks):
            seen = block(seen)
            if i in LAYERS:
                maps.append(self.guides[str(i)](seen))
        return self.network.forward_head(self.network.bn2(self.network.conv_head(seen))), maps


def guide_loss(maps: list[torch.Tensor], masks: torch.Tensor) -> torch.Tensor:
    """How far the maps are from masks (N, 1, h, w) 0..1: cross-entropy by cell, plus Dice over the batch.

    A cell is as scratched as the most scratched pixel in it, so that thin lines are not averaged away.
    """
    losses = []
    for found in (m.float() for m in maps):
        wanted = F.adaptive_max_pool2d(masks, list(found.shape[2:]))
        by_cell = F.binary_cross_entropy_with_logits(found, wanted, pos_weight=found.new_tensor(RARE))
        seen = torch.sigmoid(found)
        dice = 1 - (2 * (seen * wanted).sum() + 1) / ((seen**2).sum() + (wanted**2).sum() + 1)
        losses.append(by_cell + dice)
    return WEIGHT * torch.stack(losses).mean()
