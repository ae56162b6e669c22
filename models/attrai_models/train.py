"""Training of the scorer, resumable: every step's data and chance follow from the seed and the step's number alone."""

import math
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from attrai_models.augment import augmented, normalized
from attrai_models.crops import SCORER_TEMPLATE
from attrai_models.lessons import Lessons, rows_of_step
from attrai_models.measure import Accuracy, measure
from attrai_models.progress import Progress
from attrai_models.scales import scales_of
from attrai_models.scorer import Scorer, untrained_scorer
from attrai_models.shipping import save_scorer


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to train. `coarse_part` of the steps see crops of `coarse_side`, the others of the template's own side."""

    steps: int = 4000
    batch: tuple[int, ...] = (28, 24, 12)
    coarse_part: float = 0.5
    coarse_side: int = 80
    rate: float = 1.5e-3
    decay: float = 0.05
    likeness: float = 1.0
    averaged: float = 0.995
    seed: int = 1
    saved_each: int = 100
    measured_each: int = 200

    def side(self, step: int) -> int:
        return self.coarse_side if step < self.coarse_part * self.steps else SCORER_TEMPLATE.size

    def rate_at(self, step: int) -> float:
        """Rises for a twentieth of the steps, then falls as a cosine to nothing."""
        risen = min(1.0, (step + 1) / (0.05 * self.steps))
        return self.rate * risen * 0.5 * (1 + math.cos(math.pi * step / self.steps))


class Training:
    """One run: the network, its running average, the optimizer and the step that comes next."""

    def __init__(self, recipe: Recipe, lessons: list[Lessons], device: torch.device) -> None:
        self.recipe, self.lessons, self.device = recipe, lessons, device
        self.scales = scales_of(lessons)
        self.network = untrained_scorer(recipe.seed).to(device, memory_format=torch.channels_last)
        average = get_ema_multi_avg_fn(recipe.averaged)
        self.average = AveragedModel(self.network, multi_avg_fn=average, use_buffers=True)
        self.optimizer = torch.optim.AdamW(self.network.parameters(), lr=recipe.rate, weight_decay=recipe.decay)
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
        for group in self.optimizer.param_groups:
            group["lr"] = self.recipe.rate_at(self.next_step)
        crops, ratings, vectors = self._batch()
        self.network.train()
        with torch.autocast(self.device.type, torch.bfloat16):
            predicted = self.network(crops)
        loss = self._loss(predicted[0].float(), ratings, predicted[1].float(), vectors)
        self.optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 5.0)
        self.optimizer.step()
        self.average.update_parameters(self.network)
        self.next_step += 1
        return float(loss)

    def _batch(self) -> tuple[Tensor, Tensor, Tensor]:
        recipe, step = self.recipe, self.next_step
        draw = torch.Generator().manual_seed(recipe.seed * 1_000_003 + step)
        rows = [
            rows_of_step(len(part), wanted, step, recipe.seed)
            for part, wanted in zip(self.lessons, recipe.batch, strict=False)
        ]
        pairs = list(zip(self.lessons, rows, strict=True))
        pixels = torch.cat([part.pixels[chosen] for part, chosen in pairs])
        ratings = torch.cat([part.ratings[chosen] for part, chosen in pairs])
        vectors = torch.cat([part.vectors[chosen] for part, chosen in pairs])
        crops = augmented(pixels, recipe.side(step), draw)
        targets = self.scales.rated(ratings), self.scales.taught(vectors)
        return normalized(crops).to(self.device), targets[0].to(self.device), targets[1].to(self.device)

    def _loss(self, ratings: Tensor, rated: Tensor, vector: Tensor, taught: Tensor) -> Tensor:
        known = ~rated.isnan()
        taste = functional.smooth_l1_loss(ratings[known], rated[known])
        return taste + self.recipe.likeness * functional.mse_loss(vector, taught)


def train(recipe: Recipe, lessons: list[Lessons], held_out: list[Lessons], out: Path, device: torch.device) -> None:
    """Train to the recipe's end, or go on where a run stopped; leaves the averaged network in `out`, `scorer.pt`."""
    run, checkpoint = Training(recipe, lessons, device), out / "checkpoint.pt"
    if checkpoint.exists():
        run.resume(checkpoint)
    progress = Progress("train", recipe.steps - run.next_step)
    note = ""
    while run.next_step < recipe.steps:
        loss = run.step()
        if run.next_step % recipe.measured_each == 0 or run.next_step == recipe.steps:
            note = _report(run, held_out, out)
        if run.next_step % recipe.saved_each == 0 or run.next_step == recipe.steps:
            run.save(checkpoint)
        progress.advance(f"loss {loss:.3f} {note}")
    network: Scorer = run.average.module
    save_scorer(network, run.scales, out / "scorer.pt")


def _report(run: Training, held_out: list[Lessons], out: Path) -> str:
    network: Scorer = run.average.module
    found: list[Accuracy] = [measure(network.eval(), part, run.scales) for part in held_out]
    line = f"step {run.next_step} " + " ".join(str(accuracy) for accuracy in found)
    with (out / "log.txt").open("a") as log:
        log.write(line + "\n")
    return line
