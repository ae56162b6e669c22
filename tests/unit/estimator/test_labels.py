import numpy as np
import pytest
from attrai_estimator.steps.labels import Floats, covered, place
from hypothesis import given, settings
from hypothesis import strategies as st

CANVAS = (1_280, 960)
SIZE = (72.0, 26.0)


def grid(count: int, side: float, canvas: tuple[int, int] = CANVAS) -> Floats:
    """Square faces in rows that fill the canvas."""
    columns = int(np.ceil(np.sqrt(count * canvas[0] / canvas[1])))
    rows = int(np.ceil(count / columns))
    places = [(i % columns, i // columns) for i in range(count)]
    corners = np.array([(x * canvas[0] / columns, y * canvas[1] / rows) for x, y in places])
    return np.hstack([corners, corners + side])


def labels_of(faces: Floats, canvas: tuple[int, int] = CANVAS) -> Floats:
    return place(faces, np.tile(SIZE, (len(faces), 1)), canvas)


def overlaps(labels: Floats) -> float:
    """Pairs of labels that hide each other, in shares of a label."""
    return float(covered(labels, labels).sum()) - len(labels)


@pytest.mark.parametrize(("count", "side"), [(1, 600), (4, 300), (20, 120), (60, 75), (60, 30)])
def test_in_a_crowd_labels_hide_neither_faces_nor_each_other(count: int, side: float) -> None:
    faces = grid(count, side)
    labels = labels_of(faces)
    assert overlaps(labels) == pytest.approx(0, abs=1e-9)
    assert covered(labels, faces).max() < 0.05


def test_a_label_stands_on_its_face() -> None:
    (label,) = labels_of(np.array([[400.0, 300.0, 600.0, 550.0]]))
    assert label.tolist() == [400, 300 - SIZE[1], 400 + SIZE[0], 300]


def test_at_the_upper_border_the_label_moves_below() -> None:
    (label,) = labels_of(np.array([[400.0, 0.0, 600.0, 250.0]]))
    assert label[1] == 250


def test_a_face_that_fills_the_picture_is_labelled_inside() -> None:
    (label,) = labels_of(np.array([[0.0, 0.0, *CANVAS]]))
    assert (label[:2] >= 0).all()
    assert (label[2:] <= CANVAS).all()


@pytest.mark.parametrize(
    ("face", "canvas", "corner"),
    [
        ((100, 0, 200, 100), (400, 100), (200, 0)),  # neither above nor below: to the right, at the top
        ((300, 0, 400, 100), (400, 100), (300 - SIZE[0], 0)),  # at the right border, too: to the left
        ((400, 0, 600, 900), (1000, 926), (400, 900)),  # not above: below, from the left
    ],
)
def test_places_are_taken_in_their_order(
    face: tuple[float, ...], canvas: tuple[int, int], corner: tuple[float, float]
) -> None:
    (label,) = labels_of(np.array([face], dtype=float), canvas)
    assert label[:2].tolist() == list(corner)


def test_two_faces_side_by_side_have_labels_at_their_own() -> None:
    faces = np.array([[100.0, 300.0, 160.0, 380.0], [165.0, 300.0, 225.0, 380.0]])
    first, second = labels_of(faces)
    assert overlaps(np.array([first, second])) == pytest.approx(0, abs=1e-9)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(*[st.floats(0, 1)] * 4), max_size=25), st.sampled_from([CANVAS, (960, 48), (120, 960)]))
def test_wherever_the_faces_are_labels_stay_on_the_canvas(
    places: list[tuple[float, ...]], canvas: tuple[int, int]
) -> None:
    corners = np.array(places, dtype=np.float64).reshape(-1, 2, 2) * canvas
    faces = np.hstack([corners.min(axis=1), corners.max(axis=1)])
    labels = labels_of(faces, canvas)
    assert labels.shape == faces.shape
    assert (labels[:, :2] >= 0).all()
    assert (labels[:, 2:] <= np.array(canvas) + 1e-9).all()
