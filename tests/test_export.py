"""Export: what is refused, what an int8 variant costs, what stands on record; on tiny networks, and without torch."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from detector.bundle import open_bundle
from detector.stages import Doubt, InputSpec
from tests.needs import torch_or_skip
from tools.bundle_folder import open_stages, refuse_foreign
from tools.dataset import DataError, Sample, read_folder
from tools.judging import AS_IN_THE_REFERENCE, MASK_THRESHOLDS, Fitted, Judged
from tools.measures import scores
from tools.parity import Refused, Side, difference, refuse_difference

SPEC = InputSpec(32, 32, "stretch", "bilinear", 1 / 255, (0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
FITTED = Fitted(temperature=1.0, threshold=0.5, mask_threshold=0.5)

pytestmark = pytest.mark.filterwarnings("ignore")  # of torch's exporter


# --- how far two sides are apart: no network ---


def made_side(margins: list[float], masks: list[np.ndarray]) -> Side:
    """What networks would have said: margins of the pictures, masks (8, 8) bool of the BAD ones."""
    logits = np.array([[0.0, margin] for margin in margins], np.float32)
    truth = np.zeros(len(margins), bool)
    judged = Judged([], np.array(margins), truth, np.zeros((len(MASK_THRESHOLDS), 3), np.int64))
    return Side(judged, logits, tuple(np.packbits(mask) for mask in masks))


def block(pixels: int) -> np.ndarray:
    mask = np.zeros(64, bool)
    mask[:pixels] = True
    return mask.reshape(8, 8)


def test_two_sides_are_compared_by_logits_verdicts_and_masks() -> None:
    one, other = (
        made_side([2.0, -1.0, 0.05], [block(10), block(0)]),
        made_side([1.5, -1.0, -0.02], [block(8), block(0)]),
    )
    found = difference(one, other, FITTED)
    assert found.classifier_logits_max_difference == 0.5
    assert (found.classifier_verdicts_changed, found.verdicts_changed_beyond_margin) == (1, 0)
    assert (found.masks, found.mask_iou_min, found.mask_iou_mean) == (1, 0.8, 0.8)
    assert found.segmenter_pixels_changed_share_max == pytest.approx(2 / 64, abs=1e-6)


@pytest.mark.parametrize(
    ("margins", "mask", "says"),
    [
        pytest.param([-0.3], block(64), r"1 of 1 verdicts changed that stood more than 0\.1 logits", id="a verdict"),
        pytest.param([0.2], block(63), r"mean IoU of 1 masks 0\.9844", id="a mask"),
    ],
)
def test_networks_that_say_something_else_are_refused_with_the_figures(
    margins: list[float], mask: np.ndarray, says: str
) -> None:
    one, other = made_side([0.2], [block(64)]), made_side(margins, [mask])
    with pytest.raises(Refused, match=says):
        refuse_difference(difference(one, other, FITTED), "the networks")


def test_a_verdict_at_the_gate_may_fall_to_either_side() -> None:
    gate = Fitted(temperature=2.0, threshold=0.8, mask_threshold=0.5)
    at = 2.0 * float(np.log(0.8 / 0.2))
    found = difference(made_side([at + 0.1], []), made_side([at - 0.1], []), gate)
    assert (found.classifier_verdicts_changed, found.verdicts_changed_beyond_margin) == (1, 0)
    refuse_difference(found, "the networks")


@pytest.mark.parametrize("temperature", [0.2, 1.0, 5.0])
def test_no_temperature_changes_a_verdict_of_the_reference(temperature: float) -> None:
    margins = np.concatenate([np.linspace(-30, 30, 601), [1e-7, -1e-7]])
    called = scores(margins, temperature) >= AS_IN_THE_REFERENCE.threshold
    assert np.array_equal(called, margins >= 0)


def test_a_folder_that_is_no_bundle_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "letters.txt").write_text("dear")
    with pytest.raises(DataError, match="exists and is no bundle; it would be replaced"):
        refuse_foreign(tmp_path)
    for fine in (tmp_path / "new", tmp_path / "empty"):
        (tmp_path / "empty").mkdir(exist_ok=True)
        refuse_foreign(fine)


# --- the command ---


@pytest.fixture(scope="module")
def torch() -> Any:
    return torch_or_skip("export")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty pictures: grey, and where it is BAD with a white block, large or small."""
    folder = tmp_path_factory.mktemp("data")
    rng = np.random.default_rng(0)
    for name in ("good", "bad", "masks"):
        (folder / name).mkdir()
    for i in range(40):
        picture = np.repeat(rng.integers(60, 110, (40, 50, 1)), 3, axis=2).astype(np.uint8)
        mask = np.zeros((40, 50), np.uint8)
        if i % 2:
            top, left = (int(n) for n in rng.integers(0, 20, 2))
            mask[top : top + 15, left : left + 10 + i // 2] = 255
            picture[mask > 0] = 250
            cv2.imwrite(str(folder / "masks" / f"{i:02d}.png"), mask)
        cv2.imwrite(str(folder / ("bad" if i % 2 else "good") / f"{i:02d}.png"), picture)
    return folder


@pytest.fixture(scope="module")
def trained(torch: Any) -> Any:
    """Networks of few layers that know white from grey: BAD by how much is white, a pixel by its own level."""
    from tools.checkpoints import Stage, Trained

    nn = torch.nn

    def brightness() -> list[Any]:
        first, same = nn.Conv2d(3, 8, 1), nn.Conv2d(8, 8, 1)
        with torch.no_grad():
            first.weight.fill_(1 / 3)
            first.bias.fill_(-0.6)  # nothing but what is brighter than 153
            same.weight.copy_(torch.eye(8)[:, :, None, None])
            same.bias.zero_()
        return [first, nn.ReLU(), same, nn.ReLU()]

    gate = nn.Sequential(*brightness(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 2))
    marking = nn.Sequential(*brightness(), nn.Conv2d(8, 1, 1))
    with torch.no_grad():
        gate[-1].weight.copy_(torch.stack([-torch.ones(8), torch.ones(8)]) * 25)
        gate[-1].bias.copy_(torch.tensor([4.0, -4.0]))
        marking[-1].weight.fill_(4.0)
        marking[-1].bias.fill_(-2.0)
    return Trained(Stage(gate.eval(), SPEC), Stage(marking.eval(), SPEC), 2, {"seed": 5}, None)


@pytest.fixture(scope="module")
def exported(trained: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both networks as ONNX, once: torch's exporter takes seconds even for these."""
    from tools.onnx_files import write_onnx

    folder = tmp_path_factory.mktemp("exported")
    for name in ("classifier", "segmenter"):
        write_onnx(getattr(trained, name).module, SPEC, folder / f"{name}.onnx")
    return folder


@pytest.fixture
def wish(data: Path, exported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    from tools import bundling

    monkeypatch.setattr(bundling, "write_onnx", lambda module, spec, path: shutil.copy(exported / path.name, path))
    return bundling.Wish(data, tmp_path / "out" / "tiny", "tiny", fit="temperature", half=False, show_progress=False)


def test_a_bundle_says_what_it_was_made_of_and_that_it_is_what_torch_gave(trained: Any, wish: Any) -> None:
    from tools.bundling import make
    from tools.dataset import folder_sha256

    (made,) = make(trained, wish)
    bundle = open_bundle(made.out)
    assert made.id == bundle.id
    parity = bundle.metrics["parity_with_torch"]
    assert (parity["classifier_verdicts_changed"], parity["mask_iou_min"]) == (0, 1.0)
    assert parity["classifier_logits_max_difference"] < 1e-3
    record = bundle.training
    assert record["seed"] == 5
    assert record["fitted"] == {
        "what": "temperature",
        "on": "data",
        "data_sha256": folder_sha256(read_folder(wish.data)),
    }
    assert len(record["commit"]) == 40 or record["commit"] == "unknown"
    assert bundle.metrics["data"]["of_bad"]["accuracy"] == 1.0
    assert (bundle.classifier.threshold, bundle.segmenter.threshold, bundle.segmenter.min_area_px) == (0.5, 0.5, 2)
    assert bundle.classifier.temperature != 1.0
    assert not [path for path in wish.out.parent.iterdir() if path != wish.out]


def test_a_bundle_looks_again_where_its_plan_is_in_doubt_and_so_does_torch(trained: Any, wish: Any) -> None:
    from tools.bundling import make

    doubt = Doubt(above=-6.0, below=6.0, looks=4)
    (made,) = make(replace(trained, doubt=doubt), wish)
    bundle = open_bundle(made.out)
    assert bundle.classifier.doubt == doubt
    assert bundle.metrics["parity_with_torch"]["classifier_logits_max_difference"] < 1e-3


@pytest.mark.parametrize("fit", ["nothing", "all"])
def test_thresholds_are_kept_or_fitted_as_wanted(trained: Any, wish: Any, fit: str) -> None:
    from tools.bundling import make

    (made,) = make(trained, replace(wish, fit=fit))
    one = made.described["classifier"]
    kept = (one["temperature"], one["threshold"]) == (1.0, 0.5)
    assert kept == (fit == "nothing")


def test_an_int8_variant_is_a_bundle_of_its_own_that_says_what_it_costs(trained: Any, wish: Any) -> None:
    from tools.bundling import make

    base, variant = make(trained, replace(wish, variants=("int8",)))
    bundle = open_bundle(variant.out)
    assert (variant.out.name, bundle.name) == ("tiny-int8", "tiny-int8")
    assert (bundle.training["variant_of"], bundle.training["weights_stored_as"]) == (base.id, "int8")
    cost = bundle.metrics["cost"]
    assert cost["accuracy_points"] == 0.0
    assert cost["original"]["pictures"] == cost["variant"]["pictures"] == 40 - bundle.training["calibrated_on_pictures"]
    assert cost["between_them"]["mask_iou_mean"] > 0.9
    assert set(cost["bytes"]) == set(cost["ms"]) and len(cost["ms"]) == 4
    assert b"QuantizeLinear" in (variant.out / "classifier.onnx").read_bytes()
    assert {golden.file.path.parent for golden in bundle.golden} == {variant.out / "golden"}


def costly(source: Path, spec: InputSpec, pictures: Any, path: Path) -> None:
    """A variant that spoils the gate: the weights of its last layer are halved."""
    import onnx

    model = onnx.load(source)
    for tensor in model.graph.initializer if source.name == "classifier.onnx" else ():
        values = onnx.numpy_helper.to_array(tensor)
        if values.dtype == np.float32 and values.shape == (2, 8):
            tensor.CopyFrom(onnx.numpy_helper.from_array(values / 2, tensor.name))
    path.write_bytes(model.SerializeToString())


def test_a_variant_that_costs_too_much_is_refused_with_its_figures(
    trained: Any, wish: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tools import variants
    from tools.bundling import make

    monkeypatch.setitem(variants.VARIANTS, "int8", costly)
    making = make(trained, replace(wish, variants=("int8",)))
    base = next(making)
    with pytest.raises(Refused, match=r"(?s)int8: costs \d.* points of accuracy .*recall of BAD .*--keep-costly"):
        next(making)
    assert open_bundle(base.out).id == base.id
    assert not base.out.with_name("tiny-int8").exists()


def test_a_costly_variant_is_kept_where_that_is_wanted(
    trained: Any, wish: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tools import variants
    from tools.bundling import make

    monkeypatch.setitem(variants.VARIANTS, "int8", costly)
    limits = variants.Limits(max_cost_points=0.5, keep_costly=True)
    _, variant = make(trained, replace(wish, variants=("int8",), limits=limits))
    assert open_bundle(variant.out).metrics["cost"]["accuracy_points"] > 0.5


@dataclass(frozen=True)
class Stuck:
    """A network that always says the same."""

    logits: np.ndarray
    description: str = "stuck"

    def run(self, batch: np.ndarray) -> np.ndarray:
        return self.logits


def test_an_export_that_is_not_what_torch_gave_leaves_what_was_there(
    trained: Any, wish: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tools import bundling

    (made,) = bundling.make(trained, wish)
    always_good = Stuck(np.array([[3.0, 0.0]], np.float32))
    monkeypatch.setattr(bundling, "open_stages", lambda *given: replace(open_stages(*given), classifier=always_good))
    with pytest.raises(Refused, match=r"verdicts changed .*nothing was written"):
        list(bundling.make(trained, wish))
    assert open_bundle(wish.out).id == made.id
    assert [path.name for path in wish.out.parent.iterdir()] == ["tiny"]


def test_calibration_pictures_are_of_both_states_and_never_those_that_are_measured(torch: Any, data: Path) -> None:
    from tools.variants import CALIBRATION_PICTURES, calibration_part

    samples = read_folder(data)
    chosen, rest = calibration_part(samples)
    assert {s.state for s in chosen} == {s.state for s in rest} == {s.state for s in samples}
    assert len(chosen) + len(rest) == len(samples) and not {s.path for s in chosen} & {s.path for s in rest}
    many = [Sample(Path(f"{i}.png"), None, samples[0].state, str(i)) for i in range(1000)]
    assert len(calibration_part(many)[0]) <= CALIBRATION_PICTURES


def broken_run(folder: Path) -> list[str]:
    (folder / "training.json").write_text(json.dumps({"preset": "edge", "seed": 1}))
    (folder / "classifier.pth").write_bytes(b"no checkpoint")
    return ["--run", str(folder)]


def no_run(folder: Path) -> list[str]:
    return ["--run", str(folder / "nowhere")]


def odd_record(folder: Path) -> list[str]:
    (folder / "training.json").write_text("[]")
    return ["--run", str(folder)]


def missing_checkpoint(folder: Path) -> list[str]:
    return ["--classifier", str(folder / "c.pth"), "--segmenter", str(folder / "s.pth")]


def foreign_checkpoint(folder: Path) -> list[str]:
    import torch

    torch.save({"layer.weight": torch.zeros(1)}, folder / "c.pth")
    return ["--classifier", str(folder / "c.pth"), "--segmenter", str(folder / "c.pth")]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        pytest.param(no_run, "training.json: cannot be read (No such file or directory); --run wants", id="no run"),
        pytest.param(odd_record, "training.json: no record of tools.train", id="odd record"),
        pytest.param(broken_run, "classifier.pth: no weights of tf_efficientnet_lite0", id="damaged weights"),
        pytest.param(
            missing_checkpoint, "c.pth: cannot be read (No such file or directory); the cl", id="no checkpoint"
        ),
        pytest.param(foreign_checkpoint, "c.pth: keys of no known classifier (layer.weight)", id="foreign checkpoint"),
    ],
)
def test_what_cannot_be_exported_is_told_in_one_line(
    torch: Any, tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str], given: Any, says: str
) -> None:
    from tools.export import run

    out = tmp_path / "bundle"
    assert run([*given(tmp_path), "--data", str(data), "--out", str(out)]) == 2
    told = capsys.readouterr().err
    assert says in told and len(told.strip().splitlines()) == 1
    assert not out.exists()


@pytest.mark.parametrize(
    "given",
    [[], ["--classifier", "c.pth"], ["--run", "r", "--segmenter", "s.pth"], ["--run", "r", "--name", "a/b"]],
    ids=["nothing", "half", "both", "a name of no file"],
)
def test_wrong_use_is_said_with_the_usage(given: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    from tools.export import run

    with pytest.raises(SystemExit) as left:
        run([*given, "--data", "d", "--out", "o"])
    assert left.value.code == 2
    assert "usage: python -m tools.export" in capsys.readouterr().err
