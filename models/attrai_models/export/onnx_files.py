"""Writes torch modules as ONNX files, and their records into the manifest."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
import torch
from attrai_estimator.networks.manifest import MANIFEST, Manifest, NetworkRecord
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

ONNX_OPSET = 17
MIN_HALF_ELEMENTS = 1024
"""Smaller weights keep float32."""


def export_onnx(network: nn.Module, example: Tensor, file: Path, outputs: tuple[str, ...]) -> None:
    """Write the network as ONNX for any batch size, and for any picture size if its outputs are maps."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with torch.inference_mode():
        results = network.eval()(example)
    maps = (results[0] if isinstance(results, tuple) else results).dim() == example.dim()
    axes = {0: "batch", 2: "height", 3: "width"} if maps else {0: "batch"}
    torch.onnx.export(
        network,
        (example,),
        str(file),
        input_names=["input"],
        output_names=list(outputs),
        dynamic_axes=dict.fromkeys(("input", *outputs), axes),
        opset_version=ONNX_OPSET,
        dynamo=False,
    )


def store_half_precision(file: Path, metadata: Mapping[str, str] | None = None) -> None:
    """Store large float32 weights as float16 with a cast back, which runtimes fold at load. Halves the file."""
    model = onnx.load(file)
    casts = []
    for weights in model.graph.initializer:
        if weights.data_type != TensorProto.FLOAT or np.prod(weights.dims) < MIN_HALF_ELEMENTS:
            continue
        name, half = weights.name, numpy_helper.to_array(weights).astype(np.float16)
        weights.CopyFrom(numpy_helper.from_array(half, name + "_half"))
        casts.append(helper.make_node("Cast", [name + "_half"], [name], to=TensorProto.FLOAT))
    nodes = casts + list(model.graph.node)
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    helper.set_model_props(model, dict(metadata or {}))
    onnx.checker.check_model(model)
    onnx.save(model, file)


def checksum(file: Path) -> str:
    """SHA-256 of the file, in hexadecimal."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def write_record(models: Path, name: str, record: NetworkRecord) -> None:
    """Add the record to the manifest, or replace it there."""
    path = models / MANIFEST
    networks = Manifest.model_validate_json(path.read_bytes()).networks if path.exists() else {}
    manifest = Manifest(networks=dict(sorted({**networks, name: record}.items())))
    path.write_text(manifest.model_dump_json(indent=2, exclude_unset=True) + "\n")
