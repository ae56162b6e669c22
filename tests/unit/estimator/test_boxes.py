import numpy as np
import pytest
from attrai_estimator.steps.boxes import regress, squared, suppress

ABOVE, SAME, APART = [0, 0, 10, 10], [0, 0, 10, 9], [20, 20, 30, 30]


def boxes(*rows: list[float]) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    return np.array(rows, dtype=np.float32)


def test_an_offset_moves_each_edge_in_units_of_the_box_sides() -> None:
    moved = regress(boxes([10, 10, 30, 50]), boxes([-0.5, 0.25, 0, 1]))
    assert moved.tolist() == [[0, 20, 30, 90]]


def test_a_squared_box_keeps_its_centre_and_longer_side() -> None:
    assert squared(boxes([0, 0, 10, 30])).tolist() == [[-10, 0, 20, 30]]


def test_of_two_boxes_on_one_face_the_likelier_stays() -> None:
    kept = suppress(boxes(ABOVE, SAME, APART), np.array([0.8, 0.9, 0.7], np.float32), 0.5)
    assert kept.tolist() == [1, 2]


@pytest.mark.parametrize(("of_smaller", "left"), [(False, [0, 1]), (True, [0])])
def test_a_small_box_inside_a_large_one_counts_as_overlap_only_by_its_own_area(
    of_smaller: bool, left: list[int]
) -> None:
    inside = boxes([0, 0, 100, 100], [10, 10, 30, 30])
    kept = suppress(inside, np.array([0.9, 0.8], np.float32), 0.7, of_smaller=of_smaller)
    assert kept.tolist() == left


def test_no_boxes_give_no_boxes() -> None:
    assert suppress(np.empty((0, 4), np.float32), np.empty(0, np.float32), 0.5).tolist() == []
