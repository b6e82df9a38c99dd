"""Engines open what they should, on the device that was wanted, and say what was wrong with anything else."""

from __future__ import annotations

import pickle
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from PIL import Image

from detector.cascade import Cascade
from detector.engines import onnxruntime_engine
from detector.engines.architectures import ARCHITECTURES, recognised
from detector.engines.network import Network, NetworkRequest, describe
from detector.engines.table import open_network
from detector.errors import EngineError
from detector.opening import open_cascade
from detector.pictures import read_picture
from detector.preprocess import network_input
from detector.stages import REFERENCE_CLASSIFIER
from detector.verdict import State
from tests.needs import torch_or_skip
from tests.pictures import TINY_BUNDLE, noisy
from tools.reference_fit import settle

CPU, CUDA = "CPUExecutionProvider", "CUDAExecutionProvider"
CLASSIFIER = TINY_BUNDLE / "classifier.onnx"


def wanted(path: Path = CLASSIFIER, *, device: str = "cpu", threads: int = 1, side: int = 64) -> NetworkRequest:
    return NetworkRequest(path, "classifier", path.read_bytes, (1, 3, side, side), (1, 2), device, threads)


def image(side: int = 64) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(1, 3, side, side)).astype(np.float32)


# --- the table ---


@pytest.mark.parametrize(("threads", "text"), [(1, "e cpu, 1 thread"), (4, "e cpu, 4 threads")])
def test_a_cpu_engine_is_described_with_its_threads(threads: int, text: str) -> None:
    assert describe("e", "cpu", threads) == text
    assert describe("e", "cuda", threads) == "e cuda"


def test_a_file_of_another_kind_is_refused_by_its_name(tmp_path: Path) -> None:
    odd = tmp_path / "model.pkl"
    odd.write_bytes(b"x")
    with pytest.raises(EngineError, match=r"model\.pkl: no engine reads \.pkl files; they read \.onnx, \.pth"):
        open_network("auto", wanted(odd))


# --- onnxruntime ---


def test_onnxruntime_gives_float32_logits_the_same_each_time() -> None:
    network = open_network("onnxruntime", wanted(threads=2))
    first, again = network.run(image()), network.run(image())
    assert (first.shape, first.dtype) == ((1, 2), np.float32)
    assert np.array_equal(first, again)
    assert network.description == "onnxruntime cpu, 2 threads"


def test_a_damaged_model_is_refused_by_its_name(tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.onnx"
    damaged.write_bytes(CLASSIFIER.read_bytes()[:100])
    with pytest.raises(EngineError, match=r"damaged\.onnx: ONNX Runtime cannot load it: "):
        open_network("auto", wanted(damaged))


@pytest.mark.parametrize(
    ("request_", "says"),
    [
        (wanted(side=32), r"one input of float32 \[1, 3, 32, 32\] is wanted; it has"),
        (
            NetworkRequest(CLASSIFIER, "classifier", CLASSIFIER.read_bytes, (1, 3, 64, 64), (1, 1, 64, 64), "cpu", 1),
            r"one output of float32 \[1, 1, 64, 64\] is wanted; it has",
        ),
    ],
    ids=["input", "output"],
)
def test_a_model_with_other_ends_than_the_bundle_says_is_refused(request_: NetworkRequest, says: str) -> None:
    with pytest.raises(EngineError, match=says):
        open_network("auto", request_)


def test_cuda_without_a_provider_is_an_error_that_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: [CPU])
    with pytest.raises(EngineError, match=r"device cuda is wanted, .* no CUDA provider; install onnxruntime-gpu"):
        open_network("auto", wanted(device="cuda"))
    assert open_network("auto", wanted(device="auto")).description == "onnxruntime cpu, 1 thread"


@pytest.fixture
def cuda_that_does_not_load(monkeypatch: pytest.MonkeyPatch) -> list[list[object]]:
    """An onnxruntime-gpu without a GPU: it offers CUDA, and takes the CPU without a word. Gives what was asked for."""
    asked: list[list[object]] = []
    real = onnxruntime.InferenceSession

    def session(model: bytes, *, sess_options: object, providers: list[object]) -> object:
        asked.append(providers)
        return real(model, sess_options=sess_options, providers=[CPU])

    monkeypatch.setattr(onnxruntime_engine.onnxruntime, "InferenceSession", session)
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: [CUDA, CPU])
    monkeypatch.setattr(onnxruntime, "preload_dlls", lambda: None, raising=False)
    return asked


def test_cuda_that_falls_back_silently_is_an_error(cuda_that_does_not_load: list[list[object]]) -> None:
    with pytest.raises(EngineError, match=r"device cuda is wanted, but .* did not load; .* or set device: cpu"):
        open_network("auto", wanted(device="cuda"))


def test_auto_says_that_it_took_the_cpu(cuda_that_does_not_load: list[list[object]]) -> None:
    assert open_network("auto", wanted(device="auto")).description == "onnxruntime cpu, 1 thread"
    assert cuda_that_does_not_load == [[(CUDA, onnxruntime_engine.CUDA_OPTIONS), CPU], [CPU]]


