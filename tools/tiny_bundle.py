"""Makes a whole bundle of a few kilobytes that judges by a rule one can see: for tests and for the soak.

Redness of a pixel is R - (G + B) / 2, each 0..1. A picture is BAD where its reddest pixel, shrunk to 64 x 64, is redder
than 0.25; the mask is every such pixel. The golden values are worked out here with Pillow and NumPy, by the rule and
not by `detector`. `toil` adds convolutions whose result counts nothing, so that a verdict takes its time.

    python -m tools.tiny_bundle tools/soak_bundle --name soak --toil 8      writes what the soak judges with

Needs the `onnx` package (requirements-torch.txt).
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import yaml
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

SIDE = 64  # px, of both networks
LEVEL = 0.25  # redness over which a network pixel is a defect
GAIN = 40.0  # logits per unit of redness
REDNESS = np.array([1.0, -0.5, -0.5])  # R - (G + B) / 2, channels 0..1
MEAN = [0.485, 0.456, 0.406]
STD = [0.229, 0.224, 0.225]
WIDE = 16  # channels of the toil


def write_tiny_bundle(folder: Path, name: str, made_by: str, toil: int = 0) -> None:
    """The bundle, in `folder`; `toil`: how many convolutions stand beside the rule."""
    (folder / "golden").mkdir(parents=True, exist_ok=True)
    _write_networks(folder, toil)
    grey = np.full((96, 128, 3), 128, np.uint8)
    red = grey.copy()
    red[30:60, 40:80] = (255, 0, 0)
    faint = grey.copy()
    faint[30:60, 40:80] = (176, 126, 126)  # redness 0.196: under the level
    samples = {"bad_1": red, "good_1": grey, "good_2": faint}
    text = {
        "format": 1,
        "name": name,
        "classes": ["GOOD", "BAD"],
        "defect_kind": "red",
        "trained_scale": 0.5,
        "classifier": {**_stage(folder, "classifier", "stretch", "bilinear", MEAN, STD), "temperature": 1.0},
        "segmenter": {**_stage(folder, "segmenter", "pad", "bicubic", [0.0] * 3, [1.0] * 3), "min_area_px": 0},
        "golden": [_golden(folder, sample, picture) for sample, picture in samples.items()],
        "tolerance": {"score": 0.01, "mask_area": 0.002},
        "training": {"made_by": made_by},
        "metrics": {},
    }
    # default_flow_style=None: lists of numbers on one line, as people write them
    (folder / "bundle.yaml").write_text(yaml.safe_dump(text, sort_keys=False, default_flow_style=None))


def _write_networks(folder: Path, toil: int) -> None:
    """The classifier: logits (0, greatest redness); the segmenter: redness of each pixel."""
    conv, constants = _redness_conv(MEAN, STD)
    select = numpy_helper.from_array(np.array([[0.0, 1.0]], np.float32), "select")
    nodes = [
        conv,
        helper.make_node("GlobalMaxPool", ["redness"], ["greatest"]),
        helper.make_node("Flatten", ["greatest"], ["flat"], axis=1),
        helper.make_node("MatMul", ["flat", "select"], ["judged" if toil else "logits"]),
    ]
    constants.append(select)
    if toil:
        more, weights = _toil(toil)
        nodes += more
        constants += weights
    _save(folder / "classifier.onnx", nodes, constants, ["N", 2])
    conv, constants = _redness_conv([0.0] * 3, [1.0] * 3)
    nodes = [conv, helper.make_node("Identity", ["redness"], ["logits"])]
    _save(folder / "segmenter.onnx", nodes, constants, ["N", 1, SIDE, SIDE])


def _toil(count: int) -> tuple[list[onnx.NodeProto], list[onnx.TensorProto]]:
    """Convolutions in a row; their mean, made positive and cut to nothing, is added to both logits alike."""
    random = np.random.default_rng(0)
    first = random.normal(0, 0.2, (WIDE, 3, 3, 3)).astype(np.float32)
    weight = random.normal(0, 0.08, (WIDE, WIDE, 3, 3)).astype(np.float32)
    nodes = [helper.make_node("Conv", ["image", "toil_first"], ["toil_0"], kernel_shape=[3, 3], pads=[1] * 4)]
    for step in range(count):
        nodes += [
            helper.make_node("Conv", [f"toil_{step}", "toil"], [f"conv_{step}"], kernel_shape=[3, 3], pads=[1] * 4),
            helper.make_node("Tanh", [f"conv_{step}"], [f"toil_{step + 1}"]),
        ]
    nodes += [
        helper.make_node("GlobalAveragePool", [f"toil_{count}"], ["toiled"]),
        helper.make_node("ReduceMax", ["toiled"], ["most"], axes=[1, 2, 3], keepdims=0),
        helper.make_node("Mul", ["most", "nothing"], ["none"]),
        helper.make_node("Unsqueeze", ["none", "last"], ["none_2d"]),
        helper.make_node("Add", ["judged", "none_2d"], ["logits"]),
    ]
    return nodes, [
        numpy_helper.from_array(first, "toil_first"),
        numpy_helper.from_array(weight, "toil"),
        numpy_helper.from_array(np.float32(0.0), "nothing"),
        numpy_helper.from_array(np.array([1], np.int64), "last"),
    ]


def _redness_conv(mean: list[float], std: list[float]) -> tuple[onnx.NodeProto, list[onnx.TensorProto]]:
    """A 1x1 convolution that gives GAIN * (redness - LEVEL) of a picture normalised with mean and std."""
    weight = (GAIN * REDNESS * np.array(std)).reshape(1, 3, 1, 1).astype(np.float32)
    bias = np.array([GAIN * (float(REDNESS @ np.array(mean)) - LEVEL)], np.float32)
    node = helper.make_node("Conv", ["image", "weight", "bias"], ["redness"], kernel_shape=[1, 1])
    return node, [numpy_helper.from_array(weight, "weight"), numpy_helper.from_array(bias, "bias")]


def _save(path: Path, nodes: list[onnx.NodeProto], constants: list[onnx.TensorProto], shape: list[str | int]) -> None:
    """One network from "image" to "logits", with any batch size."""
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, ["N", 3, SIDE, SIDE])
    logits = helper.make_tensor_value_info("logits", TensorProto.FLOAT, shape)
    graph = helper.make_graph(nodes, path.stem, [image], [logits], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString(deterministic=True))


def _golden(folder: Path, name: str, picture: np.ndarray) -> dict[str, object]:
    """The entry of one golden picture (H, W, 3) RGB, which is written too."""
    path = folder / "golden" / f"{name}.png"
    Image.fromarray(picture).save(path)
    height, width = picture.shape[:2]
    square = Image.new("RGB", (max(height, width),) * 2)
    square.paste(Image.fromarray(picture), ((square.width - width) // 2, (square.height - height) // 2))
    stretched = Image.fromarray(picture).resize((SIDE, SIDE), Image.Resampling.BILINEAR)
    score = 1 / (1 + np.exp(-GAIN * (_redness(stretched).max() - LEVEL)))
    bad = bool(score >= 0.5)
    mask = _redness(square.resize((SIDE, SIDE), Image.Resampling.BICUBIC)) > LEVEL
    return {
        "file": f"golden/{name}.png",
        "sha256": _digest(path),
        "state": "BAD" if bad else "GOOD",
        "score": round(float(score), 6),
        "mask_area": round(float(mask.mean()) if bad else 0.0, 6),
    }


def _redness(picture: Image.Image) -> np.ndarray:
    """(h, w) float of an RGB picture."""
    return np.asarray(picture, np.float64) / 255 @ REDNESS


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _stage(folder: Path, name: str, resize: str, kind: str, mean: list[float], std: list[float]) -> dict[str, object]:
    return {
        "file": f"{name}.onnx",
        "sha256": _digest(folder / f"{name}.onnx"),
        "input": [SIDE, SIDE],
        "resize": resize,
        "filter": kind,
        "colour": "RGB",
        "scale": 1 / 255,
        "mean": mean,
        "std": std,
        "threshold": 0.5,
    }


def run(words: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tools.tiny_bundle", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--name", default="tiny")
    parser.add_argument("--toil", type=int, default=0, help="convolutions beside the rule (default: 0)")
    wanted = parser.parse_args(words)
    write_tiny_bundle(wanted.folder, wanted.name, "tools/tiny_bundle.py", wanted.toil)
    return 0


if __name__ == "__main__":
    raise SystemExit(run(sys.argv[1:]))
