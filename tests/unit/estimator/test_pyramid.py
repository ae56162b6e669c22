import numpy as np
import pytest
from attrai_estimator.steps.pyramid import CELL, DENSE, STRIDE, TILE, fold, halves, level, scales
from attrai_estimator.values import Pixels
from hypothesis import given, settings
from hypothesis import strategies as st
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


SIZES = st.tuples(st.integers(12, 420), st.integers(12, 420))


@settings(max_examples=40, deadline=None)
@given(st.lists(SIZES, min_size=1, max_size=4))
def test_every_cell_of_every_level_is_seen_once_and_where_it_is(sizes: list[tuple[int, int]]) -> None:
    """Each pixel says where it lies, so that a cell of a tile says what it saw."""
    sheet = fold([_coordinates(*size) for size in sizes], [1.0] * len(sizes))
    tiles = sheet.tiles()
    assert {tile.shape for tile in tiles} == {(1, TILE, TILE, 3)}
    count = (TILE - CELL) // STRIDE + 1
    corners = np.concatenate([tile[0, : count * STRIDE : STRIDE, : count * STRIDE : STRIDE] for tile in tiles])
    rows, columns = (grid.ravel() for grid in np.indices(corners.shape[:2]))
    boxes, within = sheet.windows(rows, columns)
    seen = corners.reshape(-1, 3)[within].astype(int)
    x, y = seen[:, 0] + 256 * (seen[:, 2] % 2), seen[:, 1] + 256 * (seen[:, 2] // 2)
    assert np.array_equal(boxes[within][:, :2], np.stack([x, y], axis=1) + 1)
    strides = [STRIDE // 2 if min(size) <= DENSE else STRIDE for size in sizes]
    cells = [
        ((w - CELL) // stride + 1) * ((h - CELL) // stride + 1) for (w, h), stride in zip(sizes, strides, strict=True)
    ]
    assert within.sum() == sum(cells)


def _coordinates(width: int, height: int) -> Pixels:
    """Red: x, green: y, both modulo 256; blue: what is left of them."""
    y, x = np.indices((height, width))
    return np.stack([x % 256, y % 256, x // 256 + 2 * (y // 256)], axis=2).astype(np.uint8)
