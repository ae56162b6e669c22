"""Calibration: a network predicts too near the mean; its scores are stretched to the range that the raters used."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True, slots=True)
class Calibration:
    """For each scale: the middle, which stays, and the factors of distances below and above it."""

    middle: tuple[float, ...]
    below: tuple[float, ...]
    above: tuple[float, ...]

    def __call__(self, scores: Tensor) -> Tensor:
        """Stretch scores of shape (n, sets)."""
        middle, below, above = (torch.tensor(values) for values in (self.middle, self.below, self.above))
        beyond, short = (scores + -middle).relu(), (scores * -1.0 + middle).relu()
        return scores + beyond * (above - 1) + short * (1 - below)

    def inverse(self, scores: Tensor) -> Tensor:
        """The uncalibrated scores of calibrated ones, shape (n, sets)."""
        middle, below, above = (torch.tensor(values) for values in (self.middle, self.below, self.above))
        distance = scores - middle
        return middle + torch.where(distance > 0, distance / above, distance / below)


class CalibratedNetwork(nn.Module):
    """A network with its scores calibrated."""

    def __init__(self, network: nn.Module, calibration: Calibration) -> None:
        super().__init__()
        self.network, self.calibration = network, calibration

    def forward(self, crops: Tensor) -> Tensor:
        return self.calibration(self.network(crops))


def no_calibration(sets: int) -> Calibration:
    """The calibration that changes nothing."""
    return Calibration((0.0,) * sets, (1.0,) * sets, (1.0,) * sets)


def fit_calibration(scales: Sequence[tuple[Tensor, Tensor]]) -> Calibration:
    """Fit on portraits that were not trained on: for each scale their predictions and ratings, both (n,)."""
    fitted = [_fit(predicted, rated) for predicted, rated in scales]
    middles, belows, aboves = zip(*fitted, strict=True)
    return Calibration(middles, belows, aboves)


def _fit(predicted: Tensor, rated: Tensor) -> tuple[float, float, float]:
    """Compare the two distributions, not single photos: quantile by quantile, each half by itself."""
    predictions, ratings = (values.sort().values for values in (predicted, rated))
    middle, half = predictions.median(), len(predictions) // 2
    below = _factor(middle - predictions[:half], ratings.median() - ratings[:half])
    above = _factor(predictions[-half:] - middle, ratings[-half:] - ratings.median())
    return float(middle), below, above


def _factor(predicted: Tensor, rated: Tensor) -> float:
    """Least squares through the middle; at least 1, so that nothing is compressed."""
    return max(1.0, float((predicted * rated).sum() / predicted.square().sum().clamp(min=1e-9)))
