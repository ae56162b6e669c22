"""The teacher's guesses: right where ratings follow what is seen, and never made from a portrait's own rating."""

import pytest
import torch
from attrai_models.training.teacher_targets import teacher_targets
from torch import Tensor

pytestmark = pytest.mark.torch

NAN = float("nan")


def seen(count: int = 200) -> Tensor:
    return torch.randn(count, 12, generator=torch.Generator().manual_seed(1))


def rated(features: Tensor) -> Tensor:
    """The first half rated on one scale, the next quarter on the other; the last quarter by nobody."""
    ratings = torch.full((len(features), 2), NAN)
    half, quarter = len(features) // 2, 3 * len(features) // 4
    ratings[:half, 0] = features[:half, 0]
    ratings[half:quarter, 1] = features[half:quarter, 0]
    return ratings


def test_ratings_that_follow_what_is_seen_are_guessed_on_both_scales_for_everyone() -> None:
    features = seen()
    guesses = teacher_targets(features, rated(features), torch.arange(200) < 150)
    for scale in (0, 1):
        assert torch.corrcoef(torch.stack([guesses[150:, scale], features[150:, 0]]))[0, 1] > 0.6


def test_a_guess_is_not_made_from_the_portraits_own_rating() -> None:
    features = seen()
    ratings = rated(features)
    before = teacher_targets(features, ratings, torch.arange(200) < 150)
    ratings[7, 0] += 5
    after = teacher_targets(features, ratings, torch.arange(200) < 150)
    assert after[7, 0] == pytest.approx(float(before[7, 0]), abs=1e-4)
    assert (after - before).abs().max() > 0.01


def test_what_may_not_be_learned_is_not_used() -> None:
    features = seen()
    ratings, learned = rated(features), torch.arange(200) < 80
    before = teacher_targets(features, ratings, learned)
    ratings[90, 0] = 50
    assert torch.equal(teacher_targets(features, ratings, learned), before)
