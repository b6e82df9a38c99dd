"""Fits one network to arrays of pictures, with checkpoints it goes on from. Needs torch; reads no data folder."""

from __future__ import annotations

import csv
import math
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tqdm import tqdm

from detector.stages import InputSpec

from .augment import augmented
from .averaging import averaged
from .dataset import Arrays
from .depthwise import Float32WayBack
from .guide import guide_loss
from .networks import Plan
from .starting import start_from
from .tasks import Task
from .training_state import TrainingState

CHECKPOINT_S = 45.0
PATIENCE = 6
WARM_UP = 0.08  # of all steps
WEIGHT_DECAY = 0.02
LARGEST_STEP = 2.0  # norm of the gradient
STATISTICS = 256  # pictures by which the weights of a bundle are unfolded


@dataclass(frozen=True)
class Fit:
    """How to fit."""

    seed: int
    epochs: int
    learning_rate: float  # at its peak
    device: str = "cpu"  # cpu | cuda
    patience: int = PATIENCE  # epochs without a better network, then it ends
    steps: int | None = None  # end after so many
    pretrained: tuple[Path, ...] = ()  # state dicts' files or bundles' folders: starts from their average
    show_progress: bool = True


@dataclass(frozen=True)
class Fitted:
    """What came of it."""

    started_from: str
    best: dict[str, float]  # measures of the checkpoint that was kept
    epochs: int  # done when it ended


