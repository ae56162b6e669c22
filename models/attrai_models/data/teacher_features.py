"""The teacher: dlib's network as it is, which sees in each portrait what the guesses are made from."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from attrai_models.data.augmentation import centred
from attrai_models.networks.embedder import DEPTH, SIDE, WIDTHS, Embedder
from attrai_models.export.embedder import dlib_embedder
from attrai_models.progress import Progress
from attrai_models.networks.trunks import DLIB

BATCH = 32


def see(pixels: Tensor, cache: Path) -> Tensor:
    """What the teacher sees in wide crops of dlib's trunk, uint8 (n, 3, wide, wide); kept in `cache`.

    Shape (n, 1408): the levels of the crop, then those of the crop with its margin, each the mean of the portrait and
    its mirror image.
    """
    if not cache.exists():
        teacher, progress, seen = dlib_embedder(), Progress(cache.stem, len(pixels)), []
        for batch in pixels.split(BATCH):
            seen.append((_look(teacher, batch) + _look(teacher, batch.flip(3))) / 2)
            progress.advance(steps=len(batch))
        np.save(cache, torch.cat(seen).numpy())
    return torch.from_numpy(np.load(cache))


def vectors(seen: Tensor) -> Tensor:
    """dlib's 128 numbers of what the teacher saw, shape (n, 128)."""
    with torch.inference_mode():
        last = seen[:, DEPTH - WIDTHS[-1] : DEPTH]
        return dlib_embedder().vector(last).clone()


def _look(teacher: Embedder, pixels: Tensor) -> Tensor:
    near = DLIB.normalized(centred(pixels, DLIB.margin, SIDE))
    far = DLIB.normalized(centred(pixels, 0, SIDE))
    with torch.inference_mode():
        return torch.cat([teacher.levels(near), teacher.levels(far)], dim=1)
