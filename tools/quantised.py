"""An ONNX file in float32 -> one that computes in int8, its ranges taken from pictures. Knows no bundle and no labels.

Static quantisation of ONNX Runtime: QDQ nodes, weights int8 by channel, activations uint8 between the least and the
greatest value seen. Every operator that can be is quantised, since a ReLU or Clip left in float keeps its convolution
from using the whole range; the first and the last layer stay in float. docs/export.md has what else was tried.
"""

from __future__ import annotations

import detector.no_telemetry  # noqa: F401  before onnxruntime, which reads the environment once

# isort: split
import logging
import tempfile
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import onnx
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

from detector.preprocess import network_input
from detector.stages import InputSpec

from .onnx_files import save

WITH_WEIGHTS = ("Conv", "Gemm", "MatMul")


class _Pictures(CalibrationDataReader):
    """What the network is shown, one picture at a time."""

    def __init__(self, pictures: Iterable[np.ndarray], spec: InputSpec) -> None:
        self._batches: Iterator[np.ndarray] = (network_input(picture, spec) for picture in pictures)

    def get_next(self) -> dict[str, np.ndarray] | None:
        batch = next(self._batches, None)
        return None if batch is None else {"image": batch}


def write_int8(source: Path, spec: InputSpec, pictures: Iterable[np.ndarray], path: Path) -> None:
    """The network of `source` in int8; pictures: (H, W, 3) BGR uint8, unlabelled, as the network will meet them."""
    with tempfile.TemporaryDirectory(prefix="linewatch-int8-") as name, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        folded, made = Path(name) / "folded.onnx", Path(name) / "int8.onnx"
        logging.disable(logging.WARNING)  # it advises what has just been done
        try:
            quant_pre_process(source, folded, skip_symbolic_shape=True)
            quantize_static(
                folded,
                made,
                _Pictures(pictures, spec),
                quant_format=QuantFormat.QDQ,
                per_channel=True,
                activation_type=QuantType.QUInt8,
                weight_type=QuantType.QInt8,
                calibrate_method=CalibrationMethod.MinMax,
                nodes_to_exclude=_first_and_last(folded),
            )
        finally:
            logging.disable(logging.NOTSET)
        save(onnx.load(made), path)


def _first_and_last(path: Path) -> list[str]:
    """The layers that stay in float: they are the cheapest, and what they lose is lost for the whole network."""
    layers = [node.name for node in onnx.load(path).graph.node if node.op_type in WITH_WEIGHTS]
    return [layers[0], layers[-1]]
