"""MTCNN's three networks: converts the weights in facenet-pytorch's wheel to ONNX."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from attrai_estimator.networks.load import OUTPUT, REFINEMENT, SECOND_PROPOSAL
from attrai_estimator.networks.manifest import NetworkRecord
from attrai_estimator.networks.network import DetectorNetworks, Normalization
from attrai_estimator.networks.openvino_runtime import OpenVinoNetwork
from facenet_pytorch.models.mtcnn import ONet, PNet, RNet
from torch import nn

from attrai_models.export.onnx_files import checksum, export_onnx, write_record

EXAMPLE_SIDE = 64
"""Pixels of the example picture of a network that takes pictures of any size."""
MTCNN_NORMALIZATION = Normalization(mean=(127.5, 127.5, 127.5), std=(128.0, 128.0, 128.0))


@dataclass(frozen=True, slots=True)
class MtcnnStage:
    """One of the three networks: its torch module, the side of its input in pixels (None: any), its outputs' names."""

    name: str
    network: Callable[[], nn.Module]
    side: int | None
    outputs: tuple[str, ...]


def sparse_proposal() -> nn.Module:
    """MTCNN's proposal network at every second cell of each row and column, as the estimator's layout needs it."""
    network = PNet()
    network.conv3.stride = (2, 2)
    return network


MTCNN_STAGES = (
    MtcnnStage(SECOND_PROPOSAL, sparse_proposal, None, ("offsets", "probabilities")),
    MtcnnStage(REFINEMENT, RNet, 24, ("offsets", "probabilities")),
    MtcnnStage(OUTPUT, ONet, 48, ("offsets", "landmarks", "probabilities")),
)


def export_mtcnn(models: Path) -> None:
    """Write the three files and their records.

    The estimator uses MTCNN's own proposal network second, when ours finds no face.
    """
    for stage in MTCNN_STAGES:
        file = f"weights/{stage.name}.onnx"
        _export(stage, models / file)
        write_record(models, stage.name, _record(stage, file, models))


def load_mtcnn(folder: Path) -> DetectorNetworks:
    """Write MTCNN's own three networks into the folder and load them in float32.

    The folder must stay: a network reads its file again when the input's shape changes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    proposal, refinement, output = (_load(stage, folder / f"{stage.name}.onnx") for stage in MTCNN_STAGES)
    return DetectorNetworks(proposal, refinement, output, proposal)


def _load(stage: MtcnnStage, file: Path) -> OpenVinoNetwork:
    _export(stage, file)
    return OpenVinoNetwork(file, MTCNN_NORMALIZATION, "f32")


def _export(stage: MtcnnStage, file: Path) -> None:
    side = stage.side or EXAMPLE_SIDE
    export_onnx(stage.network().eval(), torch.zeros(1, 3, side, side), file, stage.outputs)


def _record(stage: MtcnnStage, file: str, models: Path) -> NetworkRecord:
    return NetworkRecord(
        file=file,
        sha256=checksum(models / file),
        input_size=(stage.side, stage.side),
        normalization=MTCNN_NORMALIZATION,
        template=None,
        outputs=stage.outputs,
        licence="MIT",
        source="facenet-pytorch 2.5.3, the data folder of its wheel; after Zhang et al. 2016",
    )
