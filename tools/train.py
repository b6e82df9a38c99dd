"""Trains both stages from a data folder in the reference layout (good/, bad/, masks/).

    python -m tools.train --data out/codes --preset edge --out out/edge

A killed training goes on where it was when the same command is given again. Needs requirements-torch.txt.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import torch

from .dataset import DataError, folder_sha256, load, read_folder, split_samples
from .fit import PATIENCE, Fit, fit, needs_masks
from .heap import keep_freed_memory
from .networks import PRESETS, Plan
from .run_folder import split_as, write_validation
from .tasks import Task, classifier_task, segmenter_task

VALIDATION_SHARE = 0.12
STAGES = ("classifier", "segmenter")


def train(
    data: Path,
    out: Path,
    *,
    preset: str,
    seed: int,
    stages: tuple[str, ...] = STAGES,
    threads: int = 2,
    epochs: int | None = None,
    patience: int = PATIENCE,
    steps: int | None = None,
    learning_rate: float | None = None,
    pretrained: tuple[Path, ...] = (),
    kept_by: Path | None = None,
    device: str = "cpu",
    show_progress: bool = True,
) -> None:
    """Train the stages and leave STAGE.pth (the best by validation), STAGE.csv and training.json in `out`.

    `kept_by`: the run whose validation pictures are the validation here, too. `steps` ends each stage early, as tests
    want it. Raises DataError.
    """
    torch.set_num_threads(threads)
    out.mkdir(parents=True, exist_ok=True)
    samples = read_folder(data, show_progress=show_progress)
    parts = split_samples(samples, VALIDATION_SHARE, seed) if kept_by is None else split_as(kept_by, data, samples)
    training, validation = parts.training, parts.validation
    print(parts.report, file=sys.stderr)
    _refuse_one_sided(training, validation)
    write_validation(out, data, validation)
    record: dict[str, object] = {
        "data_sha256": folder_sha256(samples),
        "preset": preset,
        "seed": seed,
        "split": str(parts.report),
    }
    for name in stages:
        plan: Plan = getattr(PRESETS[preset], name)
        task = TASKS[name]
        masks = needs_masks(task, plan)
        some = [s for s in training if task.wants(s)]
        measured = [s for s in validation if task.wants(s)]
        settings = Fit(
            seed=seed,
            epochs=epochs or plan.epochs,
            patience=patience,
            steps=steps,
            learning_rate=learning_rate or plan.learning_rate,
            pretrained=pretrained,
            device=device,
            show_progress=show_progress,
        )
        data_in = load(some, plan.input, masks=masks, show_progress=show_progress)
        data_val = load(measured, plan.input, masks=masks, show_progress=show_progress)
        result = fit(task, plan, data_in, data_val, out, settings)
        record[name] = {
            "network": plan.name,
            "weights_at_start": result.started_from,
            "epochs": result.epochs,
            "batch": plan.batch,
            "learning_rate": settings.learning_rate,
            "training_pictures": len(some),
            "validation_pictures": len(measured),
            "best": result.best,
        }
        _write_record(out / "training.json", record)


TASKS: dict[str, Task] = {"classifier": classifier_task(), "segmenter": segmenter_task()}


def _device(wanted: str) -> str:
    """Raises DataError where CUDA is asked for and is not there."""
    if wanted == "cuda" and not torch.cuda.is_available():
        raise DataError("--device cuda: torch finds no CUDA device here; leave it out to train on the CPU")
    return ("cuda" if torch.cuda.is_available() else "cpu") if wanted == "auto" else wanted


def _refuse_one_sided(training: list, validation: list) -> None:
    for name, samples in (("training", training), ("validation", validation)):
        if len({s.state for s in samples}) < 2:
            raise DataError(f"{name}: one of GOOD and BAD has no picture there; more groups of it are needed")


def _write_record(path: Path, record: dict[str, object]) -> None:
    """Stages trained at other times stay in the record."""
    before = json.loads(path.read_text()) if path.is_file() else {}
    path.write_text(json.dumps({**before, **record}, indent=2) + "\n")


def run(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tools.train", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder with good/, bad/ and masks/")
    parser.add_argument("--out", type=Path, required=True, help="where checkpoints and curves go")
    parser.add_argument("--preset", choices=tuple(PRESETS), default="edge")
    parser.add_argument("--stage", choices=STAGES, action="append", help="only this stage")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, help="in place of the preset's")
    parser.add_argument(
        "--patience", type=int, default=PATIENCE, help="end after so many epochs without a better network (%(default)s)"
    )
    parser.add_argument("--learning-rate", type=float, help="at its peak, in place of the preset's")
    parser.add_argument("--threads", type=int, default=2, help="CPU threads (default %(default)s)")
    parser.add_argument(
        "--device", choices=("auto", "cpu", "cuda"), default="auto", help="auto: cuda where there is one"
    )
    parser.add_argument(
        "--pretrained",
        type=Path,
        nargs="+",
        default=(),
        metavar="WEIGHTS",
        help="start from this state dict, or from a bundle's folder, in place of the preset's weights; of several, "
        "from their average",
    )
    parser.add_argument(
        "--kept-by", type=Path, metavar="RUN", help="validate on what that run kept from training; with its weights"
    )
    args = parser.parse_args(argv)
    keep_freed_memory()
    try:
        train(
            args.data,
            args.out,
            preset=args.preset,
            seed=args.seed,
            stages=tuple(args.stage or STAGES),
            threads=args.threads,
            epochs=args.epochs,
            patience=args.patience,
            learning_rate=args.learning_rate,
            pretrained=tuple(args.pretrained),
            kept_by=args.kept_by,
            device=_device(args.device),
        )
    except DataError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(run(sys.argv[1:]))
