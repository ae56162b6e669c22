"""How a network in training agrees with the ratings that it does not learn from."""

import torch
from torch import Tensor

from attrai_models.evaluation.agreement import Accuracy, accuracy
from attrai_models.data.augmentation import centred
from attrai_models.data.dataset import Lessons
from attrai_models.training.precision import autocast
from attrai_models.networks.target_scales import Scales
from attrai_models.networks.scorer import Scorer
from attrai_models.networks.calibration import Stretch, fit_stretch
from attrai_models.networks.trunks import Trunk

BATCH = 64


def predict(scorer: Scorer, trunk: Trunk, pixels: Tensor) -> Tensor:
    """Run the network on wide crops as inference would see them; returns ratings (n, sets)."""
    device = next(scorer.parameters()).device
    ratings = []
    with torch.inference_mode(), autocast(device):
        for batch in pixels.split(BATCH):
            crops = trunk.normalized(centred(batch, trunk.margin, trunk.template.size)).to(device)
            ratings.append(scorer(crops)[0].float().cpu())
    return torch.cat(ratings)


def measure(scorer: Scorer, trunk: Trunk, lessons: Lessons, scales: Scales) -> Accuracy:
    """Accuracy on the set's own scale."""
    predicted, rated = _compared(scorer, trunk, lessons, scales)
    return accuracy(lessons.name, predicted.double().numpy(), rated.double().numpy())


def calibrate(scorer: Scorer, trunk: Trunk, apart: list[Lessons], scales: Scales) -> Stretch:
    """Fit each scale's stretch on portraits that were set apart, the sets in the scales' order."""
    return fit_stretch([_compared(scorer, trunk, part, scales) for part in sorted(apart, key=lambda one: one.column)])


def _compared(scorer: Scorer, trunk: Trunk, lessons: Lessons, scales: Scales) -> tuple[Tensor, Tensor]:
    predicted = scales.ratings(predict(scorer, trunk, lessons.pixels))
    return predicted[:, lessons.column], lessons.ratings[:, lessons.column]
