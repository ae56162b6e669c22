"""Teaching the proposal network, resumable: every step's tiles follow from the step's number alone."""

import math
from dataclasses import astuple, dataclass
from pathlib import Path

import numpy as np
import torch
from attrai_estimator.values import Pixels
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from attrai_models.data.dataset import batch_rows
from attrai_models.export.mtcnn import MTCNN_NORMALIZATION
from attrai_models.networks.proposal import PROPOSAL_CHANNELS, Proposal
from attrai_models.progress import Progress
from attrai_models.training.proposal_dataset import ProposalDataset
from attrai_models.training.train_scorer import CheckpointMismatch

TRAINED_FILE, CHECKPOINT_FILE = "proposal.pt", "proposal_checkpoint.pt"
"""The files of the network that was taught, and of one that is being taught."""
MIN_OFFSET_PROBABILITY = 0.3
"""What must be said of a cell for its offsets to be learned."""
SMOOTH_L1_BETA = 0.1
"""A cell's side's part up to which an offset's error counts as its square."""


@dataclass(frozen=True, slots=True)
class ProposalHyperparameters:
    """How to teach. `batch`: tiles of a step; `probability`: how much it counts beside the offsets."""

    steps: int = 10_000
    batch: int = 32
    rate: float = 0.01
    weight_decay: float = 1e-4
    ema_decay: float = 0.998
    probability: float = 20.0
    seed: int = 1
    checkpoint_interval: int = 500

    def learning_rate(self, step: int) -> float:
        """Rises for a thirtieth of the steps, then falls as a cosine to nothing."""
        return self.rate * min(1.0, 30 * (step + 1) / self.steps) * 0.5 * (1 + math.cos(math.pi * step / self.steps))

    def in_checkpoint(self) -> str:
        """The text that a checkpoint must agree in; its keys are part of the file format."""
        keys = ("steps", "batch", "rate", "decay", "averaged", "probability", "seed", "kept_each")
        return str(dict(zip(keys, astuple(self), strict=True)))


class ProposalTraining:
    """One run: the network, its running average, the optimizer and the step that comes next."""

    def __init__(self, recipe: ProposalHyperparameters, lessons: ProposalDataset) -> None:
        self.recipe, self.lessons = recipe, lessons
        torch.manual_seed(recipe.seed)
        self.network = Proposal().to(memory_format=torch.channels_last)
        self.average = AveragedModel(self.network, multi_avg_fn=get_ema_multi_avg_fn(recipe.ema_decay))
        self.optimizer = torch.optim.AdamW(self.network.parameters(), lr=recipe.rate, weight_decay=recipe.weight_decay)
        self.next_step = 0

    @property
    def identity(self) -> str:
        """What a checkpoint must agree in: the network, the recipe and the photos."""
        return f"{PROPOSAL_CHANNELS} {self.recipe.in_checkpoint()} {MIN_OFFSET_PROBABILITY} {SMOOTH_L1_BETA} {self.lessons.identity}"

    def save(self, file: Path) -> None:
        """Write a checkpoint; an interruption leaves the one before."""
        parts = {name: getattr(self, name).state_dict() for name in ("network", "average", "optimizer")}
        torch.save({"identity": self.identity, "next_step": self.next_step, **parts}, file.with_suffix(".new"))
        file.with_suffix(".new").replace(file)

    def resume(self, file: Path) -> None:
        """Go on from a checkpoint; raises `AnotherTraining`."""
        state = torch.load(file, map_location="cpu", weights_only=True)
        if state["identity"] != self.identity:
            raise CheckpointMismatch(
                f"{file} is of other photos, another recipe or another network; name another folder, or remove it"
            )
        self.next_step = state["next_step"]
        for name in ("network", "average", "optimizer"):
            getattr(self, name).load_state_dict(state[name])

    def step(self) -> float:
        """Learn from one batch; returns its loss."""
        for group in self.optimizer.param_groups:
            group["lr"] = self.recipe.learning_rate(self.next_step)
        rows = batch_rows(len(self.lessons), self.recipe.batch, self.next_step, self.recipe.seed)
        batch = self.lessons.rows(np.array(rows))
        offsets, logits = self.network.offsets_and_logits(_normalized(batch.tiles))
        face_probability = _floats(batch.face_probability)
        loss = self.recipe.probability * _unlike(logits, face_probability) + _away(
            offsets, _floats(batch.offsets), face_probability
        )
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        self.average.update_parameters(self.network)
        self.next_step += 1
        return float(loss.detach())


def train_proposal(run: ProposalTraining, out: Path) -> None:
    """Teach to the recipe's end, or go on where a run stopped; leaves the averaged network in `out`, `TAUGHT`.

    Raises `AnotherTraining`.
    """
    out.mkdir(parents=True, exist_ok=True)
    checkpoint, steps = out / CHECKPOINT_FILE, run.recipe.steps
    if checkpoint.exists():
        run.resume(checkpoint)
    progress, losses = Progress("teach", steps - run.next_step), list[float]()
    while run.next_step < steps:
        losses = [*losses[-199:], run.step()]
        if run.next_step % run.recipe.checkpoint_interval == 0 or run.next_step == steps:
            run.save(checkpoint)
        progress.advance(f"loss {np.mean(losses):.3f}")
    torch.save(run.average.module.state_dict(), out / TRAINED_FILE)


def _normalized(tiles: Pixels) -> Tensor:
    return torch.from_numpy(MTCNN_NORMALIZATION(tiles)).contiguous(memory_format=torch.channels_last)


def _floats(values: NDArray[np.float16]) -> Tensor:
    return torch.from_numpy(values.astype(np.float32))


def _unlike(logits: Tensor, face_probability: Tensor) -> Tensor:
    """How far probabilities are from what should be said; where that is -1 there is no picture, and nothing counts."""
    said, seen = logits[:, 1] - logits[:, 0], face_probability >= 0
    return functional.binary_cross_entropy_with_logits(said[seen], face_probability[seen])


def _away(offsets: Tensor, wanted: Tensor, face_probability: Tensor) -> Tensor:
    """How far offsets are from those wanted, of cells that should be sure, the surer the more."""
    counts = face_probability * (face_probability > MIN_OFFSET_PROBABILITY)
    away = functional.smooth_l1_loss(offsets, wanted, reduction="none", beta=SMOOTH_L1_BETA).sum(dim=1)
    return (away * counts).sum() / counts.sum().clamp(min=1)
