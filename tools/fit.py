"""Fits one network to arrays of pictures, with checkpoints it goes on from. Needs torch; reads no data folder."""

from __future__ import annotations

import csv
import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tqdm import tqdm

from detector.stages import InputSpec

from .augment import augmented
from .dataset import Arrays
from .networks import Plan
from .tasks import Task

CHECKPOINT_S = 45.0
WARM_UP = 0.08  # of all steps
WEIGHT_DECAY = 0.02


@dataclass(frozen=True)
class Fit:
    """How to fit."""

    seed: int
    epochs: int
    learning_rate: float  # at its peak
    steps: int | None = None  # end after so many
    pretrained: Path | None = None
    show_progress: bool = True


@dataclass(frozen=True)
class Fitted:
    """What came of it."""

    started_from: str
    best: dict[str, float]  # measures of the checkpoint that was kept


def fit(task: Task, plan: Plan, training: Arrays, validation: Arrays, out: Path, settings: Fit) -> Fitted:
    """Train the plan's network; leaves NAME.pth, a plain state dict, and NAME.csv in `out`.

    Goes on from NAME.last.pt where an earlier call was killed. The same arguments give the same steps: order and
    augmentation depend on seed, epoch and step only.
    """
    torch.manual_seed(settings.seed)
    module = plan.build()
    started_from = _start_from(module, plan, settings)
    module = module.to(memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(module.parameters(), lr=settings.learning_rate, weight_decay=WEIGHT_DECAY)
    progress = _Progress.resume(out / f"{task.name}.last.pt", module, optimiser)
    per_epoch = math.ceil(len(training.bad) / plan.batch)
    total = per_epoch * settings.epochs
    weight = _weight_of_bad(training.bad)
    bar = tqdm(total=total, initial=progress.step, desc=task.name, unit="step", disable=not settings.show_progress)
    while progress.step < total:
        epoch, at = divmod(progress.step, per_epoch)
        chosen = _order(settings.seed, epoch, len(training.bad))[at * plan.batch : (at + 1) * plan.batch]
        _set_rate(optimiser, settings.learning_rate, progress.step / total)
        loss = _step(task, module, optimiser, plan.input, training, chosen, weight, _draw(settings, progress.step))
        progress.advance(loss)
        bar.set_postfix(loss=f"{progress.mean_loss:.4f}", refresh=False)
        bar.update(1)
        ended = progress.step % per_epoch == 0 or progress.step == settings.steps
        if ended:
            measures = task.measure(logits_of(module, plan.input, validation.pictures, plan.batch), validation)
            progress.keep_if_best(module, measures, out / f"{task.name}.pth")
            _append(out / f"{task.name}.csv", {"epoch": epoch + 1, "loss": progress.mean_loss, **measures})
            bar.write(f"{task.name} epoch {epoch + 1}: " + ", ".join(f"{k} {v:.4f}" for k, v in measures.items()))
            progress.new_epoch()
        if ended or time.monotonic() - progress.saved_mono_s > CHECKPOINT_S:
            progress.save(module, optimiser)
        if progress.step == settings.steps:
            break
    bar.close()
    return Fitted(started_from, progress.best)


def logits_of(module: Any, spec: InputSpec, pictures: np.ndarray, batch: int) -> np.ndarray:
    """The network's output for each picture (N, h, w, 3) uint8 RGB, float32, in evaluation mode."""
    module.eval()
    with torch.inference_mode():
        found = [
            module(normalised(as_tensor(pictures[at : at + batch]), spec)).float().numpy()
            for at in range(0, len(pictures), batch)
        ]
    return np.concatenate(found)


def as_tensor(pictures: np.ndarray) -> torch.Tensor:
    """(N, h, w, 3) uint8 -> (N, 3, h, w) float32, 0..255."""
    return torch.from_numpy(np.ascontiguousarray(pictures)).permute(0, 3, 1, 2).float()


def normalised(pictures: torch.Tensor, spec: InputSpec) -> torch.Tensor:
    """0..255 -> what the network takes, as the bundle says."""
    mean = torch.tensor(spec.mean).view(1, 3, 1, 1)
    std = torch.tensor(spec.std).view(1, 3, 1, 1)
    return ((pictures * spec.scale - mean) / std).contiguous(memory_format=torch.channels_last)


def _step(
    task: Task,
    module: Any,
    optimiser: torch.optim.Optimizer,
    spec: InputSpec,
    training: Arrays,
    chosen: np.ndarray,
    weight: float,
    draw: torch.Generator,
) -> float:
    module.train()
    pictures = as_tensor(training.pictures[chosen])
    masks = torch.zeros(len(chosen), 1, *pictures.shape[2:])
    if task.needs_masks:
        masks = torch.from_numpy(training.masks[chosen]).unsqueeze(1).float() / 255
    pictures, masks = augmented(pictures, masks, draw)
    bad = torch.from_numpy(training.bad[chosen].astype(np.int64))
    with torch.autocast("cpu", torch.bfloat16):
        logits = module(normalised(pictures, spec))
    loss = task.loss(logits.float(), bad, masks, weight)
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(module.parameters(), 2.0)
    optimiser.step()
    return float(loss.detach())


@dataclass
class _Progress:
    """Where a training is; everything that a killed one needs to go on."""

    path: Path
    step: int = 0
    losses: float = 0.0
    counted: int = 0
    best: dict[str, float] = None  # type: ignore[assignment]
    saved_mono_s: float = 0.0

    @classmethod
    def resume(cls, path: Path, module: Any, optimiser: torch.optim.Optimizer) -> _Progress:
        if not path.is_file():
            return cls(path, best={}, saved_mono_s=time.monotonic())
        held = torch.load(path, map_location="cpu", weights_only=True)
        module.load_state_dict(held["module"])
        optimiser.load_state_dict(held["optimiser"])
        return cls(path, held["step"], held["losses"], held["counted"], held["best"], time.monotonic())

    @property
    def mean_loss(self) -> float:
        return self.losses / max(1, self.counted)

    def advance(self, loss: float) -> None:
        if not math.isfinite(loss):
            raise FloatingPointError(f"the loss is {loss} at step {self.step}; a lower learning rate may help")
        self.step += 1
        self.losses += loss
        self.counted += 1

    def new_epoch(self) -> None:
        self.losses, self.counted = 0.0, 0

    def keep_if_best(self, module: Any, measures: dict[str, float], path: Path) -> None:
        if not self.best or measures["worse"] < self.best["worse"]:
            self.best = measures
            _replace(path, module.state_dict())

    def save(self, module: Any, optimiser: torch.optim.Optimizer) -> None:
        held = {
            "module": module.state_dict(),
            "optimiser": optimiser.state_dict(),
            "step": self.step,
            "losses": self.losses,
            "counted": self.counted,
            "best": self.best,
        }
        _replace(self.path, held)
        self.saved_mono_s = time.monotonic()


def _replace(path: Path, held: Any) -> None:
    """Write beside and rename: a kill leaves the old file or the new one."""
    beside = path.with_suffix(path.suffix + ".part")
    torch.save(held, beside)
    beside.replace(path)


def _start_from(module: Any, plan: Plan, settings: Fit) -> str:
    if settings.pretrained is None:
        return plan.pretrain(module)
    module.load_state_dict(torch.load(settings.pretrained, map_location="cpu", weights_only=True), strict=False)
    return settings.pretrained.name


def _order(seed: int, epoch: int, count: int) -> np.ndarray:
    return np.random.default_rng([seed, 5, epoch]).permutation(count)


def _draw(settings: Fit, step: int) -> torch.Generator:
    return torch.Generator().manual_seed(settings.seed * 1_000_003 + step)


def _set_rate(optimiser: torch.optim.Optimizer, peak: float, done: float) -> None:
    """Up linearly, then down along a cosine."""
    rate = done / WARM_UP if done < WARM_UP else 0.5 * (1 + math.cos(math.pi * (done - WARM_UP) / (1 - WARM_UP)))
    for group in optimiser.param_groups:
        group["lr"] = peak * max(rate, 0.01)


def _weight_of_bad(bad: np.ndarray) -> float:
    """How much more one BAD picture counts, so that both classes count the same in all."""
    return float((len(bad) - bad.sum()) / max(1, bad.sum()))


def _append(path: Path, row: dict[str, float]) -> None:
    new = not path.is_file()
    with path.open("a", newline="") as table:
        writer = csv.writer(table)
        if new:
            writer.writerow(row)
        writer.writerow(f"{value:.6g}" for value in row.values())
