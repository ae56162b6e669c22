"""How a network in training agrees with the ratings that it does not learn from."""

import torch
from torch import Tensor

from attrai_models.data.augmentation import center_crop
from attrai_models.data.dataset import ScorerDataset
from attrai_models.evaluation.agreement import Agreement, measure_agreement
from attrai_models.networks.calibration import Calibration, fit_calibration
from attrai_models.networks.scorer import Scorer
from attrai_models.networks.target_scales import TargetScales
from attrai_models.networks.trunks import Trunk
from attrai_models.training.precision import autocast

PREDICTION_BATCH = 64


def predict(scorer: Scorer, trunk: Trunk, pixels: Tensor) -> Tensor:
    """Run the network on wide crops as inference would see them; returns ratings (n, sets)."""
    device = next(scorer.parameters()).device
    ratings = []
    with torch.inference_mode(), autocast(device):
        for batch in pixels.split(PREDICTION_BATCH):
            crops = trunk.normalize(center_crop(batch, trunk.margin, trunk.template.size)).to(device)
            ratings.append(scorer(crops)[0].float().cpu())
    return torch.cat(ratings)


def validate(scorer: Scorer, trunk: Trunk, lessons: ScorerDataset, scales: TargetScales) -> Agreement:
    """Accuracy on the set's own scale."""
    predicted, rated = _compared(scorer, trunk, lessons, scales)
    return measure_agreement(lessons.name, predicted.double().numpy(), rated.double().numpy())


def calibrate(scorer: Scorer, trunk: Trunk, apart: list[ScorerDataset], scales: TargetScales) -> Calibration:
    """Fit each scale's stretch on portraits that were set apart, the sets in the scales' order."""
    return fit_calibration(
        [_compared(scorer, trunk, part, scales) for part in sorted(apart, key=lambda one: one.column)]
    )


def _compared(scorer: Scorer, trunk: Trunk, lessons: ScorerDataset, scales: TargetScales) -> tuple[Tensor, Tensor]:
    predicted = scales.ratings(predict(scorer, trunk, lessons.pixels))
    return predicted[:, lessons.column], lessons.ratings[:, lessons.column]
