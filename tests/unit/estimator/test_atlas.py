import numpy as np
from attrai_estimator.steps.atlas import CELL, DENSE_SIDE, STRIDE, TILE, make_atlas, tiles
from attrai_estimator.values import Pixels
from hypothesis import given, settings
from hypothesis import strategies as st

SIZES = st.tuples(st.integers(12, 420), st.integers(12, 420))


@settings(max_examples=40, deadline=None)
@given(st.lists(SIZES, min_size=1, max_size=4))
def test_every_cell_of_every_level_is_seen_once_and_where_it_is(sizes: list[tuple[int, int]]) -> None:
    """Each pixel encodes its position, so that a cell's pixels show which part of a level it sees."""
    atlas = make_atlas(tuple(sizes))
    looked_at = tiles(atlas.fill([_coordinates(number, *size) for number, size in enumerate(sizes)]))
    assert looked_at.shape[1:] == (TILE, TILE, 3)
    count = (TILE - CELL) // STRIDE + 1
    corners = looked_at[:, : count * STRIDE : STRIDE, : count * STRIDE : STRIDE]
    tile, row, column = np.indices(corners.shape[:3]).reshape(3, -1)
    scales = [0.5**number for number in range(len(sizes))]
    boxes, within = atlas.windows((tile, row, column), scales)
    seen = corners.reshape(-1, 3)[within].astype(int)
    x, y = seen[:, 0] + 256 * (seen[:, 2] % 2), seen[:, 1] + 256 * (seen[:, 2] // 2 % 8)
    own = np.array(scales)[seen[:, 2] // 16]
    assert np.array_equal(boxes[within][:, :2], (np.stack([x, y], axis=1) + 1) / own[:, np.newaxis])
    strides = [STRIDE // 2 if min(size) <= DENSE_SIDE else STRIDE for size in sizes]
    cells = [
        ((w - CELL) // stride + 1) * ((h - CELL) // stride + 1) for (w, h), stride in zip(sizes, strides, strict=True)
    ]
    assert within.sum() == sum(cells)


def _coordinates(number: int, width: int, height: int) -> Pixels:
    """Red: x, green: y, both modulo 256; blue: what is left of them, and the level's number."""
    y, x = np.indices((height, width))
    return np.stack([x % 256, y % 256, x // 256 + 2 * (y // 256) + 16 * number], axis=2).astype(np.uint8)
