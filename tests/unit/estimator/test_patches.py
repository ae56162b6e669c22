import numpy as np
import pytest
from attrai_estimator.steps.patches import packed, patches
from attrai_estimator.steps.pyramid import halves
from attrai_estimator.values import Pixels
from numpy.typing import NDArray
from PIL import Image

RNG = np.random.default_rng(2)


def cut(pixels: Pixels, *boxes: tuple[float, float, float, float], side: int = 24, stretched: bool = True) -> Pixels:
    pictures = [packed(picture) for picture in halves(Image.fromarray(pixels))]
    return patches(pictures, np.array(boxes, np.float32), side, stretched=stretched)


def smooth(width: int, height: int) -> Pixels:
    return np.asarray(Image.fromarray(RNG.integers(0, 256, (6, 8, 3), dtype=np.uint8)).resize((width, height)))


@pytest.mark.parametrize("box", [(10, 20, 34, 44), (100, 50, 300, 250), (3.4, 7.7, 55.1, 59.4), (0, 0, 300, 300)])
def test_a_patch_is_the_box_at_the_networks_size(box: tuple[float, float, float, float]) -> None:
    pixels = smooth(400, 300)
    expected = Image.fromarray(pixels).resize((24, 24), Image.Resampling.BOX, box)
    assert np.abs(cut(pixels, box)[0].astype(int) - np.asarray(expected)).max() < 16


def test_many_patches_are_those_of_each_box_alone() -> None:
    pixels, corners = smooth(400, 300), RNG.uniform(-20, 200, (70, 2))
    boxes = [(x, y, x + side, y + side) for (x, y), side in zip(corners, RNG.uniform(15, 150, 70), strict=True)]
    alone = np.concatenate([cut(pixels, box) for box in boxes])
    assert np.array_equal(cut(pixels, *boxes), alone)


def test_patches_come_in_the_order_of_their_boxes_whatever_their_size() -> None:
    pixels = np.zeros((400, 400, 3), np.uint8)
    pixels[:, 200:] = (10, 200, 90)
    found = cut(pixels, (210, 10, 390, 190), (5, 5, 30, 30), (220, 220, 250, 250))
    assert [patch[12, 12].tolist() for patch in found] == [[10, 200, 90], [0, 0, 0], [10, 200, 90]]


@pytest.mark.parametrize(
    ("box", "within"),
    [
        ((-24, 20, 72, 116), (0, 20, 72, 116)),
        ((350, 250, 450, 350), (350, 250, 400, 300)),
        ((-9, -9, 209, 209), (0, 0, 209, 209)),
    ],
)
def test_of_a_box_over_the_border_what_lies_within_is_stretched(
    box: tuple[float, float, float, float], within: tuple[float, float, float, float]
) -> None:
    pixels = smooth(400, 300)
    expected = Image.fromarray(pixels).resize((24, 24), Image.Resampling.BOX, within)
    assert np.abs(cut(pixels, box)[0].astype(int) - np.asarray(expected)).max() < 16


def test_or_the_outermost_pixels_go_on() -> None:
    pixels = smooth(400, 300)
    beyond = np.pad(pixels, ((100, 100), (100, 100), (0, 0)), "edge")
    box, moved = (370, 270, 410, 310), (470, 370, 510, 410)
    assert np.array_equal(cut(pixels, box, stretched=False), cut(beyond, moved))


@pytest.mark.parametrize("stretched", [True, False])
def test_a_box_beside_the_picture_shows_its_outermost_pixels(stretched: bool) -> None:
    pixels = np.full((60, 60, 3), 90, np.uint8)
    pixels[:, 0] = 30
    assert (cut(pixels, (-24, 0, 0, 24), stretched=stretched) == 30).all()
    assert (cut(pixels, (1000, 1000, 1024, 1024), stretched=stretched) == 90).all()


def test_fine_stripes_of_a_large_face_become_grey() -> None:
    pixels = np.zeros((400, 400, 3), np.uint8)
    pixels[:, ::2] = 255
    (patch,) = cut(pixels, (0, 0, 384, 384))
    assert np.abs(patch.astype(int) - 127).max() < 3


def test_each_channel_is_averaged_by_itself() -> None:
    pixels: NDArray[np.uint8] = np.zeros((96, 96, 3), np.uint8)
    pixels[:, ::2] = (255, 3, 1)
    (patch,) = cut(pixels, (0, 0, 48, 48))
    assert patch.reshape(-1, 3).mean(axis=0) == pytest.approx([127, 1, 0.25], abs=1)
