"""The scorer's teacher: a kernel regression from teacher features to ratings on every set's scale.

Its predictions are targets beside the ratings. Those of a rated portrait come from other portraits' ratings alone, so
that they add information. dlib's trunk also starts with a head that copies the teacher's function.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from attrai_models.networks.scorer import Head

KERNEL_SCALE = 0.35
"""Of the mean squared difference of standardized features. This and the next two were chosen by cross-validation on
`train`; see experiments.md."""
RIDGE_WEIGHT = 0.3
CROSS_SET_WEIGHT = 0.4
"""The weight of one set's ratings for another set's scale."""
FOLDS = 5
MIN_DEVIATION_RATIO = 0.1
"""Of the median deviation: features that hardly differ must not decide."""

DISTILLATION_STEPS, DISTILLATION_BATCH, DISTILLATION_RATE = 400, 512, 2e-3
MAX_BLEND = 0.5
"""The largest share of another portrait in a blended one."""
MAX_NOISE = 0.2
"""The largest noise on a blended portrait, in deviations."""


@dataclass(frozen=True, slots=True)
class Standardizer:
    """Mean and standard deviation of features, both of shape (features,)."""

    mean: Tensor
    deviation: Tensor

    def __call__(self, features: Tensor) -> Tensor:
        """The features in deviations from their means."""
        return (features - self.mean) / self.deviation


def fit_standardizer(features: Tensor) -> Standardizer:
    """Measure features of shape (n, features)."""
    deviation = features.std(dim=0)
    least = max(1e-6, MIN_DEVIATION_RATIO * float(deviation.median()))
    return Standardizer(features.mean(dim=0), deviation.clamp(min=least))


@dataclass(frozen=True, slots=True)
class RatedFeatures:
    """One rating a row: standardized features (n, features), the number of its scale (n,), the rating (n,)."""

    features: Tensor
    scale: Tensor
    rating: Tensor

    def select(self, chosen: Tensor) -> "RatedFeatures":
        """The chosen rows."""
        return RatedFeatures(self.features[chosen], self.scale[chosen], self.rating[chosen])


@dataclass(frozen=True, slots=True)
class KernelRegression:
    """Kernel ridge regression on all scales at once: known features (n, features) and their weights (n, sets)."""

    known: Tensor
    weights: Tensor

    def __call__(self, features: Tensor) -> Tensor:
        """Predict on every scale, shape (m, sets), from standardized features of shape (m, features)."""
        return _kernel(features, self.known) @ self.weights


def fit_kernel_regression(rated: RatedFeatures, sets: int) -> KernelRegression:
    """Solve for the regression of these ratings."""
    kernel = _kernel(rated.features, rated.features) * _scale_weights(rated.scale, rated.scale)
    solved = torch.linalg.solve(kernel + RIDGE_WEIGHT * torch.eye(len(kernel)), rated.rating)
    return KernelRegression(rated.features, solved[:, None] * _scale_weights(rated.scale, torch.arange(sets)))


def rated_features(features: Tensor, ratings: Tensor, usable: Tensor) -> tuple[Tensor, RatedFeatures]:
    """Row numbers and ratings of the `usable` rows, from ratings (n, sets) that are NaN where unrated."""
    place, scale = ratings[usable].isnan().logical_not().nonzero(as_tuple=True)
    row = usable.nonzero()[:, 0][place]
    return row, RatedFeatures(features[row], scale, ratings[row, scale])


def teacher_targets(features: Tensor, ratings: Tensor, usable: Tensor, seed: int = 1) -> Tensor:
    """Predict every portrait's rating on every scale, shape (n, sets), in the unit of `ratings`.

    `features`: shape (n, features). `ratings`: shape (n, sets), in deviations from the set's mean, NaN where unrated.
    `usable`: shape (n,), the rows whose ratings may be used. Their own targets come from the other folds.
    """
    features = fit_standardizer(features[usable])(features)
    row, known = rated_features(features, ratings, usable)
    fold = torch.randperm(len(row), generator=torch.Generator().manual_seed(seed)) % FOLDS
    targets = fit_kernel_regression(known, ratings.shape[1])(features)
    for held_out in range(FOLDS):
        own = row[fold == held_out]
        targets[own] = fit_kernel_regression(known.select(fold != held_out), ratings.shape[1])(features[own])
    return targets


def _kernel(a: Tensor, b: Tensor) -> Tensor:
    return torch.exp(-KERNEL_SCALE * torch.cdist(a, b).square() / a.shape[1])


def _scale_weights(a: Tensor, b: Tensor) -> Tensor:
    """The weight of ratings on the scales `a` for those on `b`, shape (len(a), len(b))."""
    return torch.where(a[:, None] == b[None, :], 1.0, CROSS_SET_WEIGHT)


def initialize_head(head: Head, features: Tensor, ratings: Tensor, seed: int) -> None:
    """Start the head of dlib's trunk as a copy of the teacher with the trunk's features, shape (n, 704)."""
    standardizer = fit_standardizer(features)
    _, known = rated_features(standardizer(features), ratings, torch.ones(len(features), dtype=torch.bool))
    distill(head, fit_kernel_regression(known, ratings.shape[1]), standardizer, seed)


def distill(head: Head, teacher: KernelRegression, standardizer: Standardizer, seed: int) -> None:
    """Train a head to predict as the teacher does, on blends of portraits.

    The head learns the teacher's function, not its portraits: no person's features are in the weights.
    """
    head.eval().standardize(standardizer.mean, standardizer.deviation)
    draw = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.AdamW(head.parameters(), lr=DISTILLATION_RATE, weight_decay=1e-3)
    for step in range(DISTILLATION_STEPS):
        rate = DISTILLATION_RATE * 0.5 * (1 + math.cos(math.pi * step / DISTILLATION_STEPS))
        optimizer.param_groups[0]["lr"] = rate
        blended = _blended(teacher.known, draw)
        predicted = head(blended / head.gain + head.mean)
        loss = functional.mse_loss(predicted, teacher(blended))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def _blended(known: Tensor, draw: torch.Generator) -> Tensor:
    one, other = torch.randint(len(known), (2, DISTILLATION_BATCH), generator=draw)
    part = torch.rand(DISTILLATION_BATCH, 1, generator=draw) * MAX_BLEND
    noise = torch.randn(DISTILLATION_BATCH, known.shape[1], generator=draw)
    noise = noise * torch.rand(DISTILLATION_BATCH, 1, generator=draw) * MAX_NOISE
    return torch.lerp(known[one], known[other], part) + noise
