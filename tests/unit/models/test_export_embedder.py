"""The ranges of the embedder's int8."""

from pathlib import Path

import pytest
from attrai_estimator.networks.load import load_detector
from attrai_estimator.settings import WORKSPACE_MODELS
from attrai_models.export.embedder import INT8_RANGES, measure_int8_ranges

from tests.unit.models.faces import portrait

pytestmark = pytest.mark.torch


def test_measured_ranges_cover_every_convolution_and_are_near_the_shipped_ones(tmp_path: Path) -> None:
    (tmp_path / "images/eileen").mkdir(parents=True)
    portrait().save(tmp_path / "images/eileen/1.jpg")
    measured = measure_int8_ranges(tmp_path, load_detector(WORKSPACE_MODELS))
    assert measured.keys() == INT8_RANGES.keys()
    for name, value in measured.items():
        assert 0.2 * INT8_RANGES[name] < value < 1.2 * INT8_RANGES[name], name
