"""Last step on a face: all crops of a photo to scores."""

import numpy as np
from numpy.typing import NDArray

from attrai_estimator.networks.network import Floats, ScoringNetwork
from attrai_estimator.steps.batches import in_batches

LOWEST, HIGHEST = 1.0, 10.0
BATCHES = (8, 2)
"""Crops and mirror images of four faces or of one."""


def score(crops: NDArray[np.uint8], scorer: ScoringNetwork) -> Floats:
    """Score crops of shape (n, size, size, 3); returns shape (n,), each from 1 to 10, in the crops' order.

    A score is the mean of the crop's and its mirror image's, so that a mirrored face has the same one.
    """
    if not len(crops):
        return np.empty(0, np.float32)
    (scores,) = in_batches(scorer.network, np.concatenate([crops, crops[:, :, ::-1]]), BATCHES)
    mean: Floats = scores[:, 0].reshape(2, -1).mean(axis=0)
    return mean.clip(LOWEST, HIGHEST)
