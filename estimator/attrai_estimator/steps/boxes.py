"""Arithmetic on arrays of bounding boxes, shape (n, 4): x0, y0, x1, y1."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def sides(boxes: Floats) -> Floats:
    """Width and height of each box, shape (n, 2)."""
    return boxes[:, 2:] - boxes[:, :2]


def regress(boxes: Floats, offsets: Floats) -> Floats:
    """Move each edge by a network's offset (n, 4), in units of the box's own sides."""
    return boxes + offsets * np.tile(sides(boxes), 2)


def squared(boxes: Floats) -> Floats:
    """Each box grown around its centre to a square of its longer side."""
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2
    half = sides(boxes).max(axis=1, keepdims=True) / 2
    return np.concatenate([centres - half, centres + half], axis=1)


def suppress(boxes: Floats, scores: Floats, overlap: float, *, of_smaller: bool = False) -> NDArray[np.intp]:
    """Greedy non-maximum suppression: indices of the boxes kept, best score first.

    A box goes when its intersection with a better one is more than `overlap` of their union, or of the smaller of both.
    """
    order = np.argsort(-scores, kind="stable")
    boxes, areas = boxes[order], np.prod(sides(boxes[order]), axis=1)
    alive = np.ones(len(order), dtype=bool)
    for i in range(len(order)):
        if alive[i]:
            rest = i + 1 + np.flatnonzero(alive[i + 1 :])
            alive[rest] = _overlap(boxes[i], areas[i], boxes[rest], areas[rest], of_smaller=of_smaller) <= overlap
    return order[alive]


def _overlap(box: Floats, area: np.float32, others: Floats, areas: Floats, *, of_smaller: bool) -> Floats:
    lengths = np.minimum(box[2:], others[:, 2:]) - np.maximum(box[:2], others[:, :2])
    intersection = np.prod(lengths.clip(min=0), axis=1)
    whole = np.minimum(area, areas) if of_smaller else area + areas - intersection
    return np.asarray(intersection / whole.clip(min=np.float32(1e-6)), dtype=np.float32)
