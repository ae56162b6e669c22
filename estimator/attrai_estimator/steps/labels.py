"""Part of annotation: places each face's label so that it hides neither a face nor another label.

Rectangles are x0, y0, x1, y1.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

PLACEMENT_PASSES = 3
UNPLACED = 0.0
"""All four sides of a rectangle that hides nothing."""
LABEL_COST, OTHER_FACE_COST, OWN_FACE_COST = 100.0, 12.0, 8.0
"""Cost of a label wholly on another label, on another face, on its own face."""
RING_DISTANCES = (0.0, 0.7, 1.5, 2.5, 4.0)
"""Distances from the face to try, in label heights."""
DISTANCE_COST, ORDER_COST = 0.8, 0.02
"""Cost of each label height of distance, and of each step down the order of preference."""


def place(faces: Floats, sizes: Floats, canvas: tuple[int, int]) -> Floats:
    """Choose a rectangle on the canvas (width, height) for each label, one by one, then again with the others placed.

    `faces`: shape (n, 4); `sizes`: width and height of each face's label, shape (n, 2). Returns shape (n, 4).
    """
    candidates = _candidates(faces, sizes, canvas)
    costs = [_cost_of_place(*each, i, faces) for i, each in enumerate(zip(candidates, sizes, strict=True))]
    alone = np.array([places[np.argmin(cost)] for places, cost in zip(candidates, costs, strict=True)]).reshape(-1, 4)
    if (covered(alone, alone) == 1).all():  # each covers itself alone
        return alone
    labels = np.full_like(faces, UNPLACED)
    for _ in range(PLACEMENT_PASSES):
        before = labels.copy()
        for i in range(len(faces)):
            labels[i] = UNPLACED
            labels[i] = candidates[i, np.argmin(costs[i] + LABEL_COST * covered(candidates[i], labels))]
        if np.array_equal(labels, before):
            break
    return labels


def covered(rectangles: Floats, obstacles: Floats) -> Floats:
    """How much each rectangle (n, 4) overlaps obstacles (m, 4), summed; shape (n,).

    Each overlap is a share of the smaller of both: a label must not cover a small face either.
    """
    x0, y0, x1, y1 = rectangles.T[:, :, None]
    left, top, right, bottom = obstacles.T
    width = np.maximum(np.minimum(x1, right) - np.maximum(x0, left), 0)
    height = np.maximum(np.minimum(y1, bottom) - np.maximum(y0, top), 0)
    smaller = np.minimum(np.maximum((x1 - x0) * (y1 - y0), 1), np.maximum((right - left) * (bottom - top), 1))
    return np.asarray((width * height / smaller).sum(axis=1))


def _cost_of_place(candidates: Floats, size: Floats, index: int, faces: Floats) -> Floats:
    """The cost of each candidate (k, 4) for one face's label, without the other labels; shape (k,)."""
    own, others = faces[index : index + 1], np.delete(faces, index, axis=0)
    cost = np.arange(len(candidates)) * ORDER_COST + DISTANCE_COST * _distance(candidates, own[0]) / size[1]
    return np.asarray(cost + OTHER_FACE_COST * covered(candidates, others) + OWN_FACE_COST * covered(candidates, own))


def _candidates(faces: Floats, sizes: Floats, canvas: tuple[int, int]) -> Floats:
    """Rectangles around and inside each face, in order of preference, moved onto the canvas; shape (n, k, 4)."""
    start, end, size = faces[:, None, :2], faces[:, None, 2:], sizes[:, None]
    columns, rows = np.moveaxis(np.concatenate([start, (start + end - size) / 2, end - size], axis=1), 2, 0)
    away = np.array(RING_DISTANCES) * sizes[:, 1:]
    (left, above), (right, below) = np.moveaxis(start - size, 2, 0) - away, np.moveaxis(end, 2, 0) + away
    around = np.empty(
        (len(faces), len(RING_DISTANCES), 4, 3, 2)
    )  # of a face in a ring: above, below, right, left; three places each; x, y
    around[:, :, :2, :, 0] = columns[:, None, None]
    around[:, :, :2, :, 1] = np.stack([above, below], axis=2)[..., None]
    around[:, :, 2:, :, 0] = np.stack([right, left], axis=2)[..., None]
    around[:, :, 2:, :, 1] = rows[:, None, None]
    inside = np.empty((len(faces), 2, 3, 2))
    inside[..., 0] = columns[:, None]
    inside[..., 1] = rows[:, [2, 0], None]
    corners = np.concatenate([around.reshape(-1, 12 * len(RING_DISTANCES), 2), inside.reshape(-1, 6, 2)], axis=1)
    moved = corners.clip(0, np.maximum(np.array(canvas) - size, 0))
    return np.concatenate([moved, moved + size], axis=2)


def _distance(rectangles: Floats, face: Floats) -> Floats:
    """Pixels between each rectangle and the face; 0 if they touch."""
    gaps = np.maximum(face[:2] - rectangles[:, 2:], rectangles[:, :2] - face[2:]).clip(min=0)
    return np.asarray(np.hypot(gaps[:, 0], gaps[:, 1]))
