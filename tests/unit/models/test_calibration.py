"""Calibration: scores near the middle are stretched to the raters' range, in the same order."""

import pytest
import torch
from attrai_models.networks.calibration import Calibration, fit_calibration, no_calibration
from torch import Tensor

pytestmark = pytest.mark.torch

STRETCH = Calibration(middle=(5.0, 3.0), below=(2.0, 1.0), above=(1.5, 3.0))


def raters(count: int = 2000) -> Tensor:
    """Ratings with a longer lower tail."""
    drawn = torch.randn(count, generator=torch.Generator().manual_seed(2))
    return 6 + torch.where(drawn < 0, drawn * 1.6, drawn * 0.9)


def predictions(rated: Tensor) -> Tensor:
    """Predictions near the middle that correlate with the ratings at about 0.8."""
    noise = torch.randn(len(rated), generator=torch.Generator().manual_seed(3))
    return 6.2 + 0.5 * (rated - 6) + 0.4 * noise


def test_the_percentiles_reach_those_of_the_raters() -> None:
    rated = raters()
    predicted = predictions(rated)
    stretched = fit_calibration([(predicted, rated)])(predicted[:, None])[:, 0]
    for end in (0.05, 0.95):
        wanted = rated.quantile(end) - rated.median()
        assert abs(float(stretched.quantile(end) - predicted.median() - wanted)) < 0.25


def test_order_and_middle_are_unchanged() -> None:
    rated = raters()
    predicted = predictions(rated)
    stretch = fit_calibration([(predicted, rated)])
    stretched = stretch(predicted[:, None])[:, 0]
    assert torch.equal(stretched.argsort(), predicted.argsort())
    assert float(stretched.median()) == pytest.approx(float(predicted.median()), abs=1e-5)


def test_scores_with_a_wide_range_are_not_compressed() -> None:
    rated = raters()
    stretch = fit_calibration([(rated * 2, rated)])
    assert stretch.below == stretch.above == (1.0,)


def test_each_scale_and_each_half_has_its_own_factor() -> None:
    scores = torch.tensor([[4.0, 2.0], [7.0, 4.0]])
    assert STRETCH(scores).tolist() == [[3.0, 2.0], [8.0, 6.0]]


def test_the_inverse_restores_the_scores() -> None:
    scores = torch.rand(20, 2, generator=torch.Generator().manual_seed(1)) * 9
    assert torch.allclose(STRETCH.inverse(STRETCH(scores)), scores, atol=1e-5)


def test_no_calibration_changes_nothing() -> None:
    scores = torch.tensor([[4.0, 2.0]])
    assert torch.equal(no_calibration(2)(scores), scores)
