"""The teacher's guesses: what a portrait would be rated on each set's scale, by kernel regression on what it sees.

A guess for a rated portrait is made from the others' ratings alone, so that learning from it is no learning by heart.
"""

import torch
from torch import Tensor

REACH, RIDGE, SHARED = 0.35, 0.3, 0.4
"""Width of the kernel (over the mean squared difference of the features, in deviations), weight of the ridge, and how
far the ratings of one set speak for another's: chosen by cross-validation on `train`; see experiments.md."""
FOLDS = 5


def guess(seen: Tensor, rated: Tensor, learned: Tensor, seed: int = 1) -> Tensor:
    """Guess every portrait's rating on every scale, shape (n, sets), in the unit of `rated`.

    `seen`: shape (n, features). `rated`: shape (n, sets), in deviations from the set's mean, not a number where unrated.
    `learned`: shape (n,), the rows whose ratings may be used; their own guesses are from the other folds.
    """
    place, scale = rated[learned].isnan().logical_not().nonzero(as_tuple=True)
    row = learned.nonzero()[:, 0][place]
    standard = (seen - seen[row].mean(dim=0)) / (seen[row].std(dim=0) + 1e-6)
    likeness = torch.exp(-REACH * torch.cdist(standard, standard[row]).square() / seen.shape[1])
    kernel = likeness[row] * _shared(scale, scale)
    fold = torch.randperm(len(row), generator=torch.Generator().manual_seed(seed)) % FOLDS
    scales = torch.arange(rated.shape[1])
    guesses = _from(kernel, rated[row, scale], likeness, _shared(scales, scale))
    for held in range(FOLDS):
        own, others = fold == held, fold != held
        known = kernel[others][:, others], rated[row[others], scale[others]]
        guesses[row[own]] = _from(*known, likeness[row[own]][:, others], _shared(scales, scale[others]))
    return guesses


def _shared(a: Tensor, b: Tensor) -> Tensor:
    """How far ratings on the scales `a` speak for those on `b`, shape (len(a), len(b))."""
    return torch.where(a[:, None] == b[None, :], 1.0, SHARED)


def _from(kernel: Tensor, rated: Tensor, likeness: Tensor, shared: Tensor) -> Tensor:
    """Kernel ridge regression: shape (n, sets) from likenesses (n, known) and their part for each scale (sets, known)."""
    weights = torch.linalg.solve(kernel + RIDGE * torch.eye(len(kernel)), rated)
    return likeness @ (weights * shared).T
