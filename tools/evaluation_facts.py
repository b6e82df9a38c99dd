"""What was evaluated, as facts that let somebody else do it again: files and their hashes, thresholds, the command."""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from detector.bundle import SETTINGS_FILE, SHIPPED, open_bundle
from detector.stages import REFERENCE_CLASSIFIER, REFERENCE_SEGMENTER

from .evaluation import Fact


@dataclass(frozen=True)
class Judge:
    """What judges: a bundle's folder, or two checkpoints."""

    bundle: Path | None
    classifier: Path | None
    segmenter: Path | None

    @property
    def folder(self) -> Path:
        return self.bundle or SHIPPED


@dataclass(frozen=True)
class Described:
    """A judge as its files tell it."""

    facts: tuple[Fact, ...]
    threshold: float  # the gate's own
    mask_threshold: float


def describe(judge: Judge) -> Described:
    """The judge's files, hashes and thresholds; of files that were opened already. Raises OpenError, OSError."""
    if judge.classifier is not None and judge.segmenter is not None:
        files = ((name, path) for name, path in (("classifier", judge.classifier), ("segmenter", judge.segmenter)))
        facts = tuple(Fact(f"{name} sha256", f"{file_sha256(path)}  {path.name}") for name, path in files)
        return Described(facts, REFERENCE_CLASSIFIER.threshold, REFERENCE_SEGMENTER.threshold)
    bundle = open_bundle(judge.folder)
    hashed = Fact("bundle.yaml sha256", file_sha256(judge.folder / SETTINGS_FILE))
    return Described((Fact("bundle", bundle.id), hashed), bundle.classifier.threshold, bundle.segmenter.threshold)


def file_sha256(path: Path) -> str:
    """Hex digits over a file's bytes. Raises OSError."""
    total = hashlib.sha256()
    with path.open("rb") as stream:
        while piece := stream.read(1 << 20):
            total.update(piece)
    return total.hexdigest()


def command(words: Iterable[str]) -> Fact:
    """The command as it was typed, to be typed again."""
    return Fact("command", shlex.join(["python", "-m", "tools.evaluate", *words]))
