"""The head of a scorer begins as an image of its teacher, also for faces that neither has seen."""

import pytest
import torch
from attrai_models.networks.embedder import FEATURE_COUNT
from attrai_models.training.distillation import Head
from attrai_models.training.teacher_targets import fit_kernel_regression, fit_standardizer, rated_features
from attrai_models.training.train_scorer import initialize_head
from torch import Tensor

pytestmark = pytest.mark.torch


def seen(count: int, seed: int) -> Tensor:
    """Features that differ mostly along a few directions, as a trunk's do; far from standardized."""
    draw = torch.Generator().manual_seed(seed)
    directions = torch.randn(8, FEATURE_COUNT, generator=torch.Generator().manual_seed(0))
    return (
        5 + torch.randn(count, 8, generator=draw) @ directions + 0.1 * torch.randn(count, FEATURE_COUNT, generator=draw)
    )


def test_the_head_answers_as_the_teacher_does_for_new_faces() -> None:
    known = seen(120, 1)
    new = torch.lerp(known[:60], known[60:], 0.3) + 0.1 * torch.randn(
        60, FEATURE_COUNT, generator=torch.Generator().manual_seed(5)
    )
    rated = torch.full((120, 2), float("nan"))
    rated[:70, 0], rated[70:, 1] = known[:70, 3] / 3, known[70:, 3] / 3
    torch.manual_seed(4)
    head = Head(FEATURE_COUNT, 2)
    initialize_head(head, known, rated, seed=1)
    standard = fit_standardizer(known)
    teacher = fit_kernel_regression(rated_features(standard(known), rated, torch.ones(120, dtype=torch.bool))[1], 2)
    with torch.no_grad():
        answers, wanted = head(new), teacher(standard(new))
    for scale in (0, 1):
        assert torch.corrcoef(torch.stack([answers[:, scale], wanted[:, scale]]))[0, 1] > 0.9
