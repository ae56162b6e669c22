"""The scorer: a trunk, a head for the ratings and a head that imitates dlib's vector."""

import copy

import torch
from torch import Tensor, nn
from torch.nn import functional

from attrai_models.networks.embedder import VECTOR_SIZE
from attrai_models.networks.target_scales import TargetScales
from attrai_models.networks.trunks import Trunk

HIDDEN_UNITS = 512
DROPOUT = 0.1
"""The share of the features that a training step hides."""


class Head(nn.Module):
    """Two layers from features (n, features) to ratings (n, sets), in each set's deviations."""

    def __init__(self, features: int, sets: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(features))
        self.register_buffer("gain", torch.ones(features))
        self.hidden = nn.Linear(features, HIDDEN_UNITS)
        self.ratings = nn.Linear(HIDDEN_UNITS, sets)

    def forward(self, features: Tensor) -> Tensor:
        standard = (features + -self.mean) * self.gain
        ratings: Tensor = self.ratings(self.hidden(functional.dropout(standard, DROPOUT, self.training)).relu())
        return ratings

    def standardize(self, mean: Tensor, deviation: Tensor) -> None:
        """Standardize the features by this mean and deviation, both of shape (features,)."""
        self.mean.copy_(mean)
        self.gain.copy_(1 / deviation)


class Scorer(nn.Module):
    """From normalized crops (n, 3, side, side) to ratings in each set's deviations, and to a vector like dlib's."""

    def __init__(self, trunk: Trunk, sets: int) -> None:
        super().__init__()
        self.trunk = trunk.build()
        self.ratings = Head(trunk.features, sets)
        self.vector = nn.Linear(trunk.features, VECTOR_SIZE)

    def forward(self, crops: Tensor) -> tuple[Tensor, Tensor]:
        features = self.trunk(crops)  # (n, features)
        return self.ratings(features), self.vector(features)  # (n, sets), (n, 128)


def new_scorer(trunk: Trunk, sets: int, seed: int) -> Scorer:
    """An untrained scorer for this number of rating sets; the seed fixes its random weights."""
    torch.manual_seed(seed)
    return Scorer(trunk, sets)


def inference_network(scorer: Scorer, scales: TargetScales) -> nn.Module:
    """From crops to scores (n, sets) on the sets' own scales: means and deviations are folded into the head."""
    head = copy.deepcopy(scorer.ratings)
    with torch.no_grad():
        head.ratings.weight.mul_(scales.deviations[:, None])
        head.ratings.bias.copy_(scales.to_ratings(head.ratings.bias))
    return nn.Sequential(scorer.trunk, head).eval()
