"""What MTCNN's first two networks say together of each cell of a picture: the proposal network's lesson."""

from dataclasses import dataclass

import numpy as np
from attrai_estimator.networks.network import DetectorNetworks, Floats
from attrai_estimator.steps.batches import in_batches
from attrai_estimator.steps.boxes import regress, sides, squared
from attrai_estimator.steps.detect import REFINEMENT_BATCHES, REFINEMENT_SIDE, SMALLEST_FACE
from attrai_estimator.steps.patches import packed, patches
from attrai_estimator.steps.pyramid import halves, level, scales
from attrai_estimator.steps.sheet import STRIDE, TILE, sheet, tiles
from attrai_estimator.values import Pixels
from numpy.typing import NDArray
from PIL import Image

CELLS_PER_SIDE = TILE // STRIDE - 2
"""Of a tile, in each direction."""
MIN_PROPOSAL_PROBABILITY = 0.15
"""The probability from which on MTCNN's proposal network is listened to."""

Halves = NDArray[np.float16]


@dataclass(frozen=True, slots=True)
class ProposalTargets:
    """Tiles, uint8 (n, 136, 136, 3), and of each of their 32x32 cells: what should be said, from 0 to 1, or -1 where there is no picture;
    offsets (n, 4, 32, 32), in units of the side of a cell's box."""

    tiles: Pixels
    face_probability: Halves
    offsets: Halves


def proposal_targets(picture: Image.Image, teachers: DetectorNetworks) -> ProposalTargets | None:
    """What is to be learned of a picture; None of one too small to look for faces in."""
    pictures = halves(picture)
    at = scales(*picture.size, SMALLEST_FACE)
    if not at:
        return None
    levels = [level(pictures, scale) for scale in at]
    laid = sheet(tuple(pixels.shape[1::-1] for pixels in levels))
    seen = np.ascontiguousarray(tiles(laid.filled(levels)))
    offsets, probabilities = in_batches(teachers.proposal, seen, (1,))
    shape = (len(seen), CELLS_PER_SIDE, CELLS_PER_SIDE)
    tile, row, column = (numbers.ravel() for numbers in np.indices(shape))
    boxes, within = laid.windows((tile, row, column), at)
    proposed = probabilities[:, 1].ravel()
    face_probability, moved_by = np.where(within, 0.0, -1.0), np.zeros((len(boxes), 4))
    chosen = np.flatnonzero(within & (proposed >= MIN_PROPOSAL_PROBABILITY))
    if len(chosen):
        moved = regress(boxes[chosen], offsets[tile[chosen], :, row[chosen], column[chosen]])
        best, refined = _refined(pictures, moved, teachers)
        face_probability[chosen] = proposed[chosen] * refined
        moved_by[chosen] = (best - boxes[chosen]) / np.tile(sides(boxes[chosen]), 2)
    return ProposalTargets(
        seen,
        face_probability.reshape(shape).astype(np.float16),
        moved_by.reshape(*shape, 4).transpose(0, 3, 1, 2).astype(np.float16),
    )


def _refined(pictures: list[Image.Image], moved: Floats, teachers: DetectorNetworks) -> tuple[Floats, Floats]:
    """Of the boxes that the first network moved: the best (n, 4) to begin with, and what the second network says of each (n).

    The best is the second's own, but the first's where that reaches over the border: the second is shown what lies within, stretched,
    and knows the less of a face the further its box goes.
    """
    shown = squared(moved)
    crops = patches([packed(one) for one in pictures], shown, REFINEMENT_SIDE, stretched=True)
    offsets, probabilities = in_batches(teachers.refinement, crops, REFINEMENT_BATCHES)
    refined = regress(shown, offsets)
    outside = np.concatenate([refined[:, :2] < 0, refined[:, 2:] > pictures[0].size], axis=1)
    return np.where(outside.any(axis=1, keepdims=True), moved, refined), probabilities[:, 1]
