"""Statistics of the evaluation: correlation and error, their intervals, overlap of boxes."""

from pathlib import Path

import numpy as np
import pytest
from attrai_estimator.values import Box
from attrai_models.agreement import ScoredPortraits, by_group, confidence_intervals, measure_agreement
from attrai_models.data.ratings import MEBEAUTY, Portrait, read_ratings
from attrai_models.evaluation.detection import intersection_over_union, read_boxes

pytestmark = pytest.mark.torch


def scored(noise: float, count: int = 60) -> ScoredPortraits:
    rated = np.linspace(2, 9, count)
    portraits = [Portrait(f"{i}.jpg", "val", float(rate), "ab"[i % 2]) for i, rate in enumerate(rated)]
    return ScoredPortraits(portraits, rated + noise * np.random.default_rng(2).normal(size=count))


def test_a_perfect_prediction_has_correlation_1_and_no_error() -> None:
    whole = scored(0)
    found = measure_agreement("x", whole.predicted, whole.rated)
    assert found.pearson == pytest.approx(1)
    assert found.error == 0


@pytest.mark.parametrize("count", [1, 3])
def test_constant_scores_have_an_error_and_no_correlation(count: int) -> None:
    found = measure_agreement("x", np.full(count, 5.0), np.full(count, 6.0))
    assert (str(found.pearson), found.error) == ("nan", 1.0)


def test_the_interval_contains_the_figure_and_is_reproducible() -> None:
    whole = scored(2)
    found = measure_agreement("x", whole.predicted, whole.rated)
    pearson, error = confidence_intervals(whole)
    assert pearson[0] < found.pearson < pearson[1]
    assert error[0] < found.error < error[1]
    assert confidence_intervals(whole) == (pearson, error)


def test_groups_split_the_portraits() -> None:
    whole = scored(1)
    parts = dict(by_group(whole))
    assert list(parts) == ["a", "b"]
    assert parts["b"].predicted.tolist() == whole.predicted[1::2].tolist()
    assert parts["b"].rated.tolist() == whole.rated[1::2].tolist()


def test_ratings_are_read_with_their_split_and_group(tmp_path: Path) -> None:
    lines = ["file,split,score,gender,ethnicity", "a/1.jpg,val,6.5,female,asian"]
    (tmp_path / "ratings.csv").write_text("\n".join(lines))
    assert read_ratings(tmp_path, MEBEAUTY) == [Portrait("a/1.jpg", "val", 6.5, "female asian")]


def test_the_overlap_of_boxes_is_intersection_over_union() -> None:
    box = Box(0, 0, 10, 10)
    assert intersection_over_union(box, box) == 1
    assert intersection_over_union(box, Box(5, 0, 15, 10)) == pytest.approx(1 / 3)
    assert intersection_over_union(box, Box(20, 20, 30, 30)) == 0


def test_ignored_faces_are_read(tmp_path: Path) -> None:
    (tmp_path / "boxes.csv").write_text("file,left,top,right,bottom,ignore\na.jpg,1,2,3,4,0\na.jpg,5,6,7,8,1\n")
    (plain, ignored) = read_boxes(tmp_path)["a.jpg"]
    assert (plain.box, plain.ignored, ignored.ignored) == (Box(1, 2, 3, 4), False, True)
