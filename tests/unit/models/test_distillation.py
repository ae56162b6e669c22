"""The head of a scorer begins as an image of its teacher, also for faces that neither has seen."""

import pytest
import torch
from attrai_models.networks.embedder import DEPTH
from attrai_models.training.teacher_targets import rated_rows, standard_of, taught
from attrai_models.training.distillation import Head
from attrai_models.training.train_scorer import begin_as_teacher
from torch import Tensor

pytestmark = pytest.mark.torch


def seen(count: int, seed: int) -> Tensor:
    """Features that differ mostly along a few directions, as a trunk's do; far from standardized."""
    draw = torch.Generator().manual_seed(seed)
    directions = torch.randn(8, DEPTH, generator=torch.Generator().manual_seed(0))
    return 5 + torch.randn(count, 8, generator=draw) @ directions + 0.1 * torch.randn(count, DEPTH, generator=draw)


def test_the_head_answers_as_the_teacher_does_for_new_faces() -> None:
    known = seen(120, 1)
    new = torch.lerp(known[:60], known[60:], 0.3) + 0.1 * torch.randn(
        60, DEPTH, generator=torch.Generator().manual_seed(5)
    )
    rated = torch.full((120, 2), float("nan"))
    rated[:70, 0], rated[70:, 1] = known[:70, 3] / 3, known[70:, 3] / 3
    torch.manual_seed(4)
    head = Head(DEPTH, 2)
    begin_as_teacher(head, known, rated, seed=1)
    standard = standard_of(known)
    teacher = taught(rated_rows(standard(known), rated, torch.ones(120, dtype=torch.bool))[1], 2)
    with torch.no_grad():
        answers, wanted = head(new), teacher(standard(new))
    for scale in (0, 1):
        assert torch.corrcoef(torch.stack([answers[:, scale], wanted[:, scale]]))[0, 1] > 0.9
