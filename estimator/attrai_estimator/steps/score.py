"""Scoring: all crops of a photo to scores."""

import numpy as np
from numpy.typing import NDArray

from attrai_estimator.networks.network import Floats, ScoringNetwork
from attrai_estimator.steps.batches import in_batches

MIN_SCORE, MAX_SCORE = 1.0, 10.0
BATCHES = (4, 1)


def score(crops: NDArray[np.uint8], scorer: ScoringNetwork) -> Floats:
    """Score crops of shape (n, size, size, 3); returns shape (n,), each from 1 to 10, in the crops' order."""
    if not len(crops):
        return np.empty(0, np.float32)
    (scores,) = in_batches(scorer.network, crops, BATCHES)
    return np.asarray(scores[:, 0].clip(MIN_SCORE, MAX_SCORE))
