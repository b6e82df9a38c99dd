"""The average of a network over its last steps, which judges better and jumps less than any one of them. Needs torch.

An exponential moving average of weights and batch statistics (Polyak and Juditsky 1992; Tarvainen and Valpola
2017).
"""

from __future__ import annotations

from typing import Any

from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

SHARE = 0.03  # of all steps: how far back the average looks
SHORTEST, LONGEST = 10, 5000  # steps


def averaged(network: Any, steps: int) -> AveragedModel:
    """The average of `network`, to be updated after each of `steps`; begins as its first update finds the network."""
    span = min(max(round(steps * SHARE), SHORTEST), LONGEST)
    return AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(1 - 1 / span), use_buffers=True)
