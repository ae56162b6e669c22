"""MTCNN's three networks, from the weights inside facenet-pytorch's wheel to ONNX."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from attrai_estimator.networks.load import OUTPUT, PROPOSAL, REFINEMENT
from attrai_estimator.networks.manifest import NetworkRecord
from attrai_estimator.networks.network import Normalization
from facenet_pytorch.models.mtcnn import ONet, PNet, RNet
from torch import nn

from attrai_models.export import checksum, export_onnx, write_record

NORMALIZATION = Normalization(mean=(127.5, 127.5, 127.5), std=(128.0, 128.0, 128.0))


@dataclass(frozen=True, slots=True)
class Stage:
    """One of the three: what makes its torch module, the side of its input (None: any) and its outputs' names."""

    name: str
    network: Callable[[], nn.Module]
    side: int | None
    outputs: tuple[str, ...]


def sparse_proposal() -> nn.Module:
    """The proposal network at every second cell of each row and column: a face is seen by several, and the others cost half of all work."""
    network = PNet()
    network.conv3.stride = (2, 2)
    return network


STAGES = (
    Stage(PROPOSAL, sparse_proposal, None, ("offsets", "probabilities")),
    Stage(REFINEMENT, RNet, 24, ("offsets", "probabilities")),
    Stage(OUTPUT, ONet, 48, ("offsets", "landmarks", "probabilities")),
)


def export_mtcnn(models: Path) -> None:
    """Write the three files and their records."""
    for stage in STAGES:
        file = f"weights/{stage.name}.onnx"
        example = torch.zeros(1, 3, stage.side or 64, stage.side or 64)
        export_onnx(stage.network().eval(), example, models / file, stage.outputs)
        write_record(models, stage.name, _record(stage, file, models))


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
