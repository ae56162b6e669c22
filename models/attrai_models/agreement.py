"""Statistics of how well predicted scores agree with people's ratings."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attrai_models.data.ratings import Portrait

Floats = NDArray[np.float64]
BOOTSTRAP_SAMPLES = 2000


@dataclass(frozen=True, slots=True)
class Agreement:
    """Pearson's correlation (NaN if either side is constant) and the mean absolute error, on one set's scale."""

    name: str
    pearson: float
    error: float

    def __str__(self) -> str:
        return f"{self.name} r={self.pearson:.4f} mae={self.error:.3f}"


@dataclass(frozen=True, slots=True)
class ScoredPortraits:
    """Portraits with their predicted scores, shape (n,)."""

    portraits: list[Portrait]
    predicted: Floats

    @property
    def rated(self) -> Floats:
        return np.array([portrait.score for portrait in self.portraits], dtype=np.float64)

    def select(self, chosen: NDArray[np.bool_]) -> "ScoredPortraits":
        """The chosen rows."""
        return ScoredPortraits([self.portraits[i] for i in np.flatnonzero(chosen)], self.predicted[chosen])


def measure_agreement(name: str, predicted: Floats, rated: Floats) -> Agreement:
    """Compare predictions and ratings, both of shape (n,)."""
    constant = min(predicted.std(), rated.std()) == 0
    pearson = float("nan") if constant else float(np.corrcoef(predicted, rated)[0, 1])
    return Agreement(name, pearson, float(np.abs(predicted - rated).mean()))


def confidence_intervals(scored: ScoredPortraits, seed: int = 1) -> tuple[tuple[float, float], tuple[float, float]]:
    """95 % bootstrap intervals of the correlation and of the mean absolute error."""
    draw, rated, n = np.random.default_rng(seed), scored.rated, len(scored.portraits)
    samples = [draw.integers(0, n, n) for _ in range(BOOTSTRAP_SAMPLES)]
    found = [measure_agreement("", scored.predicted[rows], rated[rows]) for rows in samples]
    return _middle_95([one.pearson for one in found]), _middle_95([one.error for one in found])


def by_group(scored: ScoredPortraits) -> Iterator[tuple[str, ScoredPortraits]]:
    """The portraits of each gender and ethnicity, with the set's names."""
    for group in sorted({portrait.group for portrait in scored.portraits}):
        yield group, scored.select(np.array([portrait.group == group for portrait in scored.portraits]))


def _middle_95(values: list[float]) -> tuple[float, float]:
    low, high = np.percentile(values, [2.5, 97.5])
    return float(low), float(high)
