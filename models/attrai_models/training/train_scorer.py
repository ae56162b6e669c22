"""Trains a scorer on ratings, the teacher's targets and, for some trunks, dlib's vectors."""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional

from attrai_models.data.augmentation import augment
from attrai_models.data.dataset import ScorerDataset, batch_rows
from attrai_models.data.ratings import ratings_digest
from attrai_models.data.teacher_features import dlib_vectors
from attrai_models.data.training_data import TrainingData
from attrai_models.networks.calibration import no_calibration
from attrai_models.networks.embedder import FEATURE_COUNT
from attrai_models.networks.scorer import Scorer, new_scorer
from attrai_models.networks.target_scales import measure_scales
from attrai_models.networks.trained_scorer import TrainedScorer
from attrai_models.networks.trunks import Trunk
from attrai_models.progress import Progress
from attrai_models.training.checkpoints import ResumableTraining
from attrai_models.training.hyperparameters import ScorerHyperparameters
from attrai_models.training.precision import autocast
from attrai_models.training.teacher import initialize_head, teacher_targets
from attrai_models.training.validation import calibrate, validate

CHECKPOINT_FILE, TRAINED_SCORER_FILE, LOG_FILE = "checkpoint.pt", "scorer.pt", "log.txt"
MAX_GRADIENT_NORM = 5.0
MAX_VECTOR_TARGET = 40
"""In deviations of dlib's vectors: limits what a broken crop may demand."""


@dataclass(frozen=True, slots=True)
class ScorerTargets:
    """The targets of a step, normalized: ratings and the teacher's predictions (n, sets), dlib's vectors (n, 128)."""

    ratings: Tensor
    teacher: Tensor
    vectors: Tensor

    def rows(self, chosen: Tensor) -> "ScorerTargets":
        """The chosen rows."""
        return ScorerTargets(self.ratings[chosen], self.teacher[chosen], self.vectors[chosen])

    def to(self, device: torch.device) -> "ScorerTargets":
        """The same on the device."""
        return ScorerTargets(*(values.to(device) for values in (self.ratings, self.teacher, self.vectors)))


class ScorerTraining(ResumableTraining):
    """The training of one scorer on one or more datasets."""

    network: Scorer

    def __init__(
        self, trunk: Trunk, parameters: ScorerHyperparameters, datasets: list[ScorerDataset], device: torch.device
    ) -> None:
        self.trunk, self.parameters, self.datasets, self.device = trunk, parameters, datasets, device
        ratings = torch.cat([dataset.ratings for dataset in datasets])
        features = torch.cat([dataset.features for dataset in datasets])
        vectors = dlib_vectors(features)
        self.scales = measure_scales(ratings, vectors)
        normalized = self.scales.normalize_ratings(ratings)
        rated = normalized.isnan().logical_not().any(dim=1)
        self.targets = ScorerTargets(
            normalized,
            teacher_targets(features, normalized, rated),
            self.scales.normalize_vectors(vectors).clamp(-MAX_VECTOR_TARGET, MAX_VECTOR_TARGET),
        )
        network = new_scorer(trunk, ratings.shape[1], parameters.seed)
        if not trunk.imitates_dlib:
            initialize_head(network.ratings, features[rated, :FEATURE_COUNT], normalized[rated], parameters.seed)
        network = network.to(device, memory_format=torch.channels_last)
        super().__init__(network, _optimizer(network, parameters), parameters.ema_decay)

    @property
    def identity(self) -> str:
        sets = [f"{dataset.name} {ratings_digest(dataset.portraits)}" for dataset in self.datasets]
        return f"{self.trunk.name} {self.parameters.in_checkpoint()} {sets}"

    def step(self) -> float:
        rate = self.parameters.learning_rate(self.next_step)
        for group, factor in zip(self.optimizer.param_groups, (1.0, self.parameters.head_rate_factor), strict=True):
            group["lr"] = rate * factor
        crops, targets = self._batch()
        torch.manual_seed(self._step_seed())  # of the dropout
        self.network.train()
        with autocast(self.device):
            ratings, vector = self.network(crops)
        return self.update(self._loss(ratings.float(), vector.float(), targets), MAX_GRADIENT_NORM)

    def _step_seed(self) -> int:
        return self.parameters.seed * 1_000_003 + self.next_step

    def _batch(self) -> tuple[Tensor, ScorerTargets]:
        step, seed, start = self.next_step, self.parameters.seed, 0
        pixels, chosen = [], []
        for dataset, size in zip(self.datasets, self.parameters.batch_sizes(len(self.datasets)), strict=False):
            rows = torch.tensor(batch_rows(len(dataset), size, step, seed))
            pixels.append(dataset.pixels[rows])
            chosen.append(rows + start)
            start += len(dataset)
        draw = torch.Generator().manual_seed(self._step_seed())
        crops = augment(torch.cat(pixels), self.trunk.margin, self.trunk.template.size, draw)
        return self.trunk.normalize(crops).to(self.device), self.targets.rows(torch.cat(chosen)).to(self.device)

    def _loss(self, ratings: Tensor, vector: Tensor, targets: ScorerTargets) -> Tensor:
        rated = ~targets.ratings.isnan()
        loss = functional.smooth_l1_loss(ratings[rated], targets.ratings[rated])
        loss = loss + self.parameters.teacher_weight * functional.smooth_l1_loss(ratings, targets.teacher)
        if self.trunk.imitates_dlib:
            loss = loss + self.parameters.imitation_weight * functional.mse_loss(vector, targets.vectors)
        return loss


def _optimizer(network: Scorer, parameters: ScorerHyperparameters) -> torch.optim.Optimizer:
    heads = [*network.ratings.parameters(), *network.vector.parameters()]
    trunk = [weights for weights in network.trunk.parameters() if weights.requires_grad]
    groups = [{"params": trunk}, {"params": heads}]
    return torch.optim.AdamW(groups, lr=parameters.rate, weight_decay=parameters.weight_decay)


def train_scorer(training: ScorerTraining, data: TrainingData, out: Path) -> str:
    """Train to the last step, or resume; writes the averaged network, calibrated, to `scorer.pt` in `out`.

    Returns a line on its agreement with the validation data, before calibration. Raises `CheckpointMismatch`.
    """
    out.mkdir(parents=True, exist_ok=True)
    checkpoint, steps = out / CHECKPOINT_FILE, training.parameters.steps
    if checkpoint.exists():
        training.resume(checkpoint)
    else:
        _validate(training, data.validation, out)
    progress, line = Progress("train", steps - training.next_step), "there is nothing left to learn"
    while training.next_step < steps:
        loss = training.step()
        if training.next_step % training.parameters.checkpoint_interval == 0 or training.next_step == steps:
            line = _validate(training, data.validation, out)
            training.save(checkpoint)
        progress.advance(f"loss {loss:.3f}")
    scorer = training.average.module.eval()
    calibration = no_calibration(len(training.scales.means))
    if data.calibration:
        calibration = calibrate(scorer, training.trunk, data.calibration, training.scales)
    trained = TrainedScorer(scorer, training.trunk, training.scales, calibration, data.description, data.terms)
    trained.save(out / TRAINED_SCORER_FILE)
    return line


def _validate(training: ScorerTraining, datasets: list[ScorerDataset], out: Path) -> str:
    """Log the agreement of the averaged network as it is now."""
    network = training.average.module.eval()
    found = [validate(network, training.trunk, dataset, training.scales) for dataset in datasets]
    line = f"step {training.next_step}: " + (", ".join(map(str, found)) or "no portrait is held out")
    with (out / LOG_FILE).open("a") as log:
        log.write(line + "\n")
    return line
