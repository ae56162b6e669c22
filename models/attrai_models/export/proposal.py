"""From the trained proposal network to its ONNX file and its record in the manifest."""

from pathlib import Path

import torch
from attrai_estimator.networks.load import PROPOSAL
from attrai_estimator.networks.manifest import NetworkRecord

from attrai_models.export.mtcnn import EXAMPLE_SIDE, MTCNN_NORMALIZATION
from attrai_models.export.onnx_files import checksum, export_onnx, write_record
from attrai_models.networks.proposal import Proposal

PROPOSAL_FILE = f"weights/{PROPOSAL}.onnx"


def export_proposal(trained: Path, models: Path) -> None:
    """Export the weights that `train_proposal` wrote, with a record. Raises FileNotFoundError."""
    network = Proposal()
    network.load_state_dict(torch.load(trained, map_location="cpu", weights_only=True))
    export_onnx(
        network.eval(),
        torch.zeros(1, 3, EXAMPLE_SIDE, EXAMPLE_SIDE),
        models / PROPOSAL_FILE,
        ("offsets", "probabilities"),
    )
    record = NetworkRecord(
        file=PROPOSAL_FILE,
        sha256=checksum(models / PROPOSAL_FILE),
        input_size=(None, None),
        normalization=MTCNN_NORMALIZATION,
        template=None,
        outputs=("offsets", "probabilities"),
        licence="MIT, as what taught it; the photos that it was taught on, Labeled Faces in the Wild, are for research",
        source="attrai-models train-proposal: what MTCNN's networks of facenet-pytorch 2.5.3 say of photos of lfw_dev",
    )
    write_record(models, PROPOSAL, record)
