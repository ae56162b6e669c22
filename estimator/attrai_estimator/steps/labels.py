"""Part of drawing: where each face's label goes, so that it hides neither a face nor another label.

Rectangles are x0, y0, x1, y1.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

PASSES = 3
NOWHERE = 0.0
"""Of all four sides: a rectangle that hides nothing."""
ON_LABEL, ON_OTHER_FACE, ON_OWN_FACE = 100.0, 12.0, 8.0
"""Cost of a label that lies wholly on another label, on another face, on its own face."""
RINGS = (0.0, 0.7, 1.5, 2.5, 4.0)
"""Distances from the face that are tried, in heights of the label."""
FAR, LATER = 0.8, 0.02
"""Cost of each height of distance, and of each place in the order of preference."""


def place(faces: Floats, sizes: Floats, canvas: tuple[int, int]) -> Floats:
    """Choose a rectangle on the canvas (width, height) for each label, one by one, then again with all others known.

    `faces`: shape (n, 4); `sizes`: width and height of each face's label, shape (n, 2). Returns shape (n, 4).
    """
    candidates = _candidates(faces, sizes, canvas)
    costs = [_cost_of_place(*each, i, faces) for i, each in enumerate(zip(candidates, sizes, strict=True))]
    alone = np.array([places[np.argmin(cost)] for places, cost in zip(candidates, costs, strict=True)]).reshape(-1, 4)
    if (covered(alone, alone) == 1).all():  # each hides itself, none another
        return alone
    labels = np.full_like(faces, NOWHERE)
    for _ in range(PASSES):
        before = labels.copy()
        for i in range(len(faces)):
            labels[i] = NOWHERE
            labels[i] = candidates[i, np.argmin(costs[i] + ON_LABEL * covered(candidates[i], labels))]
        if np.array_equal(labels, before):
            break
    return labels


def covered(rectangles: Floats, obstacles: Floats) -> Floats:
    """How much each rectangle (n, 4) and obstacles (m, 4) hide of each other; shape (n,).

    For each obstacle it is the share of the smaller of both, so that a label may not swallow a small face either.
    """
    x0, y0, x1, y1 = rectangles.T[:, :, None]
    left, top, right, bottom = obstacles.T
    width = np.maximum(np.minimum(x1, right) - np.maximum(x0, left), 0)
    height = np.maximum(np.minimum(y1, bottom) - np.maximum(y0, top), 0)
    smaller = np.minimum(np.maximum((x1 - x0) * (y1 - y0), 1), np.maximum((right - left) * (bottom - top), 1))
    return np.asarray((width * height / smaller).sum(axis=1))


def _cost_of_place(candidates: Floats, size: Floats, index: int, faces: Floats) -> Floats:
    """What each candidate (k, 4) for the label of one of the faces costs, whatever the other labels; shape (k,)."""
    own, others = faces[index : index + 1], np.delete(faces, index, axis=0)
    cost = np.arange(len(candidates)) * LATER + FAR * _distance(candidates, own[0]) / size[1]
    return np.asarray(cost + ON_OTHER_FACE * covered(candidates, others) + ON_OWN_FACE * covered(candidates, own))


def _candidates(faces: Floats, sizes: Floats, canvas: tuple[int, int]) -> Floats:
    """Rectangles around and in each face, the preferred first, moved onto the canvas; shape (n, k, 4)."""
    start, end, size = faces[:, None, :2], faces[:, None, 2:], sizes[:, None]
    columns, rows = np.moveaxis(np.concatenate([start, (start + end - size) / 2, end - size], axis=1), 2, 0)
    away = np.array(RINGS) * sizes[:, 1:]
    (left, above), (right, below) = np.moveaxis(start - size, 2, 0) - away, np.moveaxis(end, 2, 0) + away
    around = np.empty(
        (len(faces), len(RINGS), 4, 3, 2)
    )  # of a face in a ring: above, below, right, left; three places each; x, y
    around[:, :, :2, :, 0] = columns[:, None, None]
    around[:, :, :2, :, 1] = np.stack([above, below], axis=2)[..., None]
    around[:, :, 2:, :, 0] = np.stack([right, left], axis=2)[..., None]
    around[:, :, 2:, :, 1] = rows[:, None, None]
    inside = np.empty((len(faces), 2, 3, 2))
    inside[..., 0] = columns[:, None]
    inside[..., 1] = rows[:, [2, 0], None]
    corners = np.concatenate([around.reshape(-1, 12 * len(RINGS), 2), inside.reshape(-1, 6, 2)], axis=1)
    moved = corners.clip(0, np.maximum(np.array(canvas) - size, 0))
    return np.concatenate([moved, moved + size], axis=2)


def _distance(rectangles: Floats, face: Floats) -> Floats:
    """Pixels between each rectangle and the face, 0 where they touch."""
    gaps = np.maximum(face[:2] - rectangles[:, 2:], rectangles[:, :2] - face[2:]).clip(min=0)
    return np.asarray(np.hypot(gaps[:, 0], gaps[:, 1]))
