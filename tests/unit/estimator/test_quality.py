import io
from pathlib import Path

import numpy as np
import pytest
from attrai_estimator.steps.quality import HIGHLIGHTS_PERCENTILE, assess, highlights, outside, sharpness, turn
from attrai_estimator.values import Box, Detection, Photo
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from tests.hostile.pictures import FACE

SAMPLE = Path(__file__).parents[3] / "playground/attrai_playground/sample/astronauts.jpg"
LANDMARKS = np.array([[586, 296], [652, 299], [618, 338], [584, 358], [646, 361]], np.float32) - FACE[:2]
BOX = (547 - FACE[0], 233 - FACE[1], 684 - FACE[0], 408 - FACE[1])


@pytest.fixture(scope="module")
def image() -> Image.Image:
    with Image.open(SAMPLE) as whole:
        return whole.convert("RGB").crop(FACE)


def reasons(
    image: Image.Image, landmarks: NDArray[np.float32] = LANDMARKS, box: tuple[float, ...] = BOX
) -> tuple[str, ...]:
    photo = Photo(image, image.width, image.height)
    return assess(photo, Detection(Box(*box), landmarks, 0.99)).reasons


def test_a_good_face_has_no_reason_and_all_measures(image: Image.Image) -> None:
    quality = assess(Photo(image, *image.size), Detection(Box(*BOX), LANDMARKS, 0.99))
    assert quality.reasons == ()
    assert list(quality.measures) == ["side", "sharpness", "turn", "outside", "brightness"]
    assert quality.measures["side"] == 137


def test_a_blurred_face_is_gated(image: Image.Image) -> None:
    assert reasons(image.filter(ImageFilter.GaussianBlur(0.01 * 137))) == ()
    assert reasons(image.filter(ImageFilter.GaussianBlur(0.04 * 137))) == ("blurred",)


def test_a_dark_face_is_gated_a_dim_one_is_not(image: Image.Image) -> None:
    assert reasons(image.point(lambda value: value // 3)) == ()
    assert reasons(image.point(lambda value: value // 8)) == ("too_dark",)


def test_a_small_face_is_gated(image: Image.Image) -> None:
    scale = 20 / 137
    small = image.resize((round(image.width * scale), round(image.height * scale)), Image.Resampling.LANCZOS)
    assert reasons(small, LANDMARKS * np.float32(scale), tuple(side * scale for side in BOX)) == ("too_small",)


def test_the_size_counts_in_pixels_of_the_photo_not_of_what_was_decoded(image: Image.Image) -> None:
    photo = Photo(image, image.width * 4, image.height * 4)
    quality = assess(photo, Detection(Box(*(4 * side for side in BOX)), LANDMARKS * 4, 0.99))
    assert quality.reasons == ()
    assert quality.measures["side"] == 4 * 137
    assert quality.measures["sharpness"] > 0.2


@pytest.mark.parametrize("part", [(200, 0, 420, 560), (0, 0, 420, 240), (0, 180, 420, 560)])
def test_a_face_that_the_border_cuts_is_gated(image: Image.Image, part: tuple[int, int, int, int]) -> None:
    left, top = part[:2]
    moved = (BOX[0] - left, BOX[1] - top, BOX[2] - left, BOX[3] - top)
    assert "cut_off" in reasons(image.crop(part), LANDMARKS - np.array([left, top], np.float32), moved)


def test_a_profile_is_gated(image: Image.Image) -> None:
    turned = LANDMARKS.copy()
    turned[2, 0] = turned[1, 0] + 20
    assert reasons(image, turned) == ("turned_away",)


@pytest.mark.parametrize("degrees", [0, 30, 90, 180])
def test_turning_the_head_in_the_picture_is_no_turn_to_a_side(degrees: float) -> None:
    angle = np.radians(degrees)
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    assert turn((LANDMARKS @ rotation).astype(np.float32)) == pytest.approx(turn(LANDMARKS), abs=1e-4)


def test_the_turn_is_measured_in_half_eye_distances() -> None:
    landmarks = np.array([[0, 0], [10, 0], [10, 8], [1, 12], [9, 12]], np.float32)
    assert turn(landmarks) == pytest.approx(1)
    assert turn(np.zeros((5, 2), np.float32)) == 0


def test_sharpness_does_not_depend_on_contrast() -> None:
    grey = np.random.default_rng(0).normal(128, 30, (64, 48)).astype(np.float32)
    assert sharpness(grey / np.float32(3)) == pytest.approx(sharpness(grey), rel=1e-3)
    assert sharpness(np.full((64, 48), 77, np.float32)) == 0


@given(arrays(np.float32, array_shapes(min_dims=2, max_dims=2, max_side=12), elements=st.integers(0, 255)))
@settings(deadline=None)
def test_highlights_are_the_percentile(grey: NDArray[np.float32]) -> None:
    below, above = (np.percentile(grey, HIGHLIGHTS_PERCENTILE, method=method) for method in ("lower", "higher"))
    assert highlights(grey) in {float(below), float(above)}


@pytest.mark.parametrize(
    ("box", "share"),
    [(Box(0, 0, 10, 10), 0), (Box(-5, 0, 5, 10), 0.5), (Box(95, 95, 105, 105), 0.75), (Box(200, 0, 210, 10), 1)],
)
def test_the_share_over_the_border(box: Box, share: float) -> None:
    assert outside(box, 100, 100) == pytest.approx(share)


def test_a_box_without_any_pixel_on_the_photo_is_measured_too() -> None:
    pixels = Photo(Image.new("RGB", (50, 50)), 50, 50)
    for box in (Box(60, 60, 90, 90), Box(-40, -40, -10, -10), Box(10, 10, 10, 10)):
        assert "cut_off" in assess(pixels, Detection(box, LANDMARKS, 0.7)).reasons


def test_the_face_is_the_one_that_is_assessed() -> None:
    file = io.BytesIO()
    Image.effect_noise((200, 200), 80).convert("RGB").save(file, "PNG")
    noise = Image.open(file)
    noise.paste((40, 40, 40), (100, 0, 200, 200))
    landmarks = np.array([[30, 60], [60, 60], [45, 80], [33, 100], [57, 100]], np.float32)
    assert reasons(noise, landmarks, (10, 40, 80, 120)) == ()
    assert reasons(noise, landmarks + np.array([100, 0], np.float32), (110, 40, 180, 120)) == ("blurred",)
