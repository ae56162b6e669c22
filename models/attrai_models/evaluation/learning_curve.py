"""How much more ratings would help: the agreement of the teacher, which fits in seconds, by number of portraits."""

from collections.abc import Iterator
from pathlib import Path

import torch
from attrai_estimator.networks.network import DetectorNetworks
from torch import Tensor

from attrai_models.agreement import measure_agreement
from attrai_models.data.dataset import ScorerDataset, read_datasets, research_folders
from attrai_models.data.ratings import TRAIN, VAL
from attrai_models.data.teacher_features import dlib_vectors
from attrai_models.networks.target_scales import measure_scales
from attrai_models.networks.trunks import DLIB
from attrai_models.training.teacher import teacher_targets

TRAINING_SHARES = (0.125, 0.25, 0.5, 1.0)
DRAWS_PER_SHARE = 3
"""The figures are means over the draws."""


def learning_curve(data: Path, detector: DetectorNetworks, cache: Path) -> Iterator[str]:
    """A table for each set: Pearson's correlation and the mean absolute error, out of fold on `train` and on `val`."""
    datasets = read_datasets(research_folders(data, DLIB), DLIB, detector, cache)
    for dataset in datasets:
        yield f"\n| {dataset.name}: portraits to learn from | train, out of fold | val |\n|---|---|---|"
        for share in TRAINING_SHARES:
            drawn = [_figures(datasets, dataset, share, draw) for draw in range(DRAWS_PER_SHARE if share < 1 else 1)]
            train, val = (torch.tensor(figures).mean(dim=0).tolist() for figures in zip(*drawn, strict=True))
            count = round(share * len(dataset.in_splits(TRAIN)))
            yield f"| {count} | {train[0]:.3f}, {train[1]:.3f} | {val[0]:.3f}, {val[1]:.3f} |"


def _figures(
    datasets: list[ScorerDataset], judged: ScorerDataset, share: float, draw: int
) -> tuple[list[float], list[float]]:
    """Fit the teacher on a share of all `train` portraits; measure it on the judged set."""
    ratings = torch.cat([dataset.ratings for dataset in datasets])
    features = torch.cat([dataset.features for dataset in datasets])
    portraits = [portrait for dataset in datasets for portrait in dataset.portraits]
    random = torch.rand(len(portraits), generator=torch.Generator().manual_seed(draw))
    train = torch.tensor([portrait.split == TRAIN for portrait in portraits])
    used = train & (random < share)
    scales = measure_scales(ratings[used], dlib_vectors(features[used]))
    targets = teacher_targets(features, scales.normalize_ratings(ratings), used)
    predicted = scales.to_ratings(targets)[:, judged.column]
    rated = ratings[:, judged.column]
    val = torch.tensor([portrait.split == VAL for portrait in portraits])
    return _agreement(predicted, rated, used & ~rated.isnan()), _agreement(predicted, rated, val & ~rated.isnan())


def _agreement(predicted: Tensor, rated: Tensor, chosen: Tensor) -> list[float]:
    found = measure_agreement("", predicted[chosen].double().numpy(), rated[chosen].double().numpy())
    return [found.pearson, found.error]
