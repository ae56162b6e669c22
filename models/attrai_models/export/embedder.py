"""From dlib's weights to the embedder's file in the folder of networks."""

from pathlib import Path

import torch
from attrai_estimator.networks.load import EMBEDDER
from attrai_estimator.networks.manifest import NetworkRecord
from attrai_estimator.networks.network import Normalization
from attrai_estimator.networks.template import Template

from attrai_models.export.onnx_files import checksum, export_onnx, store_half_precision, write_record
from attrai_models.networks.dlib_file import RECOGNITION_FILE, packaged_file, read_layers
from attrai_models.networks.embedder import CHIP_SIDE, DlibEmbedder, load_dlib_weights

EMBEDDER_FILE = "weights/embedder.onnx"
DLIB_NORMALIZATION = Normalization(mean=(122.782, 117.001, 104.298), std=(256.0, 256.0, 256.0))
"""dlib's `input_rgb_image_sized`."""
DLIB_TEMPLATE = Template(
    name="dlib-chip-150",
    size=CHIP_SIDE,
    points=((0.3177, 0.3086), (0.6823, 0.3086), (0.5, 0.5264), (0.3394, 0.7087), (0.6606, 0.7087)),
    weights=(1.0, 1.0, 0.3, 0.0, 0.0),
)
"""Where MTCNN's landmarks lie in dlib's own chips of `lfw_dev`, medians of 3,797 faces, made symmetric.

dlib aligns by the corners of the eyes and the nose; so the mouth counts for nothing here.
"""

INT8_RANGES = {
    "blocks.0.first.weight": 9.36,
    "blocks.0.second.weight": 11.06,
    "blocks.1.first.weight": 10.62,
    "blocks.1.second.weight": 7.60,
    "blocks.2.first.weight": 15.92,
    "blocks.2.second.weight": 9.03,
    "blocks.3.first.weight": 24.23,
    "blocks.3.second.weight": 10.27,
    "blocks.4.first.weight": 13.45,
    "blocks.4.second.weight": 7.10,
    "blocks.5.first.weight": 17.85,
    "blocks.5.second.weight": 6.45,
    "blocks.6.first.weight": 21.41,
    "blocks.6.second.weight": 6.62,
    "blocks.7.first.weight": 21.12,
    "blocks.7.second.weight": 7.01,
    "blocks.8.first.weight": 10.83,
    "blocks.8.second.weight": 5.27,
    "blocks.9.first.weight": 11.12,
    "blocks.9.second.weight": 5.34,
    "blocks.10.first.weight": 12.08,
    "blocks.10.second.weight": 7.15,
    "blocks.11.first.weight": 18.20,
    "blocks.11.second.weight": 5.76,
    "blocks.12.first.weight": 14.70,
    "blocks.12.second.weight": 3.42,
    "blocks.13.first.weight": 13.22,
    "blocks.13.second.weight": 6.87,
}
"""The largest number that each convolution takes, as `attrai-models ranges` printed it of 693 faces of `lfw_dev`."""


def dlib_embedder() -> DlibEmbedder:
    """dlib's network with its weights from face_recognition_models."""
    embedder = DlibEmbedder()
    load_dlib_weights(embedder, read_layers(packaged_file(RECOGNITION_FILE).read_bytes()))
    embedder.eval()
    return embedder


def export_embedder(models: Path) -> None:
    """Export the embedder in half precision, with its record."""
    export_onnx(dlib_embedder(), torch.zeros(2, 3, CHIP_SIDE, CHIP_SIDE), models / EMBEDDER_FILE, ("vector",))
    store_half_precision(models / EMBEDDER_FILE)
    record = NetworkRecord(
        file=EMBEDDER_FILE,
        sha256=checksum(models / EMBEDDER_FILE),
        input_size=(CHIP_SIDE, CHIP_SIDE),
        normalization=DLIB_NORMALIZATION,
        template=DLIB_TEMPLATE,
        outputs=("vector",),
        licence="public domain (CC0)",
        highest=INT8_RANGES,
        source=f"{RECOGNITION_FILE} of face_recognition_models 0.3.0; King 2017, dlib.net",
    )
    write_record(models, EMBEDDER, record)
