"""Step beside scoring: all crops of a photo to vectors that tell people apart."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from attrai_estimator.networks.network import EmbeddingNetwork, Floats
from attrai_estimator.steps.batches import in_batches
from attrai_estimator.values import Pixels

VECTOR = 128
BILINEAR = Image.Resampling.BILINEAR
BATCHES = (8, 2)
"""Both views of four faces or of one."""
BORDER = 4 / 150
"""The part of a crop's side that is left out on each side of the second view."""


def embed(crops: Pixels, embedder: EmbeddingNetwork) -> Floats:
    """Embed crops of shape (n, size, size, 3); returns shape (n, 128), in the crops' order.

    A vector is the mean of two views: the crop, and its mirror image a little enlarged. Two vectors of one person are
    less than about 0.6 apart.
    """
    if not len(crops):
        return np.empty((0, VECTOR), np.float32)
    views = np.concatenate([crops, enlarged(crops)[:, :, ::-1]])
    (vectors,) = in_batches(embedder.network, views, BATCHES)
    mean: Floats = vectors.reshape(2, len(crops), VECTOR).mean(axis=0)
    return mean


def enlarged(crops: NDArray[np.uint8]) -> Pixels:
    """The crops without their border, at their own size."""
    size = crops.shape[1]
    border = round(BORDER * size)
    inner = (border, border, size - border, size - border)
    return np.stack([np.asarray(Image.fromarray(crop).resize((size, size), BILINEAR, inner)) for crop in crops])
