"""What the shipped files are worth, through the estimator's own steps: every figure that a model card quotes."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from attrai_estimator.networks.network import Networks
from attrai_estimator.steps.align import align
from attrai_estimator.steps.score import score
from numpy.typing import NDArray

from attrai_models.crops import portrayed, read_photo
from attrai_models.measure import Floats, accuracy
from attrai_models.progress import Progress
from attrai_models.ratings import MEBEAUTY, Portrait, read_ratings

RESAMPLED = 2000
"""Bootstrap samples behind each interval."""


@dataclass(frozen=True, slots=True)
class Scored:
    """Portraits with their predicted scores, shape (n,)."""

    portraits: list[Portrait]
    predicted: Floats

    @property
    def rated(self) -> Floats:
        return np.array([portrait.score for portrait in self.portraits], dtype=np.float64)

    def only(self, chosen: NDArray[np.bool_]) -> "Scored":
        """The chosen rows."""
        return Scored([self.portraits[i] for i in np.flatnonzero(chosen)], self.predicted[chosen])


def score_portraits(folder: Path, networks: Networks) -> Scored:
    """Score the `val` portraits of MEBeauty as the estimator would: one face of each photo."""
    portraits = [portrait for portrait in read_ratings(folder, MEBEAUTY) if portrait.split == "val"]
    progress, predicted = Progress("evaluate", len(portraits)), []
    for portrait in portraits:
        photo = read_photo(folder / portrait.file)
        crops = align(photo, [portrayed(photo, networks.detector)], networks.scorer.template)
        predicted.append(float(score(crops, networks.scorer)[0]))
        progress.advance()
    return Scored(portraits, np.array(predicted))


def interval(scored: Scored, seed: int = 1) -> tuple[tuple[float, float], tuple[float, float]]:
    """95 % bootstrap intervals of the correlation and of the mean absolute error."""
    draw, rated, n = np.random.default_rng(seed), scored.rated, len(scored.portraits)
    samples = [draw.integers(0, n, n) for _ in range(RESAMPLED)]
    found = [accuracy("", scored.predicted[rows], rated[rows]) for rows in samples]
    pearson, error = (
        np.percentile(values, [2.5, 97.5]) for values in zip(*((f.pearson, f.error) for f in found), strict=True)
    )
    return (float(pearson[0]), float(pearson[1])), (float(error[0]), float(error[1]))


def report(scored: Scored) -> Iterator[str]:
    """Markdown tables: the whole, the spread of the scores, and each group."""
    whole = accuracy(MEBEAUTY.name, scored.predicted, scored.rated)
    pearson, error = interval(scored)
    yield "| photos | Pearson (95 %) | mean absolute error (95 %) |\n|---|---|---|"
    yield (
        f"| {len(scored.portraits)} | {whole.pearson:.3f} ({pearson[0]:.3f} to {pearson[1]:.3f}) "
        f"| {whole.error:.3f} ({error[0]:.3f} to {error[1]:.3f}) |"
    )
    yield "\n| | 5th percentile | 95th percentile |\n|---|---|---|"
    for name, values in (("raters", scored.rated), ("predicted", scored.predicted)):
        low, high = np.percentile(values, [5, 95])
        yield f"| {name} | {low:.2f} | {high:.2f} |"
    yield "\n| group | photos | mean absolute error | mean of predicted - rated |\n|---|---|---|---|"
    yield from map(_group_line, _groups(scored))


def _groups(scored: Scored) -> Iterator[tuple[str, Scored]]:
    for group in sorted({portrait.group for portrait in scored.portraits}):
        yield group, scored.only(np.array([portrait.group == group for portrait in scored.portraits]))


def _group_line(group: tuple[str, Scored]) -> str:
    name, scored = group
    errors = scored.predicted - scored.rated
    return f"| {name} | {len(errors)} | {np.abs(errors).mean():.2f} | {errors.mean():+.2f} |"
