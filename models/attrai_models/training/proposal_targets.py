"""The proposal network's targets: what MTCNN's first two networks together predict for each cell of a picture."""

from dataclasses import dataclass

import numpy as np
from attrai_estimator.networks.network import DetectorNetworks, Floats
from attrai_estimator.steps.atlas import STRIDE, TILE, make_atlas, tiles
from attrai_estimator.steps.batches import in_batches
from attrai_estimator.steps.boxes import regress, sides, squared
from attrai_estimator.steps.detect import REFINEMENT_BATCHES, REFINEMENT_SIDE, SMALLEST_FACE
from attrai_estimator.steps.patches import packed, patches
from attrai_estimator.steps.pyramid import halves, level, scales
from attrai_estimator.values import Pixels
from numpy.typing import NDArray
from PIL import Image

CELLS_PER_SIDE = TILE // STRIDE - 2
"""Of a tile."""
MIN_PROPOSAL_PROBABILITY = 0.15
"""Below it, MTCNN's proposal counts as no face."""

Halves = NDArray[np.float16]


@dataclass(frozen=True, slots=True)
class ProposalTargets:
    """Tiles of a picture and the targets of their 32x32 cells.

    `tiles`: uint8 (n, 136, 136, 3). `face_probability`: (n, 32, 32), from 0 to 1, or -1 outside the picture.
    `offsets`: (n, 4, 32, 32), in sides of a cell's box.
    """

    tiles: Pixels
    face_probability: Halves
    offsets: Halves


def proposal_targets(picture: Image.Image, mtcnn: DetectorNetworks) -> ProposalTargets | None:
    """Compute the targets of a picture; None if it is too small to contain a face."""
    pictures = halves(picture)
    at = scales(*picture.size, SMALLEST_FACE)
    if not at:
        return None
    levels = [level(pictures, scale) for scale in at]
    atlas = make_atlas(tuple(one.shape[1::-1] for one in levels))
    pixels = np.ascontiguousarray(tiles(atlas.fill(levels)))
    offsets, probabilities = in_batches(mtcnn.proposal, pixels, (1,))
    shape = (len(pixels), CELLS_PER_SIDE, CELLS_PER_SIDE)
    tile, row, column = (numbers.ravel() for numbers in np.indices(shape))
    boxes, within = atlas.windows((tile, row, column), at)
    proposed = probabilities[:, 1].ravel()
    face_probability, offset_targets = np.where(within, 0.0, -1.0), np.zeros((len(boxes), 4))
    chosen = np.flatnonzero(within & (proposed >= MIN_PROPOSAL_PROBABILITY))
    if len(chosen):
        moved = regress(boxes[chosen], offsets[tile[chosen], :, row[chosen], column[chosen]])
        target_boxes, refined = _refined(pictures, moved, mtcnn)
        face_probability[chosen] = proposed[chosen] * refined
        offset_targets[chosen] = (target_boxes - boxes[chosen]) / np.tile(sides(boxes[chosen]), 2)
    return ProposalTargets(
        pixels,
        face_probability.reshape(shape).astype(np.float16),
        offset_targets.reshape(*shape, 4).transpose(0, 3, 1, 2).astype(np.float16),
    )


def _refined(pictures: list[Image.Image], moved: Floats, mtcnn: DetectorNetworks) -> tuple[Floats, Floats]:
    """From the first network's boxes (n, 4): the target boxes (n, 4), and the second network's probabilities (n).

    The second network's box is taken, or the first's where the second's crosses the picture's border: the second sees
    only the inner part, stretched, and places such boxes badly.
    """
    squares = squared(moved)
    crops = patches([packed(one) for one in pictures], squares, REFINEMENT_SIDE, stretched=True)
    offsets, probabilities = in_batches(mtcnn.refinement, crops, REFINEMENT_BATCHES)
    refined = regress(squares, offsets)
    outside = np.concatenate([refined[:, :2] < 0, refined[:, 2:] > pictures[0].size], axis=1)
    return np.where(outside.any(axis=1, keepdims=True), moved, refined), probabilities[:, 1]
