"""MTCNN's three networks, from the weights inside facenet-pytorch's wheel to ONNX; the first teaches our own, too."""

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
MTCNN_NORMALIZATION = Normalization(mean=(127.5, 127.5, 127.5), std=(128.0, 128.0, 128.0))


@dataclass(frozen=True, slots=True)
class MtcnnStage:
    """One of the three: what makes its torch module, the side of its input (None: any) and its outputs' names."""

    name: str
    network: Callable[[], nn.Module]
    side: int | None
    outputs: tuple[str, ...]


def sparse_proposal() -> nn.Module:
    """MTCNN's proposal network at every second cell of each row and column, where ours looks."""
    network = PNet()
    network.conv3.stride = (2, 2)
    return network


MTCNN_STAGES = (
    MtcnnStage(SECOND_PROPOSAL, sparse_proposal, None, ("offsets", "probabilities")),
    MtcnnStage(REFINEMENT, RNet, 24, ("offsets", "probabilities")),
    MtcnnStage(OUTPUT, ONet, 48, ("offsets", "landmarks", "probabilities")),
)


def export_mtcnn(models: Path) -> None:
    """Write the three files and their records; the first looks where ours finds nothing."""
    for stage in MTCNN_STAGES:
        file = f"weights/{stage.name}.onnx"
        _export(stage, models / file)
        write_record(models, stage.name, _record(stage, file, models))


def load_mtcnn(folder: Path) -> DetectorNetworks:
    """MTCNN's own three, in float32, from files that are written into the folder, and read again whenever another shape is asked for."""
    folder.mkdir(parents=True, exist_ok=True)
    proposal, refinement, output = (_loaded(stage, folder / f"{stage.name}.onnx") for stage in MTCNN_STAGES)
    return DetectorNetworks(proposal, refinement, output, proposal)


def _loaded(stage: MtcnnStage, file: Path) -> OpenVinoNetwork:
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
