"""How well predicted ratings agree with people's."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from attrai_models.augment import centred, normalized
from attrai_models.crops import SCORER_TEMPLATE
from attrai_models.lessons import Lessons
from attrai_models.ratings import RATING_SETS
from attrai_models.scales import Scales
from attrai_models.scorer import Scorer

BATCH = 64
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Pearson's correlation and the mean absolute error on one set's scale."""

    name: str
    pearson: float
    error: float

    def __str__(self) -> str:
        return f"{self.name} r={self.pearson:.4f} mae={self.error:.3f}"


def accuracy(name: str, predicted: Floats, rated: Floats) -> Accuracy:
    """Compare predictions and ratings, both of shape (n,)."""
    return Accuracy(name, float(np.corrcoef(predicted, rated)[0, 1]), float(np.abs(predicted - rated).mean()))


def predict(scorer: Scorer, pixels: Tensor) -> tuple[Tensor, Tensor]:
    """Run the network on wide crops as inference would see them; returns ratings (n, sets) and vectors (n, 128)."""
    device = next(scorer.parameters()).device
    ratings, vectors = [], []
    with torch.inference_mode(), torch.autocast(device.type, torch.bfloat16):
        for batch in pixels.split(BATCH):
            rating, vector = scorer(normalized(centred(batch, SCORER_TEMPLATE.size)).to(device))
            ratings.append(rating.float().cpu())
            vectors.append(vector.float().cpu())
    return torch.cat(ratings), torch.cat(vectors)


def measure(scorer: Scorer, lessons: Lessons, scales: Scales) -> Accuracy:
    """Accuracy on the set's own scale."""
    column = [ratings.name for ratings in RATING_SETS].index(lessons.name)
    predicted = scales.ratings(predict(scorer, lessons.pixels)[0])
    return accuracy(lessons.name, predicted[:, column].double().numpy(), lessons.ratings[:, column].double().numpy())
