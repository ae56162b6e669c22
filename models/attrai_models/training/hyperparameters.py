"""The hyperparameters of a scorer's training, for each trunk."""

import math
from dataclasses import astuple, dataclass

from attrai_models.networks.trunks import DLIB, RESNET34


@dataclass(frozen=True, slots=True)
class ScorerHyperparameters:
    """How to train a scorer.

    `batch`: crops of each set in a step, the unrated last. `rate`: the trunk's peak learning rate; the heads learn
    `head_rate_factor` times as fast. `ema_decay`: of the running average, which is the result. `teacher_weight` and
    `imitation_weight`: of the losses against the teacher's targets and dlib's vectors, beside that against ratings.
    `checkpoint_interval`: in steps.
    """

    steps: int
    batch: tuple[int, ...]
    rate: float
    ema_decay: float
    head_rate_factor: float = 1.0
    teacher_weight: float = 1.0
    weight_decay: float = 0.05
    imitation_weight: float = 0.0
    seed: int = 1
    checkpoint_interval: int = 100

    def learning_rate(self, step: int) -> float:
        """Rises for a twentieth of the steps, then falls to 0 as a cosine."""
        risen = min(1.0, (step + 1) / (0.05 * self.steps))
        return self.rate * risen * 0.5 * (1 + math.cos(math.pi * step / self.steps))

    def batch_sizes(self, sets: int) -> tuple[int, ...]:
        """Crops of each set in a step; an only set fills the batch."""
        return self.batch if sets > 1 else (sum(self.batch),)

    def in_checkpoint(self) -> str:
        """The text in a checkpoint's identity; its keys are part of the file format."""
        keys = ("steps", "batch", "rate", "averaged", "head_rate", "guessed", "decay", "likeness", "seed", "kept_each")
        return str(dict(zip(keys, astuple(self), strict=True)))


SCORER_HYPERPARAMETERS = {
    RESNET34.name: ScorerHyperparameters(
        steps=1000, batch=(24, 20, 20), rate=1.5e-3, ema_decay=0.995, imitation_weight=1.0
    ),
    DLIB.name: ScorerHyperparameters(steps=450, batch=(36, 28), rate=1e-4, ema_decay=0.99, head_rate_factor=3.0),
}
