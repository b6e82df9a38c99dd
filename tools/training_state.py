"""Where a training is, on disk: what a killed one needs to go on, and the best network so far. Needs torch."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch


@dataclass
class TrainingState:
    """Counts, losses and the best measures; saved beside module and optimiser."""

    path: Path
    step: int = 0
    losses: float = 0.0
    counted: int = 0
    best: dict[str, float] = field(default_factory=dict)
    since_best: int = 0  # epochs without a better network
    saved_mono_s: float = field(default_factory=time.monotonic)

    @classmethod
    def resume(cls, path: Path, module: Any, average: Any, optimiser: torch.optim.Optimizer) -> TrainingState:
        """The state that `path` holds, with all three brought to it; a new one where there is none.

        The average of a training that an older version began without one starts here.
        """
        if not path.is_file():
            return cls(path)
        held = torch.load(path, map_location="cpu", weights_only=True)
        module.load_state_dict(held["module"])
        optimiser.load_state_dict(held["optimiser"])
        if "average" in held:
            average.load_state_dict(held["average"])
        return cls(path, held["step"], held["losses"], held["counted"], held["best"], held["since_best"])

    @property
    def mean_loss(self) -> float:
        return self.losses / max(1, self.counted)

    def advance(self, loss: float) -> None:
        """One step more. Raises FloatingPointError for a loss that is no number."""
        if not math.isfinite(loss):
            raise FloatingPointError(f"the loss is {loss} at step {self.step}; a lower learning rate may help")
        self.step += 1
        self.losses += loss
        self.counted += 1

    def end_epoch(self, network: Any, measures: dict[str, float], path: Path) -> None:
        """Keeps the network in `path`, a plain state dict, where it is the best so far; `worse` is what is least."""
        self.losses, self.counted = 0.0, 0
        self.since_best += 1
        if not self.best or measures["worse"] < self.best["worse"]:
            self.best, self.since_best = measures, 0
            replace(path, network.state_dict())

    def save(self, module: Any, average: Any, optimiser: torch.optim.Optimizer) -> None:
        held = {
            "module": module.state_dict(),
            "average": average.state_dict(),
            "optimiser": optimiser.state_dict(),
            "step": self.step,
            "losses": self.losses,
            "counted": self.counted,
            "best": self.best,
            "since_best": self.since_best,
        }
        replace(self.path, held)
        self.saved_mono_s = time.monotonic()


def replace(path: Path, held: Any) -> None:
    """Write beside and rename: a kill leaves the old file or the new one."""
    beside = path.with_suffix(path.suffix + ".part")
    torch.save(held, beside)
    beside.replace(path)
