"""The scorer's teacher: its targets, and the head that starts as a copy of it."""

import pytest
import torch
from attrai_models.networks.scorer import Head
from attrai_models.training.teacher import (
    fit_kernel_regression,
    fit_standardizer,
    initialize_head,
    rated_features,
    teacher_targets,
)
from torch import Tensor

pytestmark = pytest.mark.torch

NAN = float("nan")
FEATURE_COUNT = 64
"""A trunk has more; distillation costs in proportion."""


def random_features(count: int = 200) -> Tensor:
    return torch.randn(count, 12, generator=torch.Generator().manual_seed(1))


def ratings_of(features: Tensor) -> Tensor:
    """Ratings equal to the first feature: half on one scale, the next quarter on the other, the last unrated."""
    ratings = torch.full((len(features), 2), NAN)
    half, quarter = len(features) // 2, 3 * len(features) // 4
    ratings[:half, 0] = features[:half, 0]
    ratings[half:quarter, 1] = features[half:quarter, 0]
    return ratings


def test_targets_follow_the_ratings_on_both_scales_for_unrated_portraits_too() -> None:
    features = random_features()
    targets = teacher_targets(features, ratings_of(features), torch.arange(200) < 150)
    for scale in (0, 1):
        assert torch.corrcoef(torch.stack([targets[150:, scale], features[150:, 0]]))[0, 1] > 0.6


def test_a_target_does_not_depend_on_the_portraits_own_rating() -> None:
    features = random_features()
    ratings = ratings_of(features)
    before = teacher_targets(features, ratings, torch.arange(200) < 150)
    ratings[7, 0] += 5
    after = teacher_targets(features, ratings, torch.arange(200) < 150)
    assert after[7, 0] == pytest.approx(float(before[7, 0]), abs=1e-4)
    assert (after - before).abs().max() > 0.01


def test_ratings_outside_the_usable_rows_are_not_used() -> None:
    features = random_features()
    ratings, usable = ratings_of(features), torch.arange(200) < 80
    before = teacher_targets(features, ratings, usable)
    ratings[90, 0] = 50
    assert torch.equal(teacher_targets(features, ratings, usable), before)


def trunk_features(count: int, seed: int) -> Tensor:
    """Features that differ mostly along a few directions, as a trunk's do; far from standardized."""
    draw = torch.Generator().manual_seed(seed)
    directions = torch.randn(8, FEATURE_COUNT, generator=torch.Generator().manual_seed(0))
    noise = 0.1 * torch.randn(count, FEATURE_COUNT, generator=draw)
    return 5 + torch.randn(count, 8, generator=draw) @ directions + noise


def test_the_head_starts_as_a_copy_of_the_teacher_for_new_faces_too() -> None:
    known = trunk_features(120, 1)
    noise = 0.1 * torch.randn(60, FEATURE_COUNT, generator=torch.Generator().manual_seed(5))
    new = torch.lerp(known[:60], known[60:], 0.3) + noise
    ratings = torch.full((120, 2), NAN)
    ratings[:70, 0], ratings[70:, 1] = known[:70, 3] / 3, known[70:, 3] / 3
    torch.manual_seed(4)
    head = Head(FEATURE_COUNT, 2)
    initialize_head(head, known, ratings, seed=1)
    standardizer = fit_standardizer(known)
    _, rated = rated_features(standardizer(known), ratings, torch.ones(120, dtype=torch.bool))
    teacher = fit_kernel_regression(rated, 2)
    with torch.no_grad():
        answers, wanted = head(new), teacher(standardizer(new))
    for scale in (0, 1):
        assert torch.corrcoef(torch.stack([answers[:, scale], wanted[:, scale]]))[0, 1] > 0.9
