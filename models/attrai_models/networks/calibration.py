"""Calibration: a network guesses towards the middle; its scores are stretched until they use the scale as raters do."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True, slots=True)
class Calibration:
    """For each scale the middle, which stays, and by what distances from it grow below and above."""

    middle: tuple[float, ...]
    below: tuple[float, ...]
    above: tuple[float, ...]

    def __call__(self, scores: Tensor) -> Tensor:
        """Stretch scores of shape (n, sets)."""
        middle, below, above = (torch.tensor(values) for values in (self.middle, self.below, self.above))
        beyond, short = (scores + -middle).relu(), (scores * -1.0 + middle).relu()
        return scores + beyond * (above - 1) + short * (1 - below)

    def inverse(self, scores: Tensor) -> Tensor:
        """What the network said before, from stretched scores of shape (n, sets)."""
        middle, below, above = (torch.tensor(values) for values in (self.middle, self.below, self.above))
        away = scores - middle
        return middle + torch.where(away > 0, away / above, away / below)


class CalibratedNetwork(nn.Module):
    """A network whose scores are stretched."""

    def __init__(self, network: nn.Module, stretch: Calibration) -> None:
        super().__init__()
        self.network, self.stretch = network, stretch

    def forward(self, crops: Tensor) -> Tensor:
        return self.stretch(self.network(crops))


def no_calibration(sets: int) -> Calibration:
    """The stretch that changes nothing."""
    return Calibration((0.0,) * sets, (1.0,) * sets, (1.0,) * sets)


def fit_calibration(scales: Sequence[tuple[Tensor, Tensor]]) -> Calibration:
    """Fit from predictions and ratings, both of shape (n,), of portraits that were not learned from; a pair a scale."""
    fitted = [_fit(predicted, rated) for predicted, rated in scales]
    middles, belows, aboves = zip(*fitted, strict=True)
    return Calibration(middles, belows, aboves)


def _fit(predicted: Tensor, rated: Tensor) -> tuple[float, float, float]:
    """Compare the two distributions, not the single photos: quantile by quantile, each half by itself."""
    guesses, ratings = (values.sort().values for values in (predicted, rated))
    middle, half = guesses.median(), len(guesses) // 2
    below = _factor(middle - guesses[:half], ratings.median() - ratings[:half])
    above = _factor(guesses[-half:] - middle, ratings[-half:] - ratings.median())
    return float(middle), below, above


def _factor(found: Tensor, wanted: Tensor) -> float:
    """Least squares through the middle; never a squeeze."""
    return max(1.0, float((found * wanted).sum() / found.square().sum().clamp(min=1e-9)))
