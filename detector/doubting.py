"""A classifier that looks again where it is in doubt: at the picture mirrored, as it was trained to see it, too.

The logits of all looks are averaged (test-time augmentation: Krizhevsky, Sutskever and Hinton, "ImageNet classification
with deep convolutional neural networks", 2012, 4.1). Only a picture in doubt costs more than one look, and each look is
taken only where the mean of those before leaves doubt. The doubt narrows as the mean grows surer, by the square root of
the looks, as the standard error of a mean does. Nothing leaps at its ends: the nearer a mean is to one, the less the
next look counts.
"""

from __future__ import annotations

import math

import numpy as np

from detector.engines.network import Network
from detector.stages import Doubt

MIRRORED = ((3,), (2,), (2, 3))  # axes of (N, 3, h, w) that are turned round, look by look
RAMP = 0.5  # logits from an end on within which the next look comes to count in full


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
        found, total = first, first
        weights = self._weights(first, 1)
        if weights.any():
            weights[~batch.any(axis=(1, 2, 3))] = 0.0
        for looked, axes in enumerate(MIRRORED[: self._doubt.looks - 1], start=1):
            if not weights.any():
                break
            total = total + self._network.run(np.ascontiguousarray(np.flip(batch, axes)))
            mean = total / np.float32(looked + 1)
            found = np.where(weights > 0, found + weights * (mean - found), found)
            weights = np.where(weights > 0, self._weights(found, looked + 1), np.float32(0))
        return found

    def _weights(self, logits: np.ndarray, looked: int) -> np.ndarray:
        """(N, 1) float32, 0 to 1: how much a mean with one look more counts, after so many looks."""
        return np.array([[self._weight(float(row[1]) - float(row[0]), looked)] for row in logits], np.float32)

    def _weight(self, margin: float, looked: int) -> float:
        middle = (self._doubt.above + self._doubt.below) / 2
        reach = (self._doubt.below - self._doubt.above) / 2 / math.sqrt(looked)
        inside = reach - abs(margin - middle)
        return min(1.0, inside / RAMP) if inside > 0 else 0.0  # NaN is no doubt: others say so
