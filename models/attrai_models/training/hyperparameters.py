"""How long, how fast and from how much at a time each trunk learns."""

import math
from dataclasses import astuple, dataclass

from attrai_models.networks.trunks import DLIB, RESNET34


@dataclass(frozen=True, slots=True)
class ScorerHyperparameters:
    """How to train.

    `batch`: crops of each set in a step, the unrated last. `rate`: of the trunk; the heads learn `head_rate` times as
    fast. `guessed`, `likeness`: how much the teacher's guesses and imitating dlib count beside the ratings. `averaged`:
    decay of the running average that is kept.
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
        """Rises for a twentieth of the steps, then falls as a cosine to nothing."""
        risen = min(1.0, (step + 1) / (0.05 * self.steps))
        return self.rate * risen * 0.5 * (1 + math.cos(math.pi * step / self.steps))

    def batch_sizes(self, sets: int) -> tuple[int, ...]:
        """Crops of each of so many sets in a step; a set alone gets all."""
        return self.batch if sets > 1 else (sum(self.batch),)

    def in_checkpoint(self) -> str:
        """The text that a checkpoint must agree in; its keys are part of the file format."""
        keys = ("steps", "batch", "rate", "averaged", "head_rate", "guessed", "decay", "likeness", "seed", "kept_each")
        return str(dict(zip(keys, astuple(self), strict=True)))


SCORER_HYPERPARAMETERS = {
    RESNET34.name: ScorerHyperparameters(
        steps=1000, batch=(24, 20, 20), rate=1.5e-3, ema_decay=0.995, imitation_weight=1.0
    ),
    DLIB.name: ScorerHyperparameters(steps=450, batch=(36, 28), rate=1e-4, ema_decay=0.99, head_rate_factor=3.0),
}
