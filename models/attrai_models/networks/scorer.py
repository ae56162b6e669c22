"""The scorer: a trunk with a head for each rating scale and one that imitates dlib's vector."""

import copy

import torch
from torch import Tensor, nn

from attrai_models.networks.embedder import VECTOR_SIZE
from attrai_models.networks.target_scales import TargetScales
from attrai_models.networks.trunks import Trunk
from attrai_models.training.distillation import Head


class Scorer(nn.Module):
    """Crops (n, 3, side, side), normalized, to ratings in each set's own deviations and to a vector like dlib's."""

    def __init__(self, trunk: Trunk, sets: int) -> None:
        super().__init__()
        self.trunk = trunk.build()
        self.ratings = Head(trunk.features, sets)
        self.vector = nn.Linear(trunk.features, VECTOR_SIZE)

    def forward(self, crops: Tensor) -> tuple[Tensor, Tensor]:
        features = self.trunk(crops)  # (n, features)
        return self.ratings(features), self.vector(features)  # (n, sets), (n, 128)


def inference_network(scorer: Scorer, scales: TargetScales) -> nn.Module:
    """What is exported: crops to scores (n, sets) on the sets' own scales, means and deviations folded into the head."""
    head = copy.deepcopy(scorer.ratings)
    with torch.no_grad():
        head.ratings.weight.mul_(scales.deviations[:, None])
        head.ratings.bias.copy_(scales.ratings(head.ratings.bias))
    return nn.Sequential(scorer.trunk, head).eval()


def new_scorer(trunk: Trunk, sets: int, seed: int) -> Scorer:
    """A scorer with a head for each of so many sets, before its training: the same chance for the same seed."""
    torch.manual_seed(seed)
    return Scorer(trunk, sets)
