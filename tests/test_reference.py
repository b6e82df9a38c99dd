"""The reference pipeline's three checkpoint formats judge here as they do there: loaded, and exported to a bundle.

The reference is written out below in PIL's and torchvision's own terms; nothing of `detector.preprocess` is in it. The
networks are random but for their last layers, which are fitted to drawn pictures (tools/reference_fit.py): far enough
that some of the pictures they never saw are BAD and some GOOD, and that masks cover a part of them.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from detector.cascade import Cascade
from detector.engines.architectures import ARCHITECTURES
from detector.engines.network import NetworkRequest
from detector.engines.table import open_network
from detector.engines.torchvision_stub import declare_nms
from detector.opening import open_cascade
from detector.pictures import read_picture
from detector.preprocess import network_input
from detector.stages import REFERENCE_CLASSIFIER
from detector.verdict import State
from tests.needs import torch_or_skip
from tools.reference_fit import fit_classifier, fit_segmenter

CONVNEXT, VIT, UNET = ARCHITECTURES
FITTED_TO, EXPORTED_WITH, JUDGED = 8, 3, 3  # pictures of each state
LEAST_IOU = 0.99

pytestmark = [pytest.mark.timeout(1800), pytest.mark.filterwarnings("ignore")]  # of torch's own, while it loads


@pytest.fixture(scope="module")
def torch() -> Any:
    found = torch_or_skip("the reference checkpoints")
    found.set_num_threads(1)  # two that wait for each other on shared cores take ten times as long
    declare_nms()  # torchvision cannot be imported without, beside a CPU-only torch
    return found


@dataclass(frozen=True)
class Drawing:
    picture: np.ndarray  # (H, W, 3) uint8 BGR
    mask: np.ndarray  # (H, W) uint8, 255 where scratched


def drawn(seed: int, state: State, number: int) -> Drawing:
    """A dark code on a grey part, and across it, where it is BAD, bright scratches."""
    rng = np.random.default_rng([seed, number, state is State.BAD])
    height, width = (int(side) for side in rng.integers(100, 331, 2))
    noise = rng.normal(130, 3, (height, width, 1))
    picture = np.repeat(noise, 3, axis=2).clip(0, 255).astype(np.uint8)
    text = "".join(rng.choice(list("0123456789PRT"), 4))
    cv2.putText(picture, text, (5, height // 2 + 15), cv2.FONT_HERSHEY_SIMPLEX, width / 110, (60, 60, 60), 3)
    mask = np.zeros((height, width), np.uint8)
    for _ in range(3 if state is State.BAD else 0):
        ends = [(int(rng.integers(0, width)), int(rng.integers(0, height))) for _ in range(2)]
        cv2.line(mask, ends[0], ends[1], 255, 3 + max(height, width) // 40)
    picture[mask > 0] = 250
    return Drawing(picture, mask)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the networks are fitted to."""
    return data_folder(tmp_path_factory.mktemp("data"), FITTED_TO)


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some of it, for export."""
    return data_folder(tmp_path_factory.mktemp("few"), EXPORTED_WITH)


def data_folder(folder: Path, count: int) -> Path:
    """Pictures in the reference's layout, as many of each state."""
    for name in ("good", "bad", "masks"):
        (folder / name).mkdir()
    for state in State.GOOD, State.BAD:
        for number in range(count):
            crop, name = drawn(1, state, number), f"{number}.png"
            cv2.imwrite(str(folder / state.value.lower() / name), crop.picture)
            if state is State.BAD:
                cv2.imwrite(str(folder / "masks" / name), crop.mask)
    return folder


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Pictures that no network was fitted to, PNG and JPEG, colour and grey, of many sizes."""
    folder = tmp_path_factory.mktemp("pictures")
    paths = []
    for number in range(2 * JUDGED):
        crop = drawn(2, State.BAD if number % 2 else State.GOOD, number)
        paths.append(folder / f"{number}.{'jpg' if number % 3 == 0 else 'png'}")
        Image.fromarray(crop.picture[:, :, ::-1].copy()).convert("L" if number % 4 == 0 else "RGB").save(paths[-1])
    return paths


# --- the reference ---


class Reference:
    """Two networks, used as the reference pipeline uses them."""

    def __init__(self, torch: Any, classifier: Any, segmenter: Any) -> None:
        from torchvision import transforms

        self.torch, self.classifier, self.segmenter = torch, classifier, segmenter
        self.is_bad, self.mask = functools.cache(self._is_bad), functools.cache(self._mask)
        self.to_classifier = transforms.Compose(
            [
                transforms.Resize((224, 224)),
                transforms.ToTensor(),
                transforms.Normalize(mean=[0.485, 0.456, 0.406], std=[0.229, 0.224, 0.225]),
            ]
        )
        self.to_tensor = transforms.ToTensor()

    def classifier_input(self, path: Path) -> Any:
        return self.to_classifier(Image.open(path).convert("RGB"))[None]

    def segmenter_input(self, path: Path) -> Any:
        return self.to_tensor(squared(Image.open(path).convert("RGB")).resize((384, 384)))[None]

    def _is_bad(self, path: Path) -> bool:
        with self.torch.no_grad():
            return int(self.classifier(self.classifier_input(path)).argmax(dim=1)) == 1

    def _mask(self, path: Path) -> np.ndarray:
        """(384, 384) bool."""
        with self.torch.no_grad():
            return np.asarray((self.segmenter(self.segmenter_input(path)).sigmoid() > 0.5)[0, 0].numpy())


def squared(image: Image.Image) -> Image.Image:
    """Centred on black."""
    side = max(image.size)
    square = Image.new("RGB", (side, side), (0, 0, 0))
    square.paste(image, ((side - image.width) // 2, (side - image.height) // 2))
    return square


@dataclass(frozen=True)
class Case:
    """One classifier's format with the U-Net: the reference's networks, and the same as files."""

    reference: Reference
    classifier: Path
    segmenter: Path


@pytest.fixture(scope="module")
def segmenter(torch: Any, data: Path) -> Any:
    torch.manual_seed(3)
    module = UNET.build().eval()
    prepared = Reference(torch, None, module)
    bad = sorted((data / "bad").iterdir())[:4]
    masks = [(prepared.segmenter_input(data / "masks" / path.name)[:, :1] > 0.5).float() for path in bad]
    fit_segmenter(torch, module, [prepared.segmenter_input(path) for path in bad], masks)
    return module


def classifier(torch: Any, build: Callable[[], Any], head: Callable[[Any], Any], data: Path) -> Any:
    torch.manual_seed(4)
    module = build().eval()
    prepared = Reference(torch, module, None)
    good, bad = ([prepared.classifier_input(p) for p in sorted((data / n).iterdir())] for n in ("good", "bad"))
    fit_classifier(torch, module, head(module), good, bad)
    return module


def case(torch: Any, folder: Path, one: Any, two: Any) -> Case:
    torch.save(one.state_dict(), folder / "classifier.pth")
    torch.save(two.state_dict(), folder / "segmenter.pth")
    return Case(Reference(torch, one, two), folder / "classifier.pth", folder / "segmenter.pth")


@pytest.fixture(scope="module")
def convnext(torch: Any, data: Path, segmenter: Any, tmp_path_factory: pytest.TempPathFactory) -> Case:
    module = classifier(torch, CONVNEXT.build, lambda made: made.head.fc, data)
    return case(torch, tmp_path_factory.mktemp("convnext"), module, segmenter)


@pytest.fixture(scope="module")
def vit(torch: Any, data: Path, segmenter: Any, tmp_path_factory: pytest.TempPathFactory) -> Case:
    module = classifier(torch, VIT.build, lambda made: made.head, data)
    return case(torch, tmp_path_factory.mktemp("vit"), module, segmenter)


# --- the claims ---


def iou(one: np.ndarray, other: np.ndarray) -> float:
    return float((one & other).sum() / max(1, (one | other).sum()))


def refuse_an_easy_test(verdicts: list[bool], masks: list[np.ndarray]) -> None:
    """Networks that call everything GOOD, or mark nothing, would agree with anything."""
    assert 0.2 <= np.mean(verdicts) <= 0.8, verdicts
    shares = [float(mask.mean()) for mask in masks]
    assert all(0.01 <= share <= 0.3 for share in shares), shares


def assert_same(cascade: Cascade, reference: Reference, pictures: list[Path]) -> None:
    verdicts, masks = [], []
    for path in pictures:
        verdicts.append(reference.is_bad(path))
        seen = cascade.examine(read_picture(path))
        assert seen.state is (State.BAD if verdicts[-1] else State.GOOD), path.name
        if seen.mask is not None:
            masks.append(reference.mask(path))
            assert iou(seen.mask > 0, masks[-1]) >= LEAST_IOU, path.name
    refuse_an_easy_test(verdicts, masks)


@pytest.mark.parametrize("name", ["convnext", "vit"])
def test_checkpoints_give_the_references_verdicts_and_masks(
    name: str, pictures: list[Path], request: pytest.FixtureRequest
) -> None:
    given: Case = request.getfixturevalue(name)
    cascade = open_cascade(
        clock=time.perf_counter, classifier=given.classifier, segmenter=given.segmenter, device="cpu", threads=1
    )
    assert cascade.engine_name == "torch cpu, 1 thread"
    assert_same(cascade, given.reference, pictures)


def test_a_bundle_of_checkpoints_gives_the_references_verdicts_and_masks(
    convnext: Case, few: Path, pictures: list[Path], tmp_path: Path
) -> None:
    from tools.export import run

    files = ["--classifier", str(convnext.classifier), "--segmenter", str(convnext.segmenter)]
    assert run([*files, "--data", str(few), "--out", str(tmp_path / "ours"), "--name", "ours"]) == 0
    cascade = open_cascade(clock=time.perf_counter, bundle=tmp_path / "ours", device="cpu", threads=1)
    assert (cascade.engine_name, cascade.bundle_id[:5]) == ("onnxruntime cpu, 1 thread", "ours@")
    assert_same(cascade, convnext.reference, pictures)


def test_an_exported_vit_gives_the_references_verdicts(
    torch: Any, vit: Case, pictures: list[Path], tmp_path: Path
) -> None:
    from tools.onnx_files import write_onnx

    path = tmp_path / "vit.onnx"
    write_onnx(vit.reference.classifier, REFERENCE_CLASSIFIER.input, path)
    network = open_network(
        "onnxruntime", NetworkRequest(path, "classifier", path.read_bytes, (1, 3, 224, 224), (1, 2), "cpu", 1)
    )
    for picture in pictures:
        logits = network.run(network_input(read_picture(picture), REFERENCE_CLASSIFIER.input))[0]
        assert (logits[1] > logits[0]) == vit.reference.is_bad(picture), picture.name
