"""The teacher's guesses: what a portrait would be rated on each set's scale, by kernel regression on what it sees.

A guess for a rated portrait is made from the others' ratings alone, so that learning from it is no learning by heart.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

REACH, RIDGE, SHARED = 0.35, 0.3, 0.4
"""Width of the kernel (over the mean squared difference of the features, in deviations), weight of the ridge, and how
far the ratings of one set speak for another's: chosen by cross-validation on `train`; see experiments.md."""
FOLDS = 5
LEAST_DEVIATION = 0.1
"""Of the median one: features that hardly differ must not decide."""


@dataclass(frozen=True, slots=True)
class Standard:
    """Mean and deviation of features, each of shape (features,)."""

    mean: Tensor
    deviation: Tensor

    def __call__(self, seen: Tensor) -> Tensor:
        """The features in deviations from their means."""
        return (seen - self.mean) / self.deviation


def standard_of(seen: Tensor) -> Standard:
    """Measure features of shape (n, features)."""
    deviation = seen.std(dim=0)
    return Standard(seen.mean(dim=0), deviation.clamp(min=max(1e-6, LEAST_DEVIATION * float(deviation.median()))))


@dataclass(frozen=True, slots=True)
class Rated:
    """One rating a row: what is seen, in deviations, shape (n, features); the scale, shape (n,); the rating, shape (n,)."""

    seen: Tensor
    scale: Tensor
    rating: Tensor

    def only(self, chosen: Tensor) -> "Rated":
        """Those rows."""
        return Rated(self.seen[chosen], self.scale[chosen], self.rating[chosen])


@dataclass(frozen=True, slots=True)
class Teacher:
    """Kernel ridge regression on all scales at once: `known`, shape (n, features), `weights`, shape (n, sets)."""

    known: Tensor
    weights: Tensor

    def __call__(self, seen: Tensor) -> Tensor:
        """Guess on every scale, shape (m, sets), from standardized features of shape (m, features)."""
        return _likeness(seen, self.known) @ self.weights


def taught(rated: Rated, sets: int) -> Teacher:
    """Solve for the teacher of these ratings."""
    kernel = _likeness(rated.seen, rated.seen) * _shared(rated.scale, rated.scale)
    solved = torch.linalg.solve(kernel + RIDGE * torch.eye(len(kernel)), rated.rating)
    return Teacher(rated.seen, solved[:, None] * _shared(rated.scale, torch.arange(sets)))


def rated_rows(seen: Tensor, rated: Tensor, learned: Tensor) -> tuple[Tensor, Rated]:
    """Row numbers and ratings of the `learned` rows, from ratings (n, sets) that are not a number where unrated."""
    place, scale = rated[learned].isnan().logical_not().nonzero(as_tuple=True)
    row = learned.nonzero()[:, 0][place]
    return row, Rated(seen[row], scale, rated[row, scale])


def guess(seen: Tensor, rated: Tensor, learned: Tensor, seed: int = 1) -> Tensor:
    """Guess every portrait's rating on every scale, shape (n, sets), in the unit of `rated`.

    `seen`: shape (n, features). `rated`: shape (n, sets), in deviations from the set's mean, not a number where unrated.
    `learned`: shape (n,), the rows whose ratings may be used; their own guesses are from the other folds.
    """
    seen = standard_of(seen[learned])(seen)
    row, known = rated_rows(seen, rated, learned)
    fold = torch.randperm(len(row), generator=torch.Generator().manual_seed(seed)) % FOLDS
    guesses = taught(known, rated.shape[1])(seen)
    for held in range(FOLDS):
        own = row[fold == held]
        guesses[own] = taught(known.only(fold != held), rated.shape[1])(seen[own])
    return guesses


def _likeness(a: Tensor, b: Tensor) -> Tensor:
    return torch.exp(-REACH * torch.cdist(a, b).square() / a.shape[1])


def _shared(a: Tensor, b: Tensor) -> Tensor:
    """How far ratings on the scales `a` speak for those on `b`, shape (len(a), len(b))."""
    return torch.where(a[:, None] == b[None, :], 1.0, SHARED)