# --- torch: what needs none ---


def test_a_checkpoint_without_torch_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    checkpoint = tmp_path / "c.pth"
    checkpoint.write_bytes(b"x")
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(EngineError, match=r"c\.pth: a \.pth checkpoint needs torch, .* run `make setup-torch`"):
        open_network("auto", wanted(checkpoint))


@pytest.mark.parametrize("architecture", ARCHITECTURES, ids=lambda one: one.name)
def test_each_architecture_is_told_from_the_others_by_its_keys(architecture: Any) -> None:
    assert recognised([*architecture.marks, "more"]) is architecture
    assert recognised(list(architecture.marks)[:-1]) is None


# --- torch, for real ---


@pytest.fixture(scope="module")
def torch() -> Any:
    found = torch_or_skip(".pth checkpoints")
    found.set_num_threads(1)  # two that wait for each other on shared cores take ten times as long
    return found


def odd_pictures(folder: Path) -> list[Path]:
    """A dozen files of odd sizes and kinds, as a person may have them."""
    sizes = [(97, 331), (331, 97), (100, 100), (224, 224), (384, 384), (500, 385), (61, 62)]
    sizes += [(720, 1280), (300, 200), (33, 400), (150, 149), (640, 480)]
    paths = []
    for number, (height, width) in enumerate(sizes):
        rgb = Image.fromarray(noisy(height, width, number)[:, :, ::-1].copy())
        kind, suffix = [("RGB", "png"), ("RGB", "jpg"), ("L", "png"), ("RGBA", "png"), ("P", "png")][number % 5]
        paths.append(folder / f"{number}.{suffix}")
        rgb.convert(kind).save(paths[-1])
    return paths


