"""MTCNN's three networks, from the weights inside facenet-pytorch's wheel to ONNX: two are shipped, the first teaches our own."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from attrai_estimator.networks.load import OUTPUT, REFINEMENT
from attrai_estimator.networks.manifest import NetworkRecord
from attrai_estimator.networks.network import DetectorNetworks, Normalization
from attrai_estimator.networks.openvino_runtime import OpenVinoNetwork
from facenet_pytorch.models.mtcnn import ONet, PNet, RNet
from torch import nn

from attrai_models.export import checksum, export_onnx, write_record

NORMALIZATION = Normalization(mean=(127.5, 127.5, 127.5), std=(128.0, 128.0, 128.0))


@dataclass(frozen=True, slots=True)
class Stage:
    """One of the three: what makes its torch module, the side of its input and its outputs' names."""

    name: str
    network: Callable[[], nn.Module]
    side: int
    outputs: tuple[str, ...]


def sparse_proposal() -> nn.Module:
    """MTCNN's proposal network at every second cell of each row and column, where ours looks."""
    network = PNet()
    network.conv3.stride = (2, 2)
    return network


TEACHER = Stage("mtcnn_teacher", sparse_proposal, 64, ("offsets", "probabilities"))
"""It takes pictures of any size."""
STAGES = (
    Stage(REFINEMENT, RNet, 24, ("offsets", "probabilities")),
    Stage(OUTPUT, ONet, 48, ("offsets", "landmarks", "probabilities")),
)


def export_mtcnn(models: Path) -> None:
    """Write the files of the second and the third, and their records."""
    for stage in STAGES:
        file = f"weights/{stage.name}.onnx"
        _export(stage, models / file)
        write_record(models, stage.name, _record(stage, file, models))


def all_of_mtcnn(folder: Path) -> DetectorNetworks:
    """MTCNN's own three, in float32, from files that are written into the folder, and read again whenever another shape is asked for."""
    folder.mkdir(parents=True, exist_ok=True)
    return DetectorNetworks(*(_loaded(stage, folder / f"{stage.name}.onnx") for stage in (TEACHER, *STAGES)))


def _loaded(stage: Stage, file: Path) -> OpenVinoNetwork:
    _export(stage, file)
    return OpenVinoNetwork(file, NORMALIZATION, "f32")


def _export(stage: Stage, file: Path) -> None:
    export_onnx(stage.network().eval(), torch.zeros(1, 3, stage.side, stage.side), file, stage.outputs)


def _record(stage: Stage, file: str, models: Path) -> NetworkRecord:
    return NetworkRecord(
        file=file,
        sha256=checksum(models / file),
        input_size=(stage.side, stage.side),
        normalization=NORMALIZATION,
        template=None,
        outputs=stage.outputs,
        licence="MIT",
        source="facenet-pytorch 2.5.3, the data folder of its wheel; after Zhang et al. 2016",
    )
