"""Arithmetic on arrays of bounding boxes, shape (n, 4): x0, y0, x1, y1."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

BOXES_PER_BLOCK = 64
"""Boxes whose overlaps with all others are computed at once. It bounds the memory for a crowd."""


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

    A box is dropped if its intersection with a better one is over `overlap` of their union, or of the smaller box.
    """
    left = np.argsort(-scores, kind="stable")
    kept: list[NDArray[np.intp]] = []
    while len(left):
        over = _overlaps(boxes[left[:BOXES_PER_BLOCK]], boxes[left], of_smaller=of_smaller) > overlap
        alive = np.ones(len(left), dtype=bool)
        for i in range(len(over)):
            if alive[i]:
                kept.append(left[i : i + 1])
                alive &= ~over[i]
        left = left[BOXES_PER_BLOCK:][alive[BOXES_PER_BLOCK:]]
    return np.concatenate(kept) if kept else left


def _overlaps(boxes: Floats, others: Floats, *, of_smaller: bool) -> Floats:
    """Intersection of n boxes with m others, as a share of their union or of the smaller box; shape (n, m)."""
    left, top, right, bottom = boxes.T[..., np.newaxis]
    lefts, tops, rights, bottoms = others.T  # edge by edge: numpy is slow on a last axis of two
    width = np.minimum(right, rights) - np.maximum(left, lefts)
    height = np.minimum(bottom, bottoms) - np.maximum(top, tops)
    intersection = width.clip(min=0) * height.clip(min=0)
    area, areas = (right - left) * (bottom - top), (rights - lefts) * (bottoms - tops)
    whole = np.minimum(area, areas) if of_smaller else area + areas - intersection
    return np.asarray(intersection / whole.clip(min=np.float32(1e-6)), dtype=np.float32)
