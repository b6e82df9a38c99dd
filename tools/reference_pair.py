"""The reference pair for the bench: its networks, the reference's own way to use them, and 1080p frames to judge.

Needs torch. The way is that of the pipeline for single pictures: PIL, torchvision's transforms, torch eager.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image

from detector.engines.architectures import ARCHITECTURES
from detector.engines.torchvision_stub import declare_nms
from detector.stages import REFERENCE_CLASSIFIER, REFERENCE_SEGMENTER
from detector.verdict import State

from .bench_engines_alike import Seen
from .onnx_files import write_onnx
from .reference_fit import built, fit_classifier, fit_segmenter

CONVNEXT, _, UNET = ARCHITECTURES
HEIGHT, WIDTH = 1080, 1920
FITTED_TO = 8  # frames of each state
MASKS = 4  # of them, for the segmenter


@dataclass(frozen=True)
class Drawing:
    """A frame of which it is known what is on it."""

    frame: np.ndarray  # (H, W, 3) BGR uint8
    mask: np.ndarray  # (H, W) uint8, 255 where scratched
    state: State


class ReferencePair:
    """Both networks, used as the reference pipeline uses them."""

    def __init__(self, classifier: Any, segmenter: Any) -> None:
        declare_nms()
        import torch
        from torchvision import transforms

        self.torch, self.classifier, self.segmenter = torch, classifier, segmenter
        self._to_tensor = transforms.ToTensor()
        self._to_classifier = transforms.Compose(
            [
                transforms.Resize((224, 224)),
                self._to_tensor,
                transforms.Normalize(mean=[0.485, 0.456, 0.406], std=[0.229, 0.224, 0.225]),
            ]
        )

    def judge(self, frame: np.ndarray) -> Seen:
        """The verdict on frame (H, W, 3) BGR uint8, as the reference comes to it."""
        image = Image.fromarray(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB))
        with self.torch.no_grad():
            if int(self.classifier(self.classifier_input(image)).argmax(dim=1)) == 0:
                return Seen(State.GOOD, None)
            probability = self.segmenter(self.segmenter_input(image)).sigmoid()
            return Seen(State.BAD, np.asarray((probability > 0.5)[0, 0].numpy()))

    def classifier_input(self, image: Image.Image) -> Any:
        return self._to_classifier(image)[None]

    def segmenter_input(self, image: Image.Image) -> Any:
        side = max(image.size)
        square = Image.new("RGB", (side, side), (0, 0, 0))
        square.paste(image, ((side - image.width) // 2, (side - image.height) // 2))
        return self._to_tensor(square.resize((384, 384)))[None]


def reference_pair(seed: int = 3) -> ReferencePair:
    """ConvNeXt-Tiny and the U-Net on EfficientNet-B5, fitted to drawn frames just far enough; takes a minute."""
    import torch

    segmenter, classifier = built(torch, UNET.build, seed), built(torch, CONVNEXT.build, seed + 1)
    pair = ReferencePair(classifier, segmenter)
    good, bad = ([draw(1, state, n) for n in range(FITTED_TO)] for state in (State.GOOD, State.BAD))
    inputs = [[pair.classifier_input(_image(one.frame)) for one in drawings] for drawings in (good, bad)]
    fit_classifier(torch, classifier, classifier.head.fc, *inputs)
    masks = [
        (pair.segmenter_input(Image.fromarray(one.mask).convert("RGB"))[:, :1] > 0.5).float() for one in bad[:MASKS]
    ]
    fit_segmenter(torch, segmenter, [pair.segmenter_input(_image(one.frame)) for one in bad[:MASKS]], masks)
    return pair


def kept_pair(folder: Path) -> ReferencePair:
    """The pair whose checkpoints lie in the folder; made and kept there, also as ONNX, where they do not yet."""
    import torch

    files = [folder / f"{name}.pth" for name in ("classifier", "segmenter")]
    if all(file.is_file() for file in files):
        modules = [built(torch, one.build, 0) for one in (CONVNEXT, UNET)]
        for module, file in zip(modules, files, strict=True):
            module.load_state_dict(torch.load(file, weights_only=True))
        return ReferencePair(*modules)
    folder.mkdir(parents=True, exist_ok=True)
    pair = reference_pair()
    write_onnx(pair.classifier, REFERENCE_CLASSIFIER.input, folder / "classifier.onnx")
    write_onnx(pair.segmenter, REFERENCE_SEGMENTER.input, folder / "segmenter.onnx")
    for module, file in zip((pair.classifier, pair.segmenter), files, strict=True):
        torch.save(module.state_dict(), file)
    return pair


def draw(seed: int, state: State, number: int) -> Drawing:
    """A 1080p frame: a dark code on a grey part, and across it, where it is BAD, bright scratches."""
    rng = np.random.default_rng([seed, number, state is State.BAD])
    noise = rng.normal(130, 3, (HEIGHT, WIDTH, 1))
    frame = np.repeat(noise, 3, axis=2).clip(0, 255).astype(np.uint8)
    text = "".join(rng.choice(list("0123456789PRT"), 4))
    cv2.putText(frame, text, (WIDTH // 10, HEIGHT * 2 // 3), cv2.FONT_HERSHEY_SIMPLEX, WIDTH / 110, (60, 60, 60), 24)
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    for _ in range(3 if state is State.BAD else 0):
        ends = [(int(rng.integers(0, WIDTH)), int(rng.integers(0, HEIGHT))) for _ in range(2)]
        cv2.line(mask, ends[0], ends[1], 255, 3 + WIDTH // 40)
    frame[mask > 0] = 250
    return Drawing(frame, mask, state)


def drawings(count: int, seed: int = 2) -> list[Drawing]:
    """As many frames of each state, which no network was fitted to."""
    return [draw(seed, state, number) for number in range(count) for state in (State.GOOD, State.BAD)]


def _image(frame: np.ndarray) -> Image.Image:
    return Image.fromarray(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB))
