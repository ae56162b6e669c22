"""How large the numbers become that each of the embedder's convolutions takes: what the estimator scales by where it computes in int8."""

from collections.abc import Callable
from pathlib import Path

import torch
from attrai_estimator.networks.network import DetectorNetworks
from attrai_estimator.steps.align import align
from torch import Tensor, nn

from attrai_models.data.crops import main_face, read_photo
from attrai_models.export.embedder import DLIB_NORMALIZATION, DLIB_TEMPLATE, dlib_embedder
from attrai_models.progress import Progress

SAMPLE_INTERVAL = 10
"""Every tenth photo is looked at."""


def measure_int8_ranges(folder: Path, detector: DetectorNetworks) -> dict[str, float]:
    """The largest number that each convolution but the first takes of the faces that the folder's photos are of, by its weights' name."""
    embedder, seen = dlib_embedder(), dict[str, float]()
    for name, module in embedder.blocks.named_modules(prefix="blocks"):
        if isinstance(module, nn.Conv2d):
            module.register_forward_pre_hook(_noting(f"{name}.weight", seen))
    files = sorted(folder.glob("images/**/*.jpg"))[::SAMPLE_INTERVAL]
    progress = Progress("look at what convolutions take", len(files))
    with torch.inference_mode():
        for file in files:
            photo = read_photo(file)
            crop = align(photo, [main_face(photo, detector)], DLIB_TEMPLATE)
            embedder(torch.from_numpy(DLIB_NORMALIZATION(crop)))
            progress.advance()
    return seen


def _noting(name: str, seen: dict[str, float]) -> Callable[[nn.Module, tuple[Tensor, ...]], None]:
    def note(_: nn.Module, taken: tuple[Tensor, ...]) -> None:
        seen[name] = max(seen.get(name, 0.0), float(taken[0].max()))

    return note
