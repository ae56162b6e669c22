"""How long, how fast and from how much at a time each trunk learns."""

import math
from dataclasses import dataclass

from attrai_models.networks.trunks import DLIB, RESNET34


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to train.

    `batch`: crops of each set in a step, the unrated last. `rate`: of the trunk; the heads learn `head_rate` times as
    fast. `guessed`, `likeness`: how much the teacher's guesses and imitating dlib count beside the ratings. `averaged`:
    decay of the running average that is kept.
    """

    steps: int
    batch: tuple[int, ...]
    rate: float
    averaged: float
    head_rate: float = 1.0
    guessed: float = 1.0
    decay: float = 0.05
    likeness: float = 0.0
    seed: int = 1
    kept_each: int = 100

    def rate_at(self, step: int) -> float:
        """Rises for a twentieth of the steps, then falls as a cosine to nothing."""
        risen = min(1.0, (step + 1) / (0.05 * self.steps))
        return self.rate * risen * 0.5 * (1 + math.cos(math.pi * step / self.steps))

    def shares(self, sets: int) -> tuple[int, ...]:
        """Crops of each of so many sets in a step; a set alone gets all."""
        return self.batch if sets > 1 else (sum(self.batch),)


RECIPES = {
    RESNET34.name: Recipe(steps=1000, batch=(24, 20, 20), rate=1.5e-3, averaged=0.995, likeness=1.0),
    DLIB.name: Recipe(steps=450, batch=(36, 28), rate=1e-4, averaged=0.99, head_rate=3.0),
}
