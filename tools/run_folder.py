"""What tools.train leaves beside the checkpoints for tools.export: which pictures were kept from training."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from .dataset import DataError, Sample, Split, split_by

VALIDATION = "validation.json"


def write_validation(run: Path, data: Path, validation: Iterable[Sample]) -> None:
    """Write the names, as in `data`, of the pictures that the networks are measured on and never learn from."""
    names = [sample.path.relative_to(data).as_posix() for sample in validation]
    (run / VALIDATION).write_text(json.dumps(names, indent=0) + "\n")


def read_validation(run: Path, data: Path, samples: Iterable[Sample]) -> list[Sample]:
    """Those of `samples` (of the folder `data`) that were kept from training.

    The names are read, not drawn anew: thresholds fitted on pictures that were trained on would promise too much.
    Raises DataError where the run does not say, or names what `data` lacks.
    """
    path = run / VALIDATION
    if not path.is_file():
        raise DataError(f"{path}: missing; python -m tools.train writes it, to name what it kept from training")
    by_name = {sample.path.relative_to(data).as_posix(): sample for sample in samples}
    names = json.loads(path.read_text())
    if missing := [name for name in names if name not in by_name]:
        raise DataError(f"{data / missing[0]}: missing, as {len(missing) - 1} more; give the --data of tools.train")
    return [by_name[name] for name in names]


def split_as(run: Path, data: Path, samples: list[Sample]) -> Split:
    """The split of an earlier run, for a training that goes on from its weights: what they learnt from would flatter.

    Pictures that have come to `data` since are trained on, but for those in a group that was kept from training.
    Raises DataError as read_validation does.
    """
    return split_by(samples, frozenset(sample.group for sample in read_validation(run, data, samples)))
