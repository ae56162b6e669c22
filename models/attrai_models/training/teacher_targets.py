"""The teacher's guesses: what a portrait would be rated on each set's scale, by kernel regression on what it sees.

A guess for a rated portrait is made from the others' ratings alone, so that learning from it is no learning by heart.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

KERNEL_SCALE, RIDGE_WEIGHT, CROSS_SET_WEIGHT = 0.35, 0.3, 0.4
"""Width of the kernel (over the mean squared difference of the features, in deviations), weight of the ridge, and how
far the ratings of one set speak for another's: chosen by cross-validation on `train`; see experiments.md."""
FOLDS = 5
MIN_DEVIATION_RATIO = 0.1
"""Of the median one: features that hardly differ must not decide."""


@dataclass(frozen=True, slots=True)
class Standardizer:
    """Mean and deviation of features, each of shape (features,)."""

    mean: Tensor
    deviation: Tensor

    def __call__(self, seen: Tensor) -> Tensor:
        """The features in deviations from their means."""
        return (seen - self.mean) / self.deviation


def fit_standardizer(seen: Tensor) -> Standardizer:
    """Measure features of shape (n, features)."""
    deviation = seen.std(dim=0)
    return Standardizer(
        seen.mean(dim=0), deviation.clamp(min=max(1e-6, MIN_DEVIATION_RATIO * float(deviation.median())))
    )


@dataclass(frozen=True, slots=True)
class RatedFeatures:
    """One rating a row: what is seen, in deviations, shape (n, features); the scale, shape (n,); the rating, shape (n,)."""

    seen: Tensor
    scale: Tensor
    rating: Tensor

    def select(self, chosen: Tensor) -> "RatedFeatures":
        """Those rows."""
        return RatedFeatures(self.seen[chosen], self.scale[chosen], self.rating[chosen])


@dataclass(frozen=True, slots=True)
class KernelRegression:
    """Kernel ridge regression on all scales at once: `known`, shape (n, features), `weights`, shape (n, sets)."""

    known: Tensor
    weights: Tensor

    def __call__(self, seen: Tensor) -> Tensor:
        """Guess on every scale, shape (m, sets), from standardized features of shape (m, features)."""
        return _likeness(seen, self.known) @ self.weights


def fit_kernel_regression(rated: RatedFeatures, sets: int) -> KernelRegression:
    """Solve for the teacher of these ratings."""
    kernel = _likeness(rated.seen, rated.seen) * _shared(rated.scale, rated.scale)
    solved = torch.linalg.solve(kernel + RIDGE_WEIGHT * torch.eye(len(kernel)), rated.rating)
    return KernelRegression(rated.seen, solved[:, None] * _shared(rated.scale, torch.arange(sets)))


def rated_features(seen: Tensor, rated: Tensor, learned: Tensor) -> tuple[Tensor, RatedFeatures]:
    """Row numbers and ratings of the `learned` rows, from ratings (n, sets) that are not a number where unrated."""
    place, scale = rated[learned].isnan().logical_not().nonzero(as_tuple=True)
    row = learned.nonzero()[:, 0][place]
    return row, RatedFeatures(seen[row], scale, rated[row, scale])


def teacher_targets(seen: Tensor, rated: Tensor, learned: Tensor, seed: int = 1) -> Tensor:
    """Guess every portrait's rating on every scale, shape (n, sets), in the unit of `rated`.

    `seen`: shape (n, features). `rated`: shape (n, sets), in deviations from the set's mean, not a number where unrated.
    `learned`: shape (n,), the rows whose ratings may be used; their own guesses are from the other folds.
    """
    seen = fit_standardizer(seen[learned])(seen)
    row, known = rated_features(seen, rated, learned)
    fold = torch.randperm(len(row), generator=torch.Generator().manual_seed(seed)) % FOLDS
    guesses = fit_kernel_regression(known, rated.shape[1])(seen)
    for held in range(FOLDS):
        own = row[fold == held]
        guesses[own] = fit_kernel_regression(known.select(fold != held), rated.shape[1])(seen[own])
    return guesses


def _likeness(a: Tensor, b: Tensor) -> Tensor:
    return torch.exp(-KERNEL_SCALE * torch.cdist(a, b).square() / a.shape[1])


def _shared(a: Tensor, b: Tensor) -> Tensor:
    """How far ratings on the scales `a` speak for those on `b`, shape (len(a), len(b))."""
    return torch.where(a[:, None] == b[None, :], 1.0, CROSS_SET_WEIGHT)
