"""The scorer: a ResNet34 (He et al. 2015) from random weights, a head for each scale and one that imitates dlib."""

import torch
from torch import Tensor, nn
from torchvision.models import resnet34

from attrai_models.ratings import RATING_SETS, RatingSet

FEATURES = 512
VECTOR = 128


class Scorer(nn.Module):
    """Crops (n, 3, side, side), normalized, to ratings in each set's own deviations and to a vector like dlib's."""

    def __init__(self) -> None:
        super().__init__()
        self.trunk = resnet34(weights=None)
        self.trunk.fc = nn.Identity()
        self.ratings = nn.Linear(FEATURES, len(RATING_SETS))
        self.vector = nn.Linear(FEATURES, VECTOR)

    def forward(self, crops: Tensor) -> tuple[Tensor, Tensor]:
        features = self.trunk(crops)  # (n, 512)
        return self.ratings(features), self.vector(features)  # (n, sets), (n, 128)


def scoring_view(scorer: Scorer, ratings: RatingSet, mean: float, deviation: float) -> nn.Module:
    """What is exported: crops to scores (n, 1) on one set's scale, its mean and deviation folded into the head."""
    column = RATING_SETS.index(ratings)
    head = nn.Linear(FEATURES, 1)
    with torch.no_grad():
        head.weight.copy_(scorer.ratings.weight[column, None] * deviation)
        head.bias.copy_(scorer.ratings.bias[column, None] * deviation + mean)
    return nn.Sequential(scorer.trunk, head).eval()


def untrained_scorer(seed: int) -> Scorer:
    """A scorer with random weights, the same for the same seed."""
    torch.manual_seed(seed)
    return Scorer()
