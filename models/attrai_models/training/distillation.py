"""The scorer's head: two layers from a trunk's features to ratings, which can begin as an image of the teacher.

The teacher can be asked anywhere between the portraits, so that the head copies its function and not its portraits:
no vector of a person is in the weights.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from attrai_models.training.teacher_targets import KernelRegression, Standardizer

HEAD_WIDTH = 512
DISTILLATION_STEPS, DISTILLATION_BATCH, DISTILLATION_RATE = 400, 512, 2e-3
DROPOUT = 0.1
"""The part of the features that a training step does not see."""
MAX_BLEND, MAX_NOISE = 0.5, 0.2
"""At most: the part of another portrait in a question to the teacher, and the noise in deviations."""


class Head(nn.Module):
    """Features (n, features) to ratings (n, sets) in each set's deviations."""

    def __init__(self, features: int, sets: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(features))
        self.register_buffer("gain", torch.ones(features))
        self.hidden = nn.Linear(features, HEAD_WIDTH)
        self.ratings = nn.Linear(HEAD_WIDTH, sets)

    def forward(self, features: Tensor) -> Tensor:
        standard = (features + -self.mean) * self.gain
        ratings: Tensor = self.ratings(self.hidden(functional.dropout(standard, DROPOUT, self.training)).relu())
        return ratings

    def standardize(self, standard: Standardizer) -> None:
        """From now on take features in these deviations."""
        self.mean.copy_(standard.mean)
        self.gain.copy_(1 / standard.deviation)


def distill(head: Head, teacher: KernelRegression, standard: Standardizer, seed: int) -> None:
    """Train a head until it answers as the teacher does, at portraits, between them and near them."""
    head.eval().standardize(standard)
    known, draw = teacher.known, torch.Generator().manual_seed(seed)
    optimizer = torch.optim.AdamW(head.parameters(), lr=DISTILLATION_RATE, weight_decay=1e-3)
    for step in range(DISTILLATION_STEPS):
        optimizer.param_groups[0]["lr"] = DISTILLATION_RATE * 0.5 * (1 + math.cos(math.pi * step / DISTILLATION_STEPS))
        asked = _between(known, draw)
        answer = head(asked / head.gain + head.mean)
        loss = functional.mse_loss(answer, teacher(asked))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def _between(known: Tensor, draw: torch.Generator) -> Tensor:
    one, other = torch.randint(len(known), (2, DISTILLATION_BATCH), generator=draw)
    part = torch.rand(DISTILLATION_BATCH, 1, generator=draw) * MAX_BLEND
    noise = (
        torch.randn(DISTILLATION_BATCH, known.shape[1], generator=draw)
        * torch.rand(DISTILLATION_BATCH, 1, generator=draw)
        * MAX_NOISE
    )
    return torch.lerp(known[one], known[other], part) + noise
