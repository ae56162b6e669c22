"""Training of a scorer, resumable: every step's data and chance follow from the seed and the step's number alone."""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from attrai_models.data.augmentation import augment
from attrai_models.data.dataset import ScorerDataset, batch_rows
from attrai_models.data.ratings import ratings_digest
from attrai_models.data.teacher_features import dlib_vectors
from attrai_models.export.scorer import RESEARCH_TERMS, TrainedScorer
from attrai_models.networks.calibration import Calibration, no_calibration
from attrai_models.networks.embedder import FEATURE_COUNT
from attrai_models.networks.scorer import new_scorer
from attrai_models.networks.target_scales import measure_scales
from attrai_models.networks.trunks import Trunk
from attrai_models.progress import Progress
from attrai_models.training.distillation import Head, distill
from attrai_models.training.hyperparameters import ScorerHyperparameters
from attrai_models.training.precision import autocast
from attrai_models.training.teacher_targets import (
    fit_kernel_regression,
    fit_standardizer,
    rated_features,
    teacher_targets,
)
from attrai_models.training.validation import calibrate, validate

MAX_GRADIENT_NORM = 5.0
MAX_VECTOR_TARGET = 40
"""Of dlib's vectors as targets, in their own deviations: a bound on what a broken crop may ask for."""


class CheckpointMismatch(ValueError):
    """The folder holds a checkpoint of other photos, other ratings or another recipe."""


@dataclass(frozen=True, slots=True)
class ScorerTargets:
    """What a step is to learn, on the heads' scales: ratings and guesses (n, sets), dlib's vectors (n, 128)."""

    ratings: Tensor
    guesses: Tensor
    vectors: Tensor

    def rows(self, chosen: Tensor) -> "ScorerTargets":
        """Those rows."""
        return ScorerTargets(self.ratings[chosen], self.guesses[chosen], self.vectors[chosen])

    def to(self, device: torch.device) -> "ScorerTargets":
        """The same on the device."""
        return ScorerTargets(*(values.to(device) for values in (self.ratings, self.guesses, self.vectors)))


class ScorerTraining:
    """One run: the network, its running average, the optimizer and the step that comes next."""

    def __init__(
        self, trunk: Trunk, recipe: ScorerHyperparameters, lessons: list[ScorerDataset], device: torch.device
    ) -> None:
        self.trunk, self.recipe, self.lessons, self.device = trunk, recipe, lessons, device
        ratings, seen = torch.cat([part.ratings for part in lessons]), torch.cat([part.seen for part in lessons])
        faces = dlib_vectors(seen)
        self.scales = measure_scales(ratings, faces)
        rated = self.scales.normalize_ratings(ratings)
        known = rated.isnan().logical_not().any(dim=1)
        self.targets = ScorerTargets(
            rated,
            teacher_targets(seen, rated, known),
            self.scales.normalize_vectors(faces).clamp(-MAX_VECTOR_TARGET, MAX_VECTOR_TARGET),
        )
        network = new_scorer(trunk, ratings.shape[1], recipe.seed)
        if not trunk.imitates_dlib:
            initialize_head(network.ratings, seen[known, :FEATURE_COUNT], rated[known], recipe.seed)
        self.network = network.to(device, memory_format=torch.channels_last)
        average = get_ema_multi_avg_fn(recipe.ema_decay)
        self.average = AveragedModel(self.network, multi_avg_fn=average, use_buffers=True)
        heads = [*self.network.ratings.parameters(), *self.network.vector.parameters()]
        taught_further = [weights for weights in self.network.trunk.parameters() if weights.requires_grad]
        groups = [{"params": taught_further}, {"params": heads}]
        self.optimizer = torch.optim.AdamW(groups, lr=recipe.rate, weight_decay=recipe.weight_decay)
        self.next_step = 0

    @property
    def identity(self) -> str:
        """What a checkpoint must agree in: the recipe, the photos and their ratings."""
        sets = [f"{part.name} {ratings_digest(part.portraits)}" for part in self.lessons]
        return f"{self.trunk.name} {self.recipe.in_checkpoint()} {sets}"

    def save(self, file: Path) -> None:
        """Write a checkpoint; an interruption leaves the one before."""
        parts = {name: getattr(self, name).state_dict() for name in ("network", "average", "optimizer")}
        torch.save({"identity": self.identity, "next_step": self.next_step, **parts}, file.with_suffix(".new"))
        file.with_suffix(".new").replace(file)

    def resume(self, file: Path) -> None:
        """Go on from a checkpoint; raises `AnotherTraining`."""
        state = torch.load(file, map_location=self.device, weights_only=True)
        if state["identity"] != self.identity:
            raise CheckpointMismatch(
                f"{file} is of other photos, other ratings or another recipe; name another folder, or remove it"
            )
        self.next_step = state["next_step"]
        for name in ("network", "average", "optimizer"):
            getattr(self, name).load_state_dict(state[name])

    def step(self) -> float:
        """Learn from one batch; returns its loss."""
        rate = self.recipe.learning_rate(self.next_step)
        for group, factor in zip(self.optimizer.param_groups, (1.0, self.recipe.head_rate_factor), strict=True):
            group["lr"] = rate * factor
        crops, targets = self._batch()
        torch.manual_seed(self._chance())  # what the network drops out
        self.network.train()
        with autocast(self.device):
            ratings, vector = self.network(crops)
        loss = self._loss(ratings.float(), vector.float(), targets)
        self.optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), MAX_GRADIENT_NORM)
        self.optimizer.step()
        self.average.update_parameters(self.network)
        self.next_step += 1
        return float(loss.detach())

    def _chance(self) -> int:
        return self.recipe.seed * 1_000_003 + self.next_step

    def _batch(self) -> tuple[Tensor, ScorerTargets]:
        step, seed, start = self.next_step, self.recipe.seed, 0
        pixels, chosen = [], []
        for part, wanted in zip(self.lessons, self.recipe.batch_sizes(len(self.lessons)), strict=False):
            rows = torch.tensor(batch_rows(len(part), wanted, step, seed))
            pixels.append(part.pixels[rows])
            chosen.append(rows + start)
            start += len(part)
        draw = torch.Generator().manual_seed(self._chance())
        crops = augment(torch.cat(pixels), self.trunk.margin, self.trunk.template.size, draw)
        return self.trunk.normalize(crops).to(self.device), self.targets.rows(torch.cat(chosen)).to(self.device)

    def _loss(self, ratings: Tensor, vector: Tensor, targets: ScorerTargets) -> Tensor:
        known = ~targets.ratings.isnan()
        loss = functional.smooth_l1_loss(ratings[known], targets.ratings[known])
        loss = loss + self.recipe.teacher_weight * functional.smooth_l1_loss(ratings, targets.guesses)
        if self.trunk.imitates_dlib:
            loss = loss + self.recipe.imitation_weight * functional.mse_loss(vector, targets.vectors)
        return loss


