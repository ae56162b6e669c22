"""Validates a scorer during training, and calibrates it at the end, on portraits that it did not learn from."""

import torch
from torch import Tensor

from attrai_models.agreement import Agreement, measure_agreement
from attrai_models.data.augmentation import center_crop
from attrai_models.data.dataset import ScorerDataset
from attrai_models.networks.calibration import Calibration, fit_calibration
from attrai_models.networks.scorer import Scorer
from attrai_models.networks.target_scales import TargetScales
from attrai_models.networks.trunks import Trunk
from attrai_models.training.precision import autocast

VALIDATION_BATCH_SIZE = 64


def predict(scorer: Scorer, trunk: Trunk, pixels: Tensor) -> Tensor:
    """Run the network on the middle of wide crops, as inference does; returns normalized ratings (n, sets)."""
    device = next(scorer.parameters()).device
    ratings = []
    with torch.inference_mode(), autocast(device):
        for batch in pixels.split(VALIDATION_BATCH_SIZE):
            crops = trunk.normalize(center_crop(batch, trunk.margin, trunk.template.size)).to(device)
            ratings.append(scorer(crops)[0].float().cpu())
    return torch.cat(ratings)


def validate(scorer: Scorer, trunk: Trunk, dataset: ScorerDataset, scales: TargetScales) -> Agreement:
    """Agreement with the ratings, on the set's own scale."""
    predicted, rated = _predicted_and_rated(scorer, trunk, dataset, scales)
    return measure_agreement(dataset.name, predicted.double().numpy(), rated.double().numpy())


def calibrate(scorer: Scorer, trunk: Trunk, datasets: list[ScorerDataset], scales: TargetScales) -> Calibration:
    """Fit each scale's calibration, one dataset a scale."""
    in_order = sorted(datasets, key=lambda dataset: dataset.column)
    return fit_calibration([_predicted_and_rated(scorer, trunk, dataset, scales) for dataset in in_order])


def _predicted_and_rated(
    scorer: Scorer, trunk: Trunk, dataset: ScorerDataset, scales: TargetScales
) -> tuple[Tensor, Tensor]:
    predicted = scales.to_ratings(predict(scorer, trunk, dataset.pixels))
    return predicted[:, dataset.column], dataset.ratings[:, dataset.column]