class Reference:
    """The reference pipeline, written down anew: PIL and plain torch, nothing of `detector.preprocess`."""

    def __init__(self, torch: Any, classifier: Any, segmenter: Any) -> None:
        self.torch, self.classifier, self.segmenter = torch, classifier, segmenter

    def classifier_input(self, path: Path) -> Any:
        rgb = Image.open(path).convert("RGB").resize((224, 224), Image.Resampling.BILINEAR)
        planes = self.torch.tensor(np.array(rgb)).permute(2, 0, 1).float() / 255
        mean = self.torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1)
        std = self.torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1)
        return ((planes - mean) / std)[None]

    def segmenter_input(self, path: Path) -> Any:
        rgb = Image.open(path).convert("RGB")
        side = max(rgb.size)
        square = Image.new("RGB", (side, side), (0, 0, 0))
        square.paste(rgb, ((side - rgb.width) // 2, (side - rgb.height) // 2))
        return self.torch.tensor(np.array(square.resize((384, 384)))).permute(2, 0, 1).float()[None] / 255

    def logits(self, path: Path) -> Any:
        with self.torch.no_grad():
            return self.classifier(self.classifier_input(path))[0]

    def mask_logits(self, path: Path) -> np.ndarray:
        with self.torch.no_grad():
            return np.asarray(self.segmenter(self.segmenter_input(path))[0, 0].numpy())


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return odd_pictures(tmp_path_factory.mktemp("pictures"))


@pytest.fixture(scope="module")
def reference(torch: Any, pictures: list[Path]) -> Reference:
    """Networks with weights at random; their last biases are set so that some pictures, and some pixels, are BAD."""
    torch.manual_seed(1)
    classifier, segmenter = ARCHITECTURES[0].build().eval(), ARCHITECTURES[2].build().eval()
    made = Reference(torch, classifier, segmenter)
    settle(torch, segmenter, torch.cat([made.segmenter_input(path) for path in pictures[:2]]))
    with torch.no_grad():
        margins = [float(logits[1] - logits[0]) for logits in map(made.logits, pictures)]
        classifier.head.fc.bias[1] -= float(np.median(margins))
        segmenter.segmentation_head[0].bias -= float(np.quantile(made.mask_logits(pictures[0]), 0.9))
    return made


@pytest.fixture(scope="module")
def checkpoints(torch: Any, reference: Reference, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    torch.save(reference.classifier.state_dict(), folder / "classifier.pth")
    torch.save(reference.segmenter.state_dict(), folder / "segmenter.pth")
    return folder


@pytest.fixture(scope="module")
def from_checkpoints(checkpoints: Path) -> Cascade:
    return open_cascade(
        clock=time.perf_counter,
        classifier=checkpoints / "classifier.pth",
        segmenter=checkpoints / "segmenter.pth",
        device="cpu",
        threads=1,
    )


def test_a_checkpoint_gives_the_references_verdict_score_and_mask(
    reference: Reference, from_checkpoints: Cascade, pictures: list[Path]
) -> None:
    states = []
    for path in pictures:
        logits = reference.logits(path)
        seen = from_checkpoints.examine(read_picture(path))
        states.append(seen.state)
        assert seen.state is (State.BAD if int(logits.argmax()) == 1 else State.GOOD), path.name
        assert seen.score == pytest.approx(float(logits.softmax(0)[1]), abs=1e-5)
        if seen.state is State.BAD:
            mask = reference.torch.tensor(reference.mask_logits(path)).sigmoid() > 0.5
            assert np.array_equal(seen.mask, mask.numpy()), path.name
            assert 0 < seen.mask.mean() < 1
    assert set(states) == {State.GOOD, State.BAD}


def test_a_checkpoints_mask_comes_in_the_pictures_own_size(from_checkpoints: Cascade, pictures: list[Path]) -> None:
    for path in pictures[:2]:
        verdict = from_checkpoints.judge(read_picture(path))
        with Image.open(path) as opened:
            width, height = opened.size
        assert verdict.mask is None or verdict.mask.shape == (height, width)
        assert verdict.bundle_id.startswith("checkpoints@")


def test_vit_is_known_too(torch: Any, reference: Reference, tmp_path: Path, pictures: list[Path]) -> None:
    vit = ARCHITECTURES[1].build().eval()
    torch.save(vit.state_dict(), tmp_path / "vit.pth")
    network = open_network("auto", wanted(tmp_path / "vit.pth", side=224))
    got = network.run(network_input(read_picture(pictures[0]), REFERENCE_CLASSIFIER.input))[0]
    logits = Reference(torch, vit, reference.segmenter).logits(pictures[0])
    assert got == pytest.approx(logits.numpy(), abs=1e-5)


class Evil:
    def __reduce__(self) -> tuple[Callable[..., object], tuple[str]]:
        return (print, ("code in a checkpoint was run",))


def without(weights: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: value for key, value in weights.items() if key not in keys}


BROKEN: dict[str, tuple[Callable[[Any, dict[str, Any]], object], str]] = {
    "a whole pickled object": (lambda t, w: Evil(), "not a checkpoint that can be loaded safely"),
    "wrapped": (lambda t, w: {"state_dict": w, "epoch": 3}, r"holds a dict of state_dict, epoch; a plain state dict"),
    "a list": (lambda t, w: list(w.values())[:1], "holds list; a plain state dict"),
    "empty": (lambda t, w: {}, "a plain state dict, model.state_dict"),
    "of a wrapper": (
        lambda t, w: {f"module.{key}": value for key, value in w.items()},
        r"keys of no known classifier \(module\.stem\.0\.weight, .*expected is timm convnext_tiny, num_classes=2 or",
    ),
    "keys missing": (
        lambda t, w: without(w, "stages.1.downsample.0.weight", "head.fc.bias"),
        r"no weights of timm convnext_tiny.*2 keys are missing \(stages\.1\.downsample\.0\.weight, head\.fc\.bias\)",
    ),
    "keys too many": (lambda t, w: {**w, "extra.weight": t.zeros(1)}, r"1 keys are unknown \(extra\.weight\)"),
    "of 1000 classes": (
        lambda t, w: {**w, "head.fc.weight": t.zeros(1000, 768)},
        r"head\.fc\.weight is \[1000, 768\], \[2, 768\] is expected",
    ),
}


@pytest.mark.parametrize(("change", "says"), BROKEN.values(), ids=BROKEN.keys())
def test_a_checkpoint_that_does_not_fit_says_what_was_expected(
    torch: Any, reference: Reference, tmp_path: Path, change: Callable[..., object], says: str, capsys: Any
) -> None:
    path = tmp_path / "broken.pth"
    torch.save(change(torch, reference.classifier.state_dict()), path)
    with pytest.raises(EngineError, match=rf"broken\.pth: .*{says}"):
        open_network("auto", wanted(path, side=224))
    assert "code in a checkpoint" not in capsys.readouterr().out


@pytest.mark.parametrize("raw", [b"", b"hello", b"PK\x03\x04 cut off", pickle.dumps([1])], ids=repr)
def test_bytes_that_are_no_checkpoint_are_refused(torch: Any, tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "broken.pth"
    path.write_bytes(raw)
    with pytest.raises(EngineError, match=r"broken\.pth: "):
        open_network("auto", wanted(path, side=224))


def test_a_segmenter_in_the_classifiers_place_is_told(checkpoints: Path) -> None:
    with pytest.raises(EngineError, match=r"segmenter\.pth: is a segmenter .*; a classifier is expected: timm"):
        open_network("auto", wanted(checkpoints / "segmenter.pth", side=224))


def test_torch_without_cuda_says_so(torch: Any, checkpoints: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(EngineError, match=r"classifier\.pth: device cuda is wanted, but torch .* sees no CUDA"):
        open_network("auto", wanted(checkpoints / "classifier.pth", device="cuda", side=224))


def test_torch_gives_the_same_bits_each_time(checkpoints: Path) -> None:
    network: Network = open_network("auto", wanted(checkpoints / "classifier.pth", side=224))
    assert np.array_equal(network.run(image(224)), network.run(image(224)))
    assert network.description == "torch cpu, 1 thread"
