"""Torch modules to ONNX files that a bundle may hold: one file, dynamic batch. Needs torch.

Weights may be stored as float16 and cast to float32 in the graph, which halves the file; ONNX Runtime folds the casts
when it loads, so that nothing is computed in half precision.
"""

from __future__ import annotations

import contextlib
import io
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch

from detector.stages import InputSpec

OPSET = 18
SMALL = 64  # tensors of fewer values stay float32


def write_onnx(module: Any, spec: InputSpec, path: Path) -> None:
    """The module in float32, input "image" (N, 3, h, w), output "logits"."""
    module = module.eval().to(memory_format=torch.contiguous_format)
    example = torch.zeros(2, 3, spec.height, spec.width)
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's own, of torch's insides; its progress goes to stdout
        program = torch.onnx.export(
            module,
            (example,),
            dynamo=True,
            opset_version=OPSET,
            input_names=["image"],
            output_names=["logits"],
            dynamic_shapes=({0: torch.export.Dim("N", min=1)},),
            verbose=False,
        )
    model = program.model_proto
    for one in (*model.graph.input, *model.graph.output):
        one.type.tensor_type.shape.dim[0].dim_param = "N"
    save(model, path)


def store_in_half(source: Path, path: Path) -> None:
    """A copy of an ONNX file whose weights are stored as float16."""
    model = onnx.load(source)
    graph = model.graph
    casts = []
    for tensor in graph.initializer:
        values = onnx.numpy_helper.to_array(tensor)
        if values.dtype != np.float32 or values.size < SMALL or np.abs(values).max() > 6e4:
            continue
        name = tensor.name
        tensor.CopyFrom(onnx.numpy_helper.from_array(values.astype(np.float16), name + "_half"))
        casts.append(onnx.helper.make_node("Cast", [name + "_half"], [name], to=onnx.TensorProto.FLOAT))
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    save(model, path)


def save(model: onnx.ModelProto, path: Path) -> None:
    """Written as a bundle may hold it: checked, without notes, and naming only the operator sets that it uses."""
    _strip(model)
    used = {node.domain for node in model.graph.node}
    sets = [one for one in model.opset_import if one.domain in used]
    del model.opset_import[:]
    model.opset_import.extend(sets)
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())


def _strip(model: onnx.ModelProto) -> None:
    """Drop the makers' notes: they name source files and make the file larger."""
    del model.graph.value_info[:]
    del model.graph.metadata_props[:]
    del model.metadata_props[:]
    model.graph.doc_string = model.doc_string = ""
    for node in model.graph.node:
        del node.metadata_props[:]
        node.doc_string = ""
