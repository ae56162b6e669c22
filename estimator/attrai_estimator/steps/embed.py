"""Embedding: all crops of a photo to vectors that tell people apart."""

import numpy as np

from attrai_estimator.networks.network import EmbeddingNetwork, Floats
from attrai_estimator.steps.batches import in_batches
from attrai_estimator.values import Pixels

EMBEDDING_LENGTH = 128
BATCHES = (4, 1)


def embed(crops: Pixels, embedder: EmbeddingNetwork) -> Floats:
    """Embed crops of shape (n, size, size, 3); returns shape (n, 128), in the crops' order.

    Two vectors of one person are less than about 0.6 apart.
    """
    if not len(crops):
        return np.empty((0, EMBEDDING_LENGTH), np.float32)
    (vectors,) = in_batches(embedder.network, crops, BATCHES)
    return vectors
