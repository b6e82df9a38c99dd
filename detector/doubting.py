"""A classifier that looks again where it is in doubt: at the picture mirrored, as it was trained to see it, too.

The logits of all looks are averaged (test-time augmentation: Krizhevsky, Sutskever and Hinton, "ImageNet classification
with deep convolutional neural networks", 2012, 4.1). Only a picture in doubt costs more than one look, and nothing
leaps at the edge of the doubt: the nearer a picture is to it, the less its other looks count.
"""

from __future__ import annotations

import numpy as np

from detector.engines.network import Network
from detector.stages import Doubt

MIRRORED = ((3,), (2,), (2, 3))  # axes of (N, 3, h, w) that are turned round, look by look
RAMP = 0.5  # logits from the edge on within which the other looks come to count in full


def doubting(network: Network, doubt: Doubt | None) -> Network:
    """The network, as it is where there is no doubt to be had."""
    return network if doubt is None else Doubting(network, doubt)


class Doubting:
    """See engines.network.Network."""

    def __init__(self, network: Network, doubt: Doubt) -> None:
        self._network = network
        self._doubt = doubt

    @property
    def description(self) -> str:
        return self._network.description

    def run(self, batch: np.ndarray) -> np.ndarray:
        """What does not come out as (N, 2) is handed on as it is. An input of zeros alone fills a batch up."""
        first = self._network.run(batch)
        if first.ndim != 2 or first.shape[1] != 2:
            return first
        weights = [self._weight(row) if picture.any() else 0.0 for row, picture in zip(first, batch, strict=True)]
        if not any(weights):
            return first
        return self._looked_again(batch, first, np.array(weights, np.float32)[:, None])

    def _weight(self, logits: np.ndarray) -> float:
        """How much the other looks count, 0 to 1."""
        margin = float(logits[1]) - float(logits[0])
        inside = min(margin - self._doubt.above, self._doubt.below - margin)
        return min(1.0, inside / RAMP) if inside > 0 else 0.0  # NaN is no doubt: others say so

    def _looked_again(self, batch: np.ndarray, first: np.ndarray, weights: np.ndarray) -> np.ndarray:
        looks = [first]
        for axes in MIRRORED[: self._doubt.looks - 1]:
            looks.append(self._network.run(np.ascontiguousarray(np.flip(batch, axes))))
        mean = np.mean(looks, axis=0, dtype=np.float32)
        return np.where(weights > 0, first + weights * (mean - first), first).astype(np.float32)
