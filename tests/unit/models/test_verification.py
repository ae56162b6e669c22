"""Face verification: thresholds, accuracies and distances of pairs."""

from pathlib import Path

import numpy as np
import pytest
from attrai_models.evaluation.verification import (
    NO_FACE_DISTANCE,
    PhotoPair,
    correct_pairs,
    fold_accuracies,
    pair_distances,
    read_pairs,
)

pytestmark = pytest.mark.torch

FOLDS = ("1", "2", "3")


def pairs(per_fold: int) -> list[PhotoPair]:
    """Alternately the same and different people."""
    return [PhotoPair(fold, (f"{fold}a{i}", f"{fold}b{i}"), i % 2 == 0) for fold in FOLDS for i in range(per_fold)]


def test_separable_distances_give_full_accuracy() -> None:
    chosen = pairs(10)
    distances = np.array([0.4 if pair.same else 0.8 for pair in chosen])
    assert fold_accuracies(distances, chosen).tolist() == [1, 1, 1]


def test_each_folds_threshold_comes_from_the_others() -> None:
    """A fold with other distances is measured with a threshold that does not fit it."""
    chosen = pairs(10)
    shift = np.array([0.3 if pair.fold == "2" else 0 for pair in chosen])
    distances = np.array([0.35 if pair.same else 0.5 for pair in chosen]) + shift
    assert fold_accuracies(distances, chosen)[1] == 0.5


def test_wrong_pairs_are_found() -> None:
    chosen = pairs(10)
    distances = np.array([0.4 if pair.same else 0.8 for pair in chosen])
    distances[3], distances[14] = 0.5, 0.9
    assert np.flatnonzero(~correct_pairs(distances, chosen)).tolist() == [14]
    distances[3] = 0.3
    assert np.flatnonzero(~correct_pairs(distances, chosen)).tolist() == [3, 14]


def test_a_pair_with_a_photo_without_a_face_counts_as_different() -> None:
    chosen = pairs(2)[:2]
    vector = np.zeros(128, np.float32)
    distances = pair_distances(chosen, {"1a0": vector, "1b0": None, "1a1": vector, "1b1": vector + np.float32(0.1)})
    assert distances[0] == NO_FACE_DISTANCE
    assert distances[1] == pytest.approx(0.1 * np.sqrt(128), abs=1e-5)


def test_pairs_are_read(tmp_path: Path) -> None:
    (tmp_path / "pairs.csv").write_text("fold,file_a,file_b,same\n1,a.jpg,b.jpg,1\n2,c.jpg,d.jpg,0\n")
    assert read_pairs(tmp_path) == [PhotoPair("1", ("a.jpg", "b.jpg"), True), PhotoPair("2", ("c.jpg", "d.jpg"), False)]
