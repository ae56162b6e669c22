"""The scales that the scorer's heads speak in: every target is learned in its own deviations from its own mean."""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class TargetScales:
    """Mean and deviation of each set's ratings (shape (sets,)), mean (128,) and deviation (1,) of dlib's vectors."""

    means: Tensor
    deviations: Tensor
    vector_mean: Tensor
    vector_deviation: Tensor

    def normalize_ratings(self, ratings: Tensor) -> Tensor:
        """Ratings (n, sets) as the heads predict them."""
        return (ratings - self.means) / self.deviations

    def ratings(self, normalize_ratings: Tensor) -> Tensor:
        """The heads' predictions (n, sets) as ratings."""
        return normalize_ratings * self.deviations + self.means

    def normalize_vectors(self, vectors: Tensor) -> Tensor:
        """dlib's vectors (n, 128) as the third head predicts them."""
        return (vectors - self.vector_mean) / self.vector_deviation


def measure_scales(ratings: Tensor, vectors: Tensor) -> TargetScales:
    """Measure the scales of what is learned: ratings (n, sets), not a number where unrated, and vectors (n, 128)."""
    known = [column[~column.isnan()] for column in ratings.T]
    means = torch.stack([column.mean() if len(column) else torch.tensor(0.0) for column in known])
    deviations = torch.stack([column.std() if len(column) else torch.tensor(1.0) for column in known])
    return TargetScales(means, deviations, vectors.mean(dim=0), vectors.std(dim=0).mean())
