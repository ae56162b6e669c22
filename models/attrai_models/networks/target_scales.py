"""The scales of a scorer's targets: each set of ratings is learned as deviations from its own mean."""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class TargetScales:
    """Mean and standard deviation of each set's ratings, both (sets,), and of dlib's vectors, (128,) and ()."""

    means: Tensor
    deviations: Tensor
    vector_mean: Tensor
    vector_deviation: Tensor

    def normalize_ratings(self, ratings: Tensor) -> Tensor:
        """From ratings (n, sets) to the values that the head predicts."""
        return (ratings - self.means) / self.deviations

    def to_ratings(self, predicted: Tensor) -> Tensor:
        """From the head's predictions (n, sets) to ratings."""
        return predicted * self.deviations + self.means

    def normalize_vectors(self, vectors: Tensor) -> Tensor:
        """From dlib's vectors (n, 128) to the values that the vector head predicts."""
        return (vectors - self.vector_mean) / self.vector_deviation


def measure_scales(ratings: Tensor, vectors: Tensor) -> TargetScales:
    """Measure the training data: ratings (n, sets), NaN where unrated, and vectors (n, 128)."""
    known = [column[~column.isnan()] for column in ratings.T]
    means = torch.stack([column.mean() if len(column) else torch.tensor(0.0) for column in known])
    deviations = torch.stack([column.std() if len(column) else torch.tensor(1.0) for column in known])
    return TargetScales(means, deviations, vectors.mean(dim=0), vectors.std(dim=0).mean())