def fit(task: Task, plan: Plan, training: Arrays, validation: Arrays, out: Path, settings: Fit) -> Fitted:
    """Train the plan's network; leaves NAME.pth, a plain state dict, and NAME.csv in `out`.

    What is measured and kept is the average over the last steps (averaging.py).

    Goes on from NAME.last.pt where an earlier call was killed. The same arguments on the same device give the same
    steps: order and augmentation depend on seed, epoch and step only. Raises DataError for weights that do not fit.
    """
    torch.manual_seed(settings.seed)
    network = plan.build()
    some = partial(_some_batches, training, plan, settings.seed)
    started_from = start_from(network, plan, task.name, settings.pretrained, some)
    module = (plan.guide(network) if plan.guide else network).to(settings.device, memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(module.parameters(), lr=settings.learning_rate, weight_decay=WEIGHT_DECAY)
    fitter = _Fitter(task, plan, training, module, optimiser, settings)
    total = fitter.per_epoch * settings.epochs
    average = averaged(network, total)
    state = TrainingState.resume(out / f"{task.name}.last.pt", module, average, optimiser)
    bar = tqdm(total=total, initial=state.step, desc=task.name, unit="step", disable=not settings.show_progress)
    while state.step < total and state.since_best < settings.patience and state.step != settings.steps:
        state.advance(fitter.step(state.step, state.step / total))
        average.update_parameters(network)
        bar.set_postfix(loss=f"{state.mean_loss:.4f}", refresh=False)
        bar.update(1)
        ended = state.step % fitter.per_epoch == 0 or state.step == settings.steps
        if ended:
            logits = logits_of(average.module, plan.input, validation.pictures, plan.batch, settings.device)
            measures = task.measure(logits, validation)
            epoch = math.ceil(state.step / fitter.per_epoch)
            _append(out / f"{task.name}.csv", {"epoch": epoch, "loss": state.mean_loss, **measures})
            bar.write(f"{task.name} epoch {epoch}: " + ", ".join(f"{k} {v:.4f}" for k, v in measures.items()))
            state.end_epoch(average.module, measures, out / f"{task.name}.pth")
        if ended or time.monotonic() - state.saved_mono_s > CHECKPOINT_S:
            state.save(module, average, optimiser)
    bar.close()
    return Fitted(started_from, state.best, math.ceil(state.step / fitter.per_epoch))


class _Fitter:
    """Takes the steps."""

    def __init__(
        self,
        task: Task,
        plan: Plan,
        training: Arrays,
        module: Any,
        optimiser: torch.optim.Optimizer,
        settings: Fit,
    ) -> None:
        self._task, self._plan, self._training, self._settings = task, plan, training, settings
        self._module, self._optimiser = module, optimiser
        self._weight = _weight_of_bad(training.bad)
        self._low = _low_precision(settings.device)
        self._scaler = torch.amp.GradScaler(settings.device, enabled=self._low is torch.float16)
        self.per_epoch = math.ceil(len(training.bad) / plan.batch)

    def step(self, number: int, done: float) -> float:
        """Takes step `number`, `done` (0..1) of the way through; gives its loss."""
        _set_rate(self._optimiser, self._settings.learning_rate, done)
        self._module.train()
        pictures, masks, bad = self._batch(number)
        pictures, masks = augmented(pictures, masks, self._draw(number))
        with torch.autocast(self._settings.device, self._low), Float32WayBack():
            answer = self._module(normalised(pictures, self._plan.input))
        logits, maps = answer if self._plan.guide else (answer, [])
        loss = self._task.loss(logits.float(), bad, masks, self._weight)
        if maps:
            loss = loss + guide_loss(maps, masks)
        self._optimiser.zero_grad(set_to_none=True)
        self._scaler.scale(loss).backward()
        self._scaler.unscale_(self._optimiser)
        torch.nn.utils.clip_grad_norm_(self._module.parameters(), LARGEST_STEP)
        self._scaler.step(self._optimiser)
        self._scaler.update()
        return float(loss.detach())

    def _batch(self, number: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """(pictures (N, 3, h, w) 0..255, masks (N, 1, h, w) 0..1, bad (N,)) of step `number`, on the device."""
        epoch, at = divmod(number, self.per_epoch)
        order = np.random.default_rng([self._settings.seed, 5, epoch]).permutation(len(self._training.bad))
        chosen = order[at * self._plan.batch : (at + 1) * self._plan.batch]
        device = self._settings.device
        pictures = as_tensor(self._training.pictures[chosen], device)
        masks = torch.zeros(len(chosen), 1, *pictures.shape[2:], device=device)
        if needs_masks(self._task, self._plan):
            masks = torch.from_numpy(self._training.masks[chosen]).to(device).unsqueeze(1).float() / 255
        return pictures, masks, torch.from_numpy(self._training.bad[chosen].astype(np.int64)).to(device)

    def _draw(self, number: int) -> torch.Generator:
        return torch.Generator(self._settings.device).manual_seed(self._settings.seed * 1_000_003 + number)


def needs_masks(task: Task, plan: Plan) -> bool:
    """Whether the masks are looked at in training."""
    return task.needs_masks or plan.guide is not None


def logits_of(module: Any, spec: InputSpec, pictures: np.ndarray, batch: int, device: str = "cpu") -> np.ndarray:
    """The network's output for each picture (N, h, w, 3) uint8 RGB, float32, in evaluation mode."""
    module.eval()
    with torch.inference_mode():
        found = [
            module(normalised(as_tensor(pictures[at : at + batch], device), spec)).float().cpu().numpy()
            for at in range(0, len(pictures), batch)
        ]
    return np.concatenate(found)


def as_tensor(pictures: np.ndarray, device: str = "cpu") -> torch.Tensor:
    """(N, h, w, 3) uint8 -> (N, 3, h, w) float32, 0..255."""
    return torch.from_numpy(np.ascontiguousarray(pictures)).to(device).permute(0, 3, 1, 2).float()


def normalised(pictures: torch.Tensor, spec: InputSpec) -> torch.Tensor:
    """0..255 -> what the network takes, as the bundle says."""
    mean = pictures.new_tensor(spec.mean).view(1, 3, 1, 1)
    std = pictures.new_tensor(spec.std).view(1, 3, 1, 1)
    return ((pictures * spec.scale - mean) / std).contiguous(memory_format=torch.channels_last)


def _low_precision(device: str) -> torch.dtype:
    """bfloat16 wherever it is at home; float16 (with scaled gradients) on GPUs that lack it."""
    return torch.float16 if device == "cuda" and not torch.cuda.is_bf16_supported() else torch.bfloat16


def _some_batches(training: Arrays, plan: Plan, seed: int) -> list[torch.Tensor]:
    """Pictures without augmentation, as the network takes them."""
    chosen = np.random.default_rng([seed, 6]).permutation(len(training.bad))[:STATISTICS]
    parts = [chosen[at : at + plan.batch] for at in range(0, len(chosen), plan.batch)]
    return [normalised(as_tensor(training.pictures[np.sort(part)]), plan.input) for part in parts]


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
