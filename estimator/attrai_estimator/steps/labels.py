"""Part of drawing: where each face's label goes, so that it hides neither a face nor another label.

Rectangles are x0, y0, x1, y1.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
"""Shape (n, 4) for rectangles, (n, 2) for sizes and corners."""

PASSES = 3
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
    labels = np.full_like(faces, np.nan)
    for _ in range(PASSES):
        before = labels.copy()
        for i in range(len(faces)):
            candidates, cost = _candidates(faces[i], sizes[i], canvas)
            others = np.delete(labels, i, axis=0)
            cost += ON_LABEL * covered(candidates, others[~np.isnan(others[:, 0])])
            cost += ON_OTHER_FACE * covered(candidates, np.delete(faces, i, axis=0))
            cost += ON_OWN_FACE * covered(candidates, faces[i : i + 1])
            labels[i] = candidates[np.argmin(cost)]
        if np.array_equal(labels, before):
            break
    return labels


def covered(rectangles: Floats, obstacles: Floats) -> Floats:
    """How much each rectangle (n, 4) and obstacles (m, 4) hide of each other; shape (n,).

    For each obstacle it is the share of the smaller of both, so that a label may not swallow a small face either.
    """
    corner = np.minimum(rectangles[:, None, 2:], obstacles[None, :, 2:])
    sides = (corner - np.maximum(rectangles[:, None, :2], obstacles[None, :, :2])).clip(min=0)
    smaller = np.minimum(_areas(rectangles)[:, None], _areas(obstacles)[None, :])
    return np.asarray((np.prod(sides, axis=2) / smaller).sum(axis=1))


def _areas(rectangles: Floats) -> Floats:
    return np.asarray(np.prod(rectangles[:, 2:] - rectangles[:, :2], axis=1).clip(min=1))


def _candidates(face: Floats, size: Floats, canvas: tuple[int, int]) -> tuple[Floats, Floats]:
    """Rectangles around and in a face, moved onto the canvas, and what each costs for not being the first choice."""
    corners = np.array([corner for ring in RINGS for corner in _ring(face, size, ring * size[1])] + _inside(face, size))
    moved = corners.clip(0, np.maximum(np.array(canvas) - size, 0))
    order = np.arange(len(corners)) * LATER
    distance = _distance(np.hstack([moved, moved + size]), face) / size[1]
    return np.hstack([moved, moved + size]), order + FAR * distance


def _ring(face: Floats, size: Floats, away: float) -> list[tuple[float, float]]:
    """Corners of labels that touch the face from outside, or stand `away` from it."""
    x0, y0, x1, y1 = face
    width, height = size
    columns, rows = (x0, (x0 + x1 - width) / 2, x1 - width), (y0, (y0 + y1 - height) / 2, y1 - height)
    above_and_below = [(x, y) for y in (y0 - height - away, y1 + away) for x in columns]
    beside = [(x, y) for x in (x1 + away, x0 - width - away) for y in rows]
    return above_and_below + beside


def _inside(face: Floats, size: Floats) -> list[tuple[float, float]]:
    x0, y0, x1, y1 = face
    width, height = size
    return [(x, y) for y in (y1 - height, y0) for x in (x0, (x0 + x1 - width) / 2, x1 - width)]


def _distance(rectangles: Floats, face: Floats) -> Floats:
    """Pixels between each rectangle and the face, 0 where they touch."""
    gaps = np.maximum(face[:2] - rectangles[:, 2:], rectangles[:, :2] - face[2:]).clip(min=0)
    return np.asarray(np.hypot(gaps[:, 0], gaps[:, 1]))
