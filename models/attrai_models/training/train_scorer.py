"""Training of a scorer, resumable: every step's data and chance follow from the seed and the step's number alone."""

from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from attrai_models.data.augmentation import augmented
from attrai_models.networks.embedder import DEPTH
from attrai_models.training.teacher_targets import guess, rated_rows, standard_of, taught
from attrai_models.training.distillation import Head, copy_teacher
from attrai_models.data.dataset import Lessons, rows_of_step
from attrai_models.training.validation import calibrate, measure
from attrai_models.training.precision import autocast
from attrai_models.progress import Progress
from attrai_models.data.ratings import digest
from attrai_models.training.hyperparameters import Recipe
from attrai_models.networks.target_scales import scales_of
from attrai_models.networks.scorer import new_scorer
from attrai_models.export.scorer import TERMS, Trained
from attrai_models.networks.calibration import Stretch, unstretched
from attrai_models.data.teacher_features import vectors
from attrai_models.networks.trunks import Trunk

LONGEST_GRADIENT = 5.0
MOST = 40
"""Of dlib's vectors as targets, in their own deviations: a bound on what a broken crop may ask for."""


class AnotherTraining(ValueError):
    """The folder holds a checkpoint of other photos, other ratings or another recipe."""


@dataclass(frozen=True, slots=True)
class Targets:
    """What a step is to learn, on the heads' scales: ratings and guesses (n, sets), dlib's vectors (n, 128)."""

    ratings: Tensor
    guesses: Tensor
    vectors: Tensor

    def rows(self, chosen: Tensor) -> "Targets":
        """Those rows."""
        return Targets(self.ratings[chosen], self.guesses[chosen], self.vectors[chosen])

    def to(self, device: torch.device) -> "Targets":
        """The same on the device."""
        return Targets(*(values.to(device) for values in (self.ratings, self.guesses, self.vectors)))


