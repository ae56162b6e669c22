"""Features of portraits by dlib's network as it is: what the teacher predicts ratings from."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from attrai_models.data.augmentation import center_crop
from attrai_models.networks.embedder import BLOCK_CHANNELS, CHIP_SIDE, FEATURE_COUNT, DlibEmbedder, dlib_embedder
from attrai_models.networks.trunks import DLIB
from attrai_models.progress import Progress

FEATURE_BATCH_SIZE = 32


def teacher_features(pixels: Tensor, cache: Path) -> Tensor:
    """Compute features of wide crops of dlib's trunk, uint8 (n, 3, wide, wide), or read them from `cache`.

    Shape (n, 1408): block features of the crop, then of the crop with its margin. Each is the mean of the portrait and
    its mirror image.
    """
    if not cache.exists():
        embedder, progress, features = dlib_embedder(), Progress(cache.stem, len(pixels)), []
        for batch in pixels.split(FEATURE_BATCH_SIZE):
            features.append((_block_features(embedder, batch) + _block_features(embedder, batch.flip(3))) / 2)
            progress.advance(steps=len(batch))
        np.save(cache, torch.cat(features).numpy())
    return torch.from_numpy(np.load(cache))


def dlib_vectors(features: Tensor) -> Tensor:
    """dlib's vectors, shape (n, 128), from teacher features."""
    with torch.inference_mode():
        last_block = features[:, FEATURE_COUNT - BLOCK_CHANNELS[-1] : FEATURE_COUNT]
        return dlib_embedder().vector(last_block).clone()


def _block_features(embedder: DlibEmbedder, pixels: Tensor) -> Tensor:
    crop = DLIB.normalize(center_crop(pixels, DLIB.margin, CHIP_SIDE))
    with_margin = DLIB.normalize(center_crop(pixels, 0, CHIP_SIDE))
    with torch.inference_mode():
        return torch.cat([embedder.block_features(crop), embedder.block_features(with_margin)], dim=1)
