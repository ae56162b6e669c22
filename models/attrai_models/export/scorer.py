"""From a trained scorer to its ONNX file, which also holds the calibration, and its record in the manifest."""

import json
from dataclasses import asdict
from pathlib import Path

import onnx
import torch
from attrai_estimator.networks.manifest import NetworkRecord

from attrai_models.export.onnx_files import checksum, export_onnx, store_half_precision, write_record
from attrai_models.networks.calibration import CalibratedNetwork, Calibration, no_calibration
from attrai_models.networks.scorer import inference_network
from attrai_models.networks.trained_scorer import TrainedScorer

CALIBRATION_KEY = "stretch"
"""The key of the calibration in the metadata of an ONNX file."""


def export_scorer(trained: TrainedScorer, models: Path, name: str) -> None:
    """Export a trained scorer in half precision, with its record under `name`."""
    file, side = f"weights/{name}.onnx", trained.trunk.template.size
    network = CalibratedNetwork(inference_network(trained.scorer, trained.scales), trained.calibration)
    export_onnx(network.eval(), torch.zeros(2, 3, side, side), models / file, ("scores",))
    store_half_precision(models / file, {CALIBRATION_KEY: json.dumps(asdict(trained.calibration))})
    record = NetworkRecord(
        file=file,
        sha256=checksum(models / file),
        input_size=(side, side),
        normalization=trained.trunk.normalization,
        template=trained.trunk.template,
        outputs=("scores",),
        licence=trained.terms,
        source=f"attrai-models train --trunk {trained.trunk.name}, on {trained.training_data}",
    )
    write_record(models, name, record)


def read_calibration(file: Path, sets: int) -> Calibration:
    """Read the calibration from an exported scorer."""
    metadata = {entry.key: entry.value for entry in onnx.load(file).metadata_props}
    if CALIBRATION_KEY not in metadata:
        return no_calibration(sets)
    return Calibration(**{key: tuple(values) for key, values in json.loads(metadata[CALIBRATION_KEY]).items()})
