"""The teacher: dlib's network as it is, which sees in each portrait what the guesses are made from."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from attrai_models.data.augmentation import center_crop
from attrai_models.export.embedder import dlib_embedder
from attrai_models.networks.embedder import BLOCK_CHANNELS, CHIP_SIDE, FEATURE_COUNT, DlibEmbedder
from attrai_models.networks.trunks import DLIB
from attrai_models.progress import Progress

FEATURE_BATCH = 32


def teacher_features(pixels: Tensor, cache: Path) -> Tensor:
    """What the teacher sees in wide crops of dlib's trunk, uint8 (n, 3, wide, wide); kept in `cache`.

    Shape (n, 1408): the levels of the crop, then those of the crop with its margin, each the mean of the portrait and
    its mirror image.
    """
    if not cache.exists():
        teacher, progress, seen = dlib_embedder(), Progress(cache.stem, len(pixels)), []
        for batch in pixels.split(FEATURE_BATCH):
            seen.append((_look(teacher, batch) + _look(teacher, batch.flip(3))) / 2)
            progress.advance(steps=len(batch))
        np.save(cache, torch.cat(seen).numpy())
    return torch.from_numpy(np.load(cache))


def dlib_vectors(seen: Tensor) -> Tensor:
    """dlib's 128 numbers of what the teacher saw, shape (n, 128)."""
    with torch.inference_mode():
        last = seen[:, FEATURE_COUNT - BLOCK_CHANNELS[-1] : FEATURE_COUNT]
        return dlib_embedder().vector(last).clone()


def _look(teacher: DlibEmbedder, pixels: Tensor) -> Tensor:
    near = DLIB.normalize(center_crop(pixels, DLIB.margin, CHIP_SIDE))
    far = DLIB.normalize(center_crop(pixels, 0, CHIP_SIDE))
    with torch.inference_mode():
        return torch.cat([teacher.level_features(near), teacher.level_features(far)], dim=1)
