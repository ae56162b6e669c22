"""How much more ratings would help: the teacher's guesses, which take seconds, from more and more portraits."""

from collections.abc import Iterator
from pathlib import Path

import torch
from attrai_estimator.networks.network import DetectorNetworks
from torch import Tensor

from attrai_models.data.dataset import ScorerDataset, read_datasets, research_folders
from attrai_models.data.ratings import TRAIN, VAL
from attrai_models.data.teacher_features import dlib_vectors
from attrai_models.evaluation.agreement import measure_agreement
from attrai_models.networks.target_scales import measure_scales
from attrai_models.networks.trunks import DLIB
from attrai_models.training.teacher_targets import teacher_targets

TRAINING_SHARES = (0.125, 0.25, 0.5, 1.0)
DRAWS_PER_SHARE = 3
"""How often a part is drawn; the figures are the means."""


def learning_curve(data: Path, detector: DetectorNetworks, cache: Path) -> Iterator[str]:
    """A table for each set: Pearson's correlation and the mean absolute error, out of fold on `train` and on `val`."""
    lessons = read_datasets(research_folders(data, DLIB), DLIB, detector, cache)
    for part in lessons:
        yield f"\n| {part.name}: portraits to guess from | train, out of fold | val |\n|---|---|---|"
        for share in TRAINING_SHARES:
            drawn = [_figures(lessons, part, share, draw) for draw in range(DRAWS_PER_SHARE if share < 1 else 1)]
            known, new = (torch.tensor(figures).mean(dim=0).tolist() for figures in zip(*drawn, strict=True))
            count = round(share * len(part.in_splits(TRAIN)))
            yield f"| {count} | {known[0]:.3f}, {known[1]:.3f} | {new[0]:.3f}, {new[1]:.3f} |"


def _figures(
    lessons: list[ScorerDataset], judged: ScorerDataset, share: float, draw: int
) -> tuple[list[float], list[float]]:
    ratings, seen = torch.cat([part.ratings for part in lessons]), torch.cat([part.seen for part in lessons])
    portraits = [portrait for part in lessons for portrait in part.portraits]
    chance = torch.rand(len(portraits), generator=torch.Generator().manual_seed(draw))
    train = torch.tensor([portrait.split == TRAIN for portrait in portraits])
    used = train & (chance < share)
    scales = measure_scales(ratings[used], dlib_vectors(seen[used]))
    predicted = scales.ratings(teacher_targets(seen, scales.normalize_ratings(ratings), used))[:, judged.column]
    rated = ratings[:, judged.column]
    val = torch.tensor([portrait.split == VAL for portrait in portraits])
    return _agreement(predicted, rated, used & ~rated.isnan()), _agreement(predicted, rated, val & ~rated.isnan())


def _agreement(predicted: Tensor, rated: Tensor, chosen: Tensor) -> list[float]:
    found = measure_agreement("", predicted[chosen].double().numpy(), rated[chosen].double().numpy())
    return [found.pearson, found.error]
