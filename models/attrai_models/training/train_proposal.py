"""Teaching the proposal network, resumable: every step's tiles follow from the step's number alone."""

import math
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from attrai_estimator.values import Pixels
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from attrai_models.data.dataset import rows_of_step
from attrai_models.export.mtcnn import NORMALIZATION
from attrai_models.progress import Progress
from attrai_models.training.proposal_dataset import Lessons
from attrai_models.networks.proposal import CHANNELS, Proposal
from attrai_models.training.train_scorer import AnotherTraining

TAUGHT, CHECKPOINT = "proposal.pt", "proposal_checkpoint.pt"
"""The files of the network that was taught, and of one that is being taught."""
CERTAIN = 0.3
"""What must be said of a cell for its offsets to be learned."""
NEAR = 0.1
"""A cell's side's part up to which an offset's error counts as its square."""


@dataclass(frozen=True, slots=True)
class ProposalRecipe:
    """How to teach. `batch`: tiles of a step; `probability`: how much it counts beside the offsets."""

    steps: int = 10_000
    batch: int = 32
    rate: float = 0.01
    decay: float = 1e-4
    averaged: float = 0.998
    probability: float = 20.0
    seed: int = 1
    kept_each: int = 500

    def rate_at(self, step: int) -> float:
        """Rises for a thirtieth of the steps, then falls as a cosine to nothing."""
        return self.rate * min(1.0, 30 * (step + 1) / self.steps) * 0.5 * (1 + math.cos(math.pi * step / self.steps))


class ProposalTraining:
    """One run: the network, its running average, the optimizer and the step that comes next."""

    def __init__(self, recipe: ProposalRecipe, lessons: Lessons) -> None:
        self.recipe, self.lessons = recipe, lessons
        torch.manual_seed(recipe.seed)
        self.network = Proposal().to(memory_format=torch.channels_last)
        self.average = AveragedModel(self.network, multi_avg_fn=get_ema_multi_avg_fn(recipe.averaged))
        self.optimizer = torch.optim.AdamW(self.network.parameters(), lr=recipe.rate, weight_decay=recipe.decay)
        self.next_step = 0

    @property
    def identity(self) -> str:
        """What a checkpoint must agree in: the network, the recipe and the photos."""
        return f"{CHANNELS} {asdict(self.recipe)} {CERTAIN} {NEAR} {self.lessons.identity}"

    def save(self, file: Path) -> None:
        """Write a checkpoint; an interruption leaves the one before."""
        parts = {name: getattr(self, name).state_dict() for name in ("network", "average", "optimizer")}
        torch.save({"identity": self.identity, "next_step": self.next_step, **parts}, file.with_suffix(".new"))
        file.with_suffix(".new").replace(file)

    def resume(self, file: Path) -> None:
        """Go on from a checkpoint; raises `AnotherTraining`."""
        state = torch.load(file, map_location="cpu", weights_only=True)
        if state["identity"] != self.identity:
            raise AnotherTraining(
                f"{file} is of other photos, another recipe or another network; name another folder, or remove it"
            )
        self.next_step = state["next_step"]
        for name in ("network", "average", "optimizer"):
            getattr(self, name).load_state_dict(state[name])

    def step(self) -> float:
        """Learn from one batch; returns its loss."""
        for group in self.optimizer.param_groups:
            group["lr"] = self.recipe.rate_at(self.next_step)
        rows = rows_of_step(len(self.lessons), self.recipe.batch, self.next_step, self.recipe.seed)
        batch = self.lessons.rows(np.array(rows))
        offsets, logits = self.network.said(_normalized(batch.tiles))
        likely = _floats(batch.likely)
        loss = self.recipe.probability * _unlike(logits, likely) + _away(offsets, _floats(batch.offsets), likely)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        self.average.update_parameters(self.network)
        self.next_step += 1
        return float(loss.detach())


def teach(run: ProposalTraining, out: Path) -> None:
    """Teach to the recipe's end, or go on where a run stopped; leaves the averaged network in `out`, `TAUGHT`.

    Raises `AnotherTraining`.
    """
    out.mkdir(parents=True, exist_ok=True)
    checkpoint, steps = out / CHECKPOINT, run.recipe.steps
    if checkpoint.exists():
        run.resume(checkpoint)
    progress, losses = Progress("teach", steps - run.next_step), list[float]()
    while run.next_step < steps:
        losses = [*losses[-199:], run.step()]
        if run.next_step % run.recipe.kept_each == 0 or run.next_step == steps:
            run.save(checkpoint)
        progress.advance(f"loss {np.mean(losses):.3f}")
    torch.save(run.average.module.state_dict(), out / TAUGHT)


def _normalized(tiles: Pixels) -> Tensor:
    return torch.from_numpy(NORMALIZATION(tiles)).contiguous(memory_format=torch.channels_last)


def _floats(values: NDArray[np.float16]) -> Tensor:
    return torch.from_numpy(values.astype(np.float32))


def _unlike(logits: Tensor, likely: Tensor) -> Tensor:
    """How far probabilities are from what should be said; where that is -1 there is no picture, and nothing counts."""
    said, seen = logits[:, 1] - logits[:, 0], likely >= 0
    return functional.binary_cross_entropy_with_logits(said[seen], likely[seen])


def _away(offsets: Tensor, wanted: Tensor, likely: Tensor) -> Tensor:
    """How far offsets are from those wanted, of cells that should be sure, the surer the more."""
    counts = likely * (likely > CERTAIN)
    away = functional.smooth_l1_loss(offsets, wanted, reduction="none", beta=NEAR).sum(dim=1)
    return (away * counts).sum() / counts.sum().clamp(min=1)
