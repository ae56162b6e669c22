"""Training of a scorer, resumable: every step's data and chance follow from the seed and the step's number alone."""

import math
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from attrai_models.agreement import Accuracy
from attrai_models.augment import augmented
from attrai_models.lessons import Lessons, rows_of_step
from attrai_models.measure import measure
from attrai_models.progress import Progress
from attrai_models.scales import scales_of
from attrai_models.scorer import Scorer, new_scorer
from attrai_models.shipping import save_scorer
from attrai_models.trunks import DLIB, RESNET34, Trunk

LONGEST_GRADIENT = 5.0


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to train.

    `batch`: crops of each set in a step. `rate`: of the trunk; the heads learn `head_rate` times as fast.
    `likeness`: how much imitating dlib counts beside the ratings. `averaged`: decay of the running average that is kept.
    """

    steps: int
    batch: tuple[int, ...]
    rate: float
    averaged: float
    head_rate: float = 1.0
    decay: float = 0.05
    likeness: float = 0.0
    seed: int = 1
    kept_each: int = 100

    def rate_at(self, step: int) -> float:
        """Rises for a twentieth of the steps, then falls as a cosine to nothing."""
        risen = min(1.0, (step + 1) / (0.05 * self.steps))
        return self.rate * risen * 0.5 * (1 + math.cos(math.pi * step / self.steps))


RECIPES = {
    RESNET34.name: Recipe(steps=1000, batch=(24, 20, 20), rate=1.5e-3, averaged=0.995, likeness=1.0),
    DLIB.name: Recipe(steps=600, batch=(32, 32), rate=3e-4, averaged=0.99, head_rate=3.0),
}


class Training:
    """One run: the network, its running average, the optimizer and the step that comes next."""

    def __init__(self, trunk: Trunk, recipe: Recipe, lessons: list[Lessons], device: torch.device) -> None:
        self.trunk, self.recipe, self.lessons, self.device = trunk, recipe, lessons, device
        self.scales = scales_of(lessons)
        self.network = new_scorer(trunk, recipe.seed).to(device, memory_format=torch.channels_last)
        average = get_ema_multi_avg_fn(recipe.averaged)
        self.average = AveragedModel(self.network, multi_avg_fn=average, use_buffers=True)
        heads = [*self.network.ratings.parameters(), *self.network.vector.parameters()]
        groups = [{"params": self.network.trunk.parameters()}, {"params": heads}]
        self.optimizer = torch.optim.AdamW(groups, lr=recipe.rate, weight_decay=recipe.decay)
        self.next_step = 0

    def save(self, file: Path) -> None:
        """Write a checkpoint; an interruption leaves the one before."""
        parts = {name: getattr(self, name).state_dict() for name in ("network", "average", "optimizer")}
        torch.save({"next_step": self.next_step, **parts}, file.with_suffix(".new"))
        file.with_suffix(".new").replace(file)

    def resume(self, file: Path) -> None:
        """Go on from a checkpoint."""
        state = torch.load(file, map_location=self.device, weights_only=True)
        self.next_step = state["next_step"]
        for name in ("network", "average", "optimizer"):
            getattr(self, name).load_state_dict(state[name])

    def step(self) -> float:
        """Learn from one batch; returns its loss."""
        rate = self.recipe.rate_at(self.next_step)
        for group, factor in zip(self.optimizer.param_groups, (1.0, self.recipe.head_rate), strict=True):
            group["lr"] = rate * factor
        crops, ratings, vectors = self._batch()
        self.network.train()
        with torch.autocast(self.device.type, torch.bfloat16):
            predicted = self.network(crops)
        loss = self._loss(predicted[0].float(), ratings, predicted[1].float(), vectors)
        self.optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), LONGEST_GRADIENT)
        self.optimizer.step()
        self.average.update_parameters(self.network)
        self.next_step += 1
        return float(loss.detach())

    def _batch(self) -> tuple[Tensor, Tensor, Tensor]:
        recipe, step = self.recipe, self.next_step
        draw = torch.Generator().manual_seed(recipe.seed * 1_000_003 + step)
        wanted = zip(self.lessons, recipe.batch, strict=False)
        chosen = [(part, rows_of_step(len(part), rows, step, recipe.seed)) for part, rows in wanted]
        pixels = torch.cat([part.pixels[rows] for part, rows in chosen])
        ratings = self.scales.rated(torch.cat([part.ratings[rows] for part, rows in chosen]))
        vectors = self.scales.taught(torch.cat([part.vectors[rows] for part, rows in chosen]))
        crops = augmented(pixels, self.trunk.margin, self.trunk.template.size, draw)
        return self.trunk.normalized(crops).to(self.device), ratings.to(self.device), vectors.to(self.device)

    def _loss(self, ratings: Tensor, rated: Tensor, vector: Tensor, taught: Tensor) -> Tensor:
        known = ~rated.isnan()
        loss = functional.smooth_l1_loss(ratings[known], rated[known])
        if self.trunk.imitates:
            loss = loss + self.recipe.likeness * functional.mse_loss(vector, taught)
        return loss


def train(run: Training, held_out: list[Lessons], out: Path) -> None:
    """Train to the recipe's end, or go on where a run stopped; leaves the averaged network in `out`, `scorer.pt`."""
    out.mkdir(parents=True, exist_ok=True)
    checkpoint, steps = out / "checkpoint.pt", run.recipe.steps
    if checkpoint.exists():
        run.resume(checkpoint)
    progress, note = Progress("train", steps - run.next_step), ""
    while run.next_step < steps:
        loss = run.step()
        if run.next_step % run.recipe.kept_each == 0 or run.next_step == steps:
            note = _keep(run, held_out, out)
            run.save(checkpoint)
        progress.advance(f"loss {loss:.3f} {note}")


def _keep(run: Training, held_out: list[Lessons], out: Path) -> str:
    """Measure the averaged network as it is now, and leave it in `out` for export."""
    network: Scorer = run.average.module
    save_scorer(network, run.trunk, run.scales, out / "scorer.pt")
    found: list[Accuracy] = [measure(network.eval(), run.trunk, part, run.scales) for part in held_out]
    line = f"step {run.next_step}: " + ", ".join(str(accuracy) for accuracy in found)
    with (out / "log.txt").open("a") as log:
        log.write(line + "\n")
    return line