def initialize_head(head: Head, seen: Tensor, rated: Tensor, seed: int) -> None:
    """Let the head of dlib's trunk begin as an image of the teacher who sees what the trunk sees, shape (n, 704)."""
    standard = fit_standardizer(seen)
    _, known = rated_features(standard(seen), rated, torch.ones(len(seen), dtype=torch.bool))
    distill(head, fit_kernel_regression(known, rated.shape[1]), standard, seed)


@dataclass(frozen=True, slots=True)
class Judged:
    """What is not learned from: `held_out` is measured on, `apart` calibrates. And how the result is described."""

    held_out: list[ScorerDataset]
    apart: list[ScorerDataset]
    learned: str
    terms: str = RESEARCH_TERMS


def train_scorer(run: ScorerTraining, judged: Judged, out: Path) -> str:
    """Train to the recipe's end, or go on where a run stopped; leaves the averaged network in `out`, `scorer.pt`.

    Returns a line on how well it agrees with what was held out, before calibration.

    Raises `AnotherTraining`.
    """
    out.mkdir(parents=True, exist_ok=True)
    checkpoint, steps = out / "checkpoint.pt", run.recipe.steps
    if checkpoint.exists():
        run.resume(checkpoint)
    else:
        _note(run, judged.held_out, out)
    progress, note = Progress("train", steps - run.next_step), "there is nothing left to learn"
    while run.next_step < steps:
        loss = run.step()
        if run.next_step % run.recipe.checkpoint_interval == 0 or run.next_step == steps:
            note = _note(run, judged.held_out, out)
            run.save(checkpoint)
        progress.advance(f"loss {loss:.3f}")
    scorer = run.average.module.eval()
    stretch: Calibration = no_calibration(len(run.scales.means))
    if judged.apart:
        stretch = calibrate(scorer, run.trunk, judged.apart, run.scales)
    TrainedScorer(scorer, run.trunk, run.scales, stretch, judged.learned, judged.terms).save(out / "scorer.pt")
    return note


def _note(run: ScorerTraining, held_out: list[ScorerDataset], out: Path) -> str:
    """Measure the averaged network as it is now."""
    network = run.average.module.eval()
    found = [validate(network, run.trunk, part, run.scales) for part in held_out]
    line = f"step {run.next_step}: " + (", ".join(map(str, found)) or "no portrait is held out")
    with (out / "log.txt").open("a") as log:
        log.write(line + "\n")
    return line
