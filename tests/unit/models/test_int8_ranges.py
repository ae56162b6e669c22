"""What int8 is scaled by."""

from pathlib import Path

import pytest
from attrai_estimator.networks.load import load_detector
from attrai_estimator.settings import WORKSPACE_MODELS
from attrai_models.export.embedder import INT8_RANGES
from attrai_models.export.int8_ranges import measure_int8_ranges

from tests.unit.models.faces import portrait

pytestmark = pytest.mark.torch


def test_each_convolution_is_looked_at_and_takes_about_what_the_shipped_ranges_say(tmp_path: Path) -> None:
    (tmp_path / "images/eileen").mkdir(parents=True)
    portrait().save(tmp_path / "images/eileen/1.jpg")
    seen = measure_int8_ranges(tmp_path, load_detector(WORKSPACE_MODELS))
    assert seen.keys() == INT8_RANGES.keys()
    for name, value in seen.items():
        assert 0.2 * INT8_RANGES[name] < value < 1.2 * INT8_RANGES[name], name
