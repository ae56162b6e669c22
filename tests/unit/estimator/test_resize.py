import numpy as np
import pytest
from attrai_estimator.steps.decode import MAX_RATIO, MIN_SIDE
from attrai_estimator.steps.resize import MAX_LONG_SIDE, MIN_LONG_SIDE, resize, working_size
from attrai_estimator.values import Photo
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

SIDES = st.integers(MIN_SIDE, 8_000)


@pytest.mark.parametrize(
    ("photo", "picture"),
    [((80, 80), (960, 960)), ((1_000, 500), (1_000, 500)), ((4_000, 3_000), (1_280, 960)), ((2_000, 100), (1_280, 64))],
)
def test_the_longer_side_is_brought_into_bounds(photo: tuple[int, int], picture: tuple[int, int]) -> None:
    assert working_size(*photo) == picture


@given(SIDES, SIDES)
def test_a_photo_that_telegram_takes_stays_one(width: int, height: int) -> None:
    picture = working_size(width, height)
    assert MIN_LONG_SIDE <= max(picture) <= MAX_LONG_SIDE
    if max(width, height) <= MAX_RATIO * min(width, height):
        assert max(picture) <= MAX_RATIO * min(picture)


def test_a_photo_decoded_at_a_fraction_gives_the_size_of_the_whole() -> None:
    photo = Photo(Image.new("RGB", (2_000, 1_500)), 8_000, 6_000)
    assert resize(photo).size == (1_280, 960)


def test_fine_stripes_become_grey_instead_of_moire() -> None:
    pixels = np.zeros((2_000, 2_560, 3), np.uint8)
    pixels[:, ::2] = 255
    picture = np.asarray(resize(Photo(Image.fromarray(pixels), 2_560, 2_000)))
    assert np.abs(picture[100:-100, 100:-100].astype(int) - 127).max() < 10


def test_a_photo_of_the_right_size_is_not_copied() -> None:
    photo = Photo(Image.new("RGB", (1_280, 960)), 1_280, 960)
    assert resize(photo) is photo.image
