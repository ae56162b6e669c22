"""How much more ratings would help: the teacher's guesses, which take seconds, from more and more portraits."""

from collections.abc import Iterator
from pathlib import Path

import torch
from attrai_estimator.networks.network import DetectorNetworks
from torch import Tensor

from attrai_models.evaluation.agreement import accuracy
from attrai_models.training.teacher_targets import guess
from attrai_models.data.dataset import Lessons, read_all_lessons, research_sources
from attrai_models.data.ratings import TRAIN, VAL
from attrai_models.networks.target_scales import scales_of
from attrai_models.data.teacher_features import vectors
from attrai_models.networks.trunks import DLIB

PARTS = (0.125, 0.25, 0.5, 1.0)
DRAWS = 3
"""How often a part is drawn; the figures are the means."""


def learning_curve(data: Path, detector: DetectorNetworks, cache: Path) -> Iterator[str]:
    """A table for each set: Pearson's correlation and the mean absolute error, out of fold on `train` and on `val`."""
    lessons = read_all_lessons(research_sources(data, DLIB), DLIB, detector, cache)
    for part in lessons:
        yield f"\n| {part.name}: portraits to guess from | train, out of fold | val |\n|---|---|---|"
        for share in PARTS:
            drawn = [_figures(lessons, part, share, draw) for draw in range(DRAWS if share < 1 else 1)]
            known, new = (torch.tensor(figures).mean(dim=0).tolist() for figures in zip(*drawn, strict=True))
            count = round(share * len(part.part(TRAIN)))
            yield f"| {count} | {known[0]:.3f}, {known[1]:.3f} | {new[0]:.3f}, {new[1]:.3f} |"


def _figures(lessons: list[Lessons], judged: Lessons, share: float, draw: int) -> tuple[list[float], list[float]]:
    ratings, seen = torch.cat([part.ratings for part in lessons]), torch.cat([part.seen for part in lessons])
    portraits = [portrait for part in lessons for portrait in part.portraits]
    chance = torch.rand(len(portraits), generator=torch.Generator().manual_seed(draw))
    train = torch.tensor([portrait.split == TRAIN for portrait in portraits])
    used = train & (chance < share)
    scales = scales_of(ratings[used], vectors(seen[used]))
    guessed = scales.ratings(guess(seen, scales.rated(ratings), used))[:, judged.column]
    rated = ratings[:, judged.column]
    val = torch.tensor([portrait.split == VAL for portrait in portraits])
    return _agreement(guessed, rated, used & ~rated.isnan()), _agreement(guessed, rated, val & ~rated.isnan())


def _agreement(guessed: Tensor, rated: Tensor, chosen: Tensor) -> list[float]:
    found = accuracy("", guessed[chosen].double().numpy(), rated[chosen].double().numpy())
    return [found.pearson, found.error]
