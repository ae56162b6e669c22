"""Trains the proposal network on MTCNN's targets."""

import math
from dataclasses import astuple, dataclass
from pathlib import Path

import numpy as np
import torch
from attrai_estimator.values import Pixels
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from attrai_models.data.dataset import batch_rows
from attrai_models.export.mtcnn import MTCNN_NORMALIZATION
from attrai_models.networks.proposal import PROPOSAL_CHANNELS, Proposal
from attrai_models.progress import Progress
from attrai_models.training.checkpoints import ResumableTraining
from attrai_models.training.proposal_dataset import ProposalDataset

TRAINED_PROPOSAL_FILE, PROPOSAL_CHECKPOINT_FILE = "proposal.pt", "proposal_checkpoint.pt"
MIN_OFFSET_PROBABILITY = 0.3
"""The network learns the offsets of cells above this face probability."""
SMOOTH_L1_BETA = 0.1
"""Smaller errors of an offset, in sides of a cell's box, count by their squares."""
PRINTED_LOSSES = 200
"""Steps whose mean loss is printed."""


@dataclass(frozen=True, slots=True)
class ProposalHyperparameters:
    """`batch`: tiles of a step. `probability_weight`: beside the offsets' loss. `ema_decay`: of the running average."""

    steps: int = 10_000
    batch: int = 32
    rate: float = 0.01
    weight_decay: float = 1e-4
    ema_decay: float = 0.998
    probability_weight: float = 20.0
    seed: int = 1
    checkpoint_interval: int = 500

    def learning_rate(self, step: int) -> float:
        """Rises for a thirtieth of the steps, then falls to 0 as a cosine."""
        return self.rate * min(1.0, 30 * (step + 1) / self.steps) * 0.5 * (1 + math.cos(math.pi * step / self.steps))

    def in_checkpoint(self) -> str:
        """The text in a checkpoint's identity; its keys are part of the file format."""
        keys = ("steps", "batch", "rate", "decay", "averaged", "probability", "seed", "kept_each")
        return str(dict(zip(keys, astuple(self), strict=True)))


class ProposalTraining(ResumableTraining):
    """The training of the proposal network, in float32 on the CPU."""

    network: Proposal

    def __init__(self, parameters: ProposalHyperparameters, dataset: ProposalDataset) -> None:
        self.parameters, self.dataset = parameters, dataset
        torch.manual_seed(parameters.seed)
        network = Proposal().to(memory_format=torch.channels_last)
        optimizer = torch.optim.AdamW(network.parameters(), lr=parameters.rate, weight_decay=parameters.weight_decay)
        super().__init__(network, optimizer, parameters.ema_decay)

    @property
    def identity(self) -> str:
        constants = f"{PROPOSAL_CHANNELS} {self.parameters.in_checkpoint()} {MIN_OFFSET_PROBABILITY} {SMOOTH_L1_BETA}"
        return f"{constants} {self.dataset.identity}"

    def step(self) -> float:
        for group in self.optimizer.param_groups:
            group["lr"] = self.parameters.learning_rate(self.next_step)
        rows = batch_rows(len(self.dataset), self.parameters.batch, self.next_step, self.parameters.seed)
        batch = self.dataset.rows(np.array(rows))
        offsets, logits = self.network.offsets_and_logits(_normalized(batch.tiles))
        probability = _floats(batch.face_probability)
        loss = self.parameters.probability_weight * probability_loss(logits, probability)
        return self.update(loss + offset_loss(offsets, _floats(batch.offsets), probability))


def train_proposal(training: ProposalTraining, out: Path) -> None:
    """Train to the last step, or resume; writes the averaged weights to `TRAINED_PROPOSAL_FILE` in `out`.

    Raises `CheckpointMismatch`.
    """
    out.mkdir(parents=True, exist_ok=True)
    checkpoint, steps = out / PROPOSAL_CHECKPOINT_FILE, training.parameters.steps
    if checkpoint.exists():
        training.resume(checkpoint)
    progress, losses = Progress("teach", steps - training.next_step), list[float]()
    while training.next_step < steps:
        losses = [*losses[1 - PRINTED_LOSSES :], training.step()]
        if training.next_step % training.parameters.checkpoint_interval == 0 or training.next_step == steps:
            training.save(checkpoint)
        progress.advance(f"loss {np.mean(losses):.3f}")
    torch.save(training.average.module.state_dict(), out / TRAINED_PROPOSAL_FILE)


def probability_loss(logits: Tensor, target: Tensor) -> Tensor:
    """Cross-entropy over the cells inside the picture; the target is -1 outside."""
    difference, inside = logits[:, 1] - logits[:, 0], target >= 0
    return functional.binary_cross_entropy_with_logits(difference[inside], target[inside])


def offset_loss(offsets: Tensor, targets: Tensor, probability: Tensor) -> Tensor:
    """Smooth L1 over probable cells, weighted by their probability."""
    weights = probability * (probability > MIN_OFFSET_PROBABILITY)
    losses = functional.smooth_l1_loss(offsets, targets, reduction="none", beta=SMOOTH_L1_BETA).sum(dim=1)
    return (losses * weights).sum() / weights.sum().clamp(min=1)


def _normalized(tiles: Pixels) -> Tensor:
    return torch.from_numpy(MTCNN_NORMALIZATION(tiles)).contiguous(memory_format=torch.channels_last)


def _floats(values: NDArray[np.float16]) -> Tensor:
    return torch.from_numpy(values.astype(np.float32))