class Training:
    """One run: the network, its running average, the optimizer and the step that comes next."""

    def __init__(self, trunk: Trunk, recipe: Recipe, lessons: list[Lessons], device: torch.device) -> None:
        self.trunk, self.recipe, self.lessons, self.device = trunk, recipe, lessons, device
        ratings, seen = torch.cat([part.ratings for part in lessons]), torch.cat([part.seen for part in lessons])
        faces = vectors(seen)
        self.scales = scales_of(ratings, faces)
        rated = self.scales.rated(ratings)
        known = rated.isnan().logical_not().any(dim=1)
        self.targets = Targets(rated, guess(seen, rated, known), self.scales.taught(faces).clamp(-MOST, MOST))
        network = new_scorer(trunk, ratings.shape[1], recipe.seed)
        if not trunk.imitates:
            begin_as_teacher(network.ratings, seen[known, :DEPTH], rated[known], recipe.seed)
        self.network = network.to(device, memory_format=torch.channels_last)
        average = get_ema_multi_avg_fn(recipe.averaged)
        self.average = AveragedModel(self.network, multi_avg_fn=average, use_buffers=True)
        heads = [*self.network.ratings.parameters(), *self.network.vector.parameters()]
        taught_further = [weights for weights in self.network.trunk.parameters() if weights.requires_grad]
        groups = [{"params": taught_further}, {"params": heads}]
        self.optimizer = torch.optim.AdamW(groups, lr=recipe.rate, weight_decay=recipe.decay)
        self.next_step = 0

    @property
    def identity(self) -> str:
        """What a checkpoint must agree in: the recipe, the photos and their ratings."""
        sets = [f"{part.name} {digest(part.portraits)}" for part in self.lessons]
        return f"{self.trunk.name} {asdict(self.recipe)} {sets}"

    def save(self, file: Path) -> None:
        """Write a checkpoint; an interruption leaves the one before."""
        parts = {name: getattr(self, name).state_dict() for name in ("network", "average", "optimizer")}
        torch.save({"identity": self.identity, "next_step": self.next_step, **parts}, file.with_suffix(".new"))
        file.with_suffix(".new").replace(file)

    def resume(self, file: Path) -> None:
        """Go on from a checkpoint; raises `AnotherTraining`."""
        state = torch.load(file, map_location=self.device, weights_only=True)
        if state["identity"] != self.identity:
            raise AnotherTraining(
                f"{file} is of other photos, other ratings or another recipe; name another folder, or remove it"
            )
        self.next_step = state["next_step"]
        for name in ("network", "average", "optimizer"):
            getattr(self, name).load_state_dict(state[name])

    def step(self) -> float:
        """Learn from one batch; returns its loss."""
        rate = self.recipe.rate_at(self.next_step)
        for group, factor in zip(self.optimizer.param_groups, (1.0, self.recipe.head_rate), strict=True):
            group["lr"] = rate * factor
        crops, targets = self._batch()
        torch.manual_seed(self._chance())  # what the network drops out
        self.network.train()
        with autocast(self.device):
            ratings, vector = self.network(crops)
        loss = self._loss(ratings.float(), vector.float(), targets)
        self.optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), LONGEST_GRADIENT)
        self.optimizer.step()
        self.average.update_parameters(self.network)
        self.next_step += 1
        return float(loss.detach())

    def _chance(self) -> int:
        return self.recipe.seed * 1_000_003 + self.next_step

    def _batch(self) -> tuple[Tensor, Targets]:
        step, seed, start = self.next_step, self.recipe.seed, 0
        pixels, chosen = [], []
        for part, wanted in zip(self.lessons, self.recipe.shares(len(self.lessons)), strict=False):
            rows = torch.tensor(rows_of_step(len(part), wanted, step, seed))
            pixels.append(part.pixels[rows])
            chosen.append(rows + start)
            start += len(part)
        draw = torch.Generator().manual_seed(self._chance())
        crops = augmented(torch.cat(pixels), self.trunk.margin, self.trunk.template.size, draw)
        return self.trunk.normalized(crops).to(self.device), self.targets.rows(torch.cat(chosen)).to(self.device)

    def _loss(self, ratings: Tensor, vector: Tensor, targets: Targets) -> Tensor:
        known = ~targets.ratings.isnan()
        loss = functional.smooth_l1_loss(ratings[known], targets.ratings[known])
        loss = loss + self.recipe.guessed * functional.smooth_l1_loss(ratings, targets.guesses)
        if self.trunk.imitates:
            loss = loss + self.recipe.likeness * functional.mse_loss(vector, targets.vectors)
        return loss


def begin_as_teacher(head: Head, seen: Tensor, rated: Tensor, seed: int) -> None:
    """Let the head of dlib's trunk begin as an image of the teacher who sees what the trunk sees, shape (n, 704)."""
    standard = standard_of(seen)
    _, known = rated_rows(standard(seen), rated, torch.ones(len(seen), dtype=torch.bool))
    copy_teacher(head, taught(known, rated.shape[1]), standard, seed)


@dataclass(frozen=True, slots=True)
class Judged:
    """What is not learned from: `held_out` is measured on, `apart` calibrates. And how the result is described."""

    held_out: list[Lessons]
    apart: list[Lessons]
    learned: str
    terms: str = TERMS


def train(run: Training, judged: Judged, out: Path) -> str:
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
        if run.next_step % run.recipe.kept_each == 0 or run.next_step == steps:
            note = _note(run, judged.held_out, out)
            run.save(checkpoint)
        progress.advance(f"loss {loss:.3f}")
    scorer = run.average.module.eval()
    stretch: Stretch = unstretched(len(run.scales.means))
    if judged.apart:
        stretch = calibrate(scorer, run.trunk, judged.apart, run.scales)
    Trained(scorer, run.trunk, run.scales, stretch, judged.learned, judged.terms).save(out / "scorer.pt")
    return note


def _note(run: Training, held_out: list[Lessons], out: Path) -> str:
    """Measure the averaged network as it is now."""
    network = run.average.module.eval()
    found = [measure(network, run.trunk, part, run.scales) for part in held_out]
    line = f"step {run.next_step}: " + (", ".join(map(str, found)) or "no portrait is held out")
    with (out / "log.txt").open("a") as log:
        log.write(line + "\n")
    return line
