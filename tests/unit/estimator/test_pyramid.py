import numpy as np
import pytest
from attrai_estimator.steps.atlas import CELL
from attrai_estimator.steps.pyramid import halves, level, scales
from PIL import Image


def test_the_pyramid_reaches_from_the_smallest_face_to_the_shorter_side() -> None:
    found = scales(1280, 960, 24)
    assert found[0] * 24 == pytest.approx(CELL)
    assert CELL <= found[-1] * 960 < CELL * 2**0.5 + 1e-6
    assert np.divide(found[1:], found[:-1]) == pytest.approx(0.5**0.5)


def test_a_picture_under_the_smallest_face_has_no_pyramid() -> None:
    assert scales(19, 500, 20) == []


@pytest.mark.parametrize("scale", [0.5, 0.4, 0.25, 0.5**2.5, 0.05])
def test_a_level_is_the_picture_at_its_scale(scale: float) -> None:
    ramp = np.tile(np.linspace(0, 255, 400).astype(np.uint8)[np.newaxis, :, np.newaxis], (300, 1, 3))
    pixels = level(halves(Image.fromarray(ramp)), scale)
    assert pixels.shape == (np.ceil(300 * scale), np.ceil(400 * scale), 3)
    seen = pixels.astype(float).mean(axis=(0, 2))
    assert np.abs(seen - np.linspace(0, 255, len(seen))).max() < 255 / len(seen) + 2


@pytest.mark.parametrize("size", [(1280, 960), (640, 480), (250, 250), (1001, 667)])
def test_every_second_level_is_a_half_as_it_is(size: tuple[int, int]) -> None:
    noise = np.random.default_rng(3).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    pictures = halves(Image.fromarray(noise))
    for half, scale in zip(pictures[1:], scales(*size, 24)[::2], strict=False):
        assert np.array_equal(level(pictures, scale), np.asarray(half))
