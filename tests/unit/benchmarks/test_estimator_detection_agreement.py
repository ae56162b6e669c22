import pytest

from benchmarks.estimator.answers import Corners
from benchmarks.estimator.detection_agreement import overlap


@pytest.mark.parametrize(
    ("others", "share"),
    [
        ([], 0.0),
        ([(20, 20, 30, 30)], 0.0),
        ([(0, 0, 10, 10)], 1.0),
        ([(5, 0, 15, 10)], 1 / 3),
        ([(5, 0, 15, 10), (0, 0, 10, 5)], 1 / 2),
    ],
)
def test_the_best_overlap_counts(others: list[Corners], share: float) -> None:
    assert overlap((0, 0, 10, 10), others) == pytest.approx(share)
