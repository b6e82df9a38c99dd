"""Batches of one size: what is missing is filled up with zeros.

An engine chooses its kernels by the shape, so a network is only ever run in one: a picture is judged alike, to the last
bit, whether it comes alone or among others (docs/engines.md). A batch of one is the network's input itself, uncopied.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from detector.engines.network import Network
from detector.errors import PictureError

BATCH_MAX = 64  # pictures


def marked_at_once(batch: int) -> int:
    """Pictures that the segmenter is given at once, where the classifier is given `batch`: few of them are BAD."""
    return max(1, batch // 4)


class Batches:
    """A network that is given `size` pictures at a time."""

    def __init__(self, name: str, network: Network, size: int) -> None:
        """`name`: the network's, in what is said of wrong answers."""
        self._name, self._network, self._size = name, network, size

    def answers(self, inputs: Sequence[np.ndarray], shape: tuple[int, ...]) -> list[np.ndarray | PictureError]:
        """The logits, of `shape`, for each input (1, 3, h, w); an error for each where they cannot be believed."""
        try:
            return list(self._rows(inputs, shape))
        except PictureError as error:
            return [error] * len(inputs)

    def _rows(self, inputs: Sequence[np.ndarray], shape: tuple[int, ...]) -> Iterator[np.ndarray | PictureError]:
        for at in range(0, len(inputs), self._size):
            some = inputs[at : at + self._size]
            logits = self._network.run(some[0] if self._size == 1 else self._filled(some))
            if logits.shape != (self._size, *shape):
                got, wanted = list(logits.shape), [self._size, *shape]
                raise PictureError(f"the {self._name} gave an output of shape {got}; {wanted} is wanted")
            for row in logits[: len(some)]:
                yield row if np.isfinite(row).all() else PictureError(f"the {self._name} gave NaN or infinity")

    def _filled(self, some: Sequence[np.ndarray]) -> np.ndarray:
        whole = np.zeros((self._size, *some[0].shape[1:]), np.float32)
        whole[: len(some)] = np.concatenate(some)
        return whole
