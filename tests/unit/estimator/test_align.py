import numpy as np
import pytest
from attrai_estimator.networks import Template
from attrai_estimator.steps.align import align, similarity
from attrai_estimator.values import Box, Detection, Photo
from numpy.typing import NDArray
from PIL import Image, ImageDraw

TEMPLATE = Template("test", 100, ((0.3, 0.4), (0.7, 0.4), (0.5, 0.6), (0.35, 0.8), (0.65, 0.8)))
POINTS = np.array(TEMPLATE.points) * TEMPLATE.size
COLOURS = ((255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0), (0, 255, 255))


def moved(points: NDArray[np.float64], degrees: float, scale: float, shift: tuple[float, float]) -> NDArray[np.float32]:
    turn = scale * np.exp(1j * np.radians(degrees))
    places = (points[:, 0] + 1j * points[:, 1]) * turn + complex(*shift)
    return np.stack([places.real, places.imag], axis=1).astype(np.float32)


def photo_of(landmarks: NDArray[np.float32], size: tuple[int, int], radius: float, shrunk: int = 1) -> Photo:
    """A white photo with a dot of a different colour at each landmark."""
    image = Image.new("RGB", size, "white")
    for (x, y), colour in zip(landmarks.tolist(), COLOURS, strict=True):
        ImageDraw.Draw(image).ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)
    return Photo(image.reduce(shrunk), *size)


def detection(landmarks: NDArray[np.float32]) -> Detection:
    return Detection(Box(0, 0, 1, 1), landmarks, 1.0)


@pytest.mark.parametrize("degrees", [0, 30, 90, 180, -75])
@pytest.mark.parametrize("scale", [0.5, 1, 3.3])
def test_landmarks_land_on_the_templates_points(degrees: float, scale: float) -> None:
    landmarks = moved(POINTS, degrees, scale, (400, 400))
    crop = align(photo_of(landmarks, (900, 900), 4 * scale), [detection(landmarks)], TEMPLATE)[0]
    for (x, y), colour in zip(POINTS.astype(int), COLOURS, strict=True):
        assert np.abs(crop[y, x].astype(int) - colour).max() < 40


def test_a_photo_decoded_smaller_gives_the_same_crop() -> None:
    landmarks = moved(POINTS, 10, 4, (150, 50))
    whole, half = (align(photo_of(landmarks, (800, 800), 20, n), [detection(landmarks)], TEMPLATE)[0] for n in (1, 2))
    assert np.abs(whole.astype(int) - half).mean() < 2


def test_crops_come_in_the_order_of_the_detections() -> None:
    image = np.zeros((200, 400, 3), np.uint8)
    image[:, 200:] = 255
    left, right = (detection(moved(POINTS, 0, 1, (x, 50))) for x in (50, 250))
    crops = align(Photo(Image.fromarray(image), 400, 200), [right, left], TEMPLATE)
    assert [crop.mean() for crop in crops] == [255, 0]


def test_what_lies_outside_the_photo_is_black() -> None:
    white = Photo(Image.new("RGB", (100, 50), "white"), 100, 50)
    crop = align(white, [detection(POINTS.astype(np.float32))], TEMPLATE)[0]
    assert crop[:48].min() == 255
    assert crop[53:].max() == 0


def test_a_large_face_shrinks_without_aliasing() -> None:
    stripes = np.zeros((800, 800, 3), np.uint8)
    stripes[:, ::2] = 255
    crop = align(Photo(Image.fromarray(stripes), 800, 800), [detection(moved(POINTS, 0, 8, (0, 0)))], TEMPLATE)[0]
    assert crop[5:-5, 5:-5].std() < 3


def test_no_detection_gives_no_crop() -> None:
    assert align(photo_of(POINTS.astype(np.float32), (100, 100), 1), [], TEMPLATE).shape == (0, 100, 100, 3)


def test_landmarks_that_coincide_give_a_crop_all_the_same() -> None:
    same = np.full((5, 2), 50, np.float32)
    assert align(photo_of(same, (100, 100), 1), [detection(same)], TEMPLATE).shape == (1, 100, 100, 3)


def test_the_fit_never_mirrors() -> None:
    mirrored = POINTS * [-1, 1]
    matrix = similarity(POINTS, mirrored, np.ones(5))
    assert np.linalg.det(matrix[:, :2]) >= 0


def test_the_fit_is_the_least_squares_one() -> None:
    noisy = POINTS + np.random.default_rng(1).normal(0, 3, POINTS.shape)
    x, y = POINTS.T
    ones, none = np.ones(5), np.zeros(5)
    system = np.concatenate([np.stack([x, -y, ones, none], 1), np.stack([y, x, none, ones], 1)])
    a, b, dx, dy = np.linalg.lstsq(system, noisy.T.ravel(), rcond=None)[0]
    assert similarity(POINTS, noisy, np.ones(5)) == pytest.approx(np.array([[a, -b, dx], [b, a, dy]]), abs=1e-6)


def test_a_point_without_weight_moves_nothing() -> None:
    spoilt = POINTS.copy()
    spoilt[4] += 50
    weights = np.array([1, 1, 1, 1, 0.0])
    assert similarity(POINTS, spoilt, weights) == pytest.approx(np.array([[1, 0, 0], [0, 1, 0]]), abs=1e-9)
