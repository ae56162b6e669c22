"""Last step on a face: all crops of a photo in one batch to scores."""

import numpy as np
from numpy.typing import NDArray

from attrai_estimator.networks.network import Floats, ScoringNetwork

LOWEST, HIGHEST = 1.0, 10.0


def score(crops: NDArray[np.uint8], scorer: ScoringNetwork) -> Floats:
    """Score crops of shape (n, size, size, 3); returns shape (n,), each from 1 to 10, in the crops' order."""
    if not len(crops):
        return np.empty(0, np.float32)
    (scores,) = scorer.network(scorer.normalization(crops))
    return scores[:, 0].clip(LOWEST, HIGHEST)
