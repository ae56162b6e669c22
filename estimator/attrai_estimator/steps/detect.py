"""Detection: MTCNN (Zhang et al. 2016), three networks that propose, refine and locate faces.

Overlaps and later thresholds are those of facenet-pytorch 2.5.3. docs/decisions says where this differs from it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageOps

from attrai_estimator.networks.network import DetectorNetworks, Floats, Network
from attrai_estimator.steps.area import side_by_area
from attrai_estimator.steps.atlas import make_atlas, tiles
from attrai_estimator.steps.batches import in_batches
from attrai_estimator.steps.boxes import regress, sides, squared, suppress
from attrai_estimator.steps.patches import Packed, packed, patches
from attrai_estimator.steps.pyramid import halves, level, scales
from attrai_estimator.values import Box, Detection, Photo

WORKING_SIDE = 1600
"""Pixels. A photo whose side (`side_by_area`) is twice as long or more is reduced by a whole number, to at least this."""
SMALLEST_FACE, SMALLEST_SHARE = 24, 0.015
"""Pixels of the smallest face, and its share of the photo's side: 60 of 4000. The larger of both counts."""
SMALLEST_BOX = 0.8
"""A final box smaller than this share of the smallest face is rarely a face."""
PROPOSAL_THRESHOLD, REFINEMENT_THRESHOLD, OUTPUT_THRESHOLD = 0.2, 0.7, 0.7
"""The probability that a candidate needs to pass each network.

The first network predicts what MTCNN's first two give together."""
SECOND_PROPOSAL_THRESHOLD = 0.6
"""The same for MTCNN's own first network."""
CONFIRMATION_THRESHOLD = 0.35
"""The last network must give this much to a face's final square or its mirror image. Non-faces get 0.1 to 0.3."""
PROPOSAL_OVERLAP, REFINEMENT_OVERLAP, OUTPUT_OVERLAP = 0.5, 0.7, 0.7
"""Non-maximum suppression after each network drops candidates that overlap more."""
REFINEMENT_SIDE, OUTPUT_SIDE = 24, 48
PROPOSAL_BATCHES, REFINEMENT_BATCHES, OUTPUT_BATCHES = (2, 1), (16, 4), (4, 1)
"""Larger batches are not faster, or exceed the core's cache in float32."""
MIRRORED = (1, 0, 2, 4, 3)
"""The order of the landmarks in a mirror image: the eyes are swapped, and so are the mouth corners."""
BORDERED_SIDE = 240
"""Pixels of the longer side to which a smaller picture is enlarged before it gets a border."""


@dataclass(frozen=True, slots=True)
class _View:
    """The picture as the networks see it: scaled, with a black border of `border` pixels on each side."""

    image: Image.Image
    scale: float
    border: int


@dataclass(frozen=True, slots=True)
class _Proposer:
    """A proposal network, and the probability that its candidates need."""

    network: Network
    threshold: float


@dataclass(frozen=True, slots=True)
class _Candidates:
    """Boxes (n, 4), scores (n) and landmarks (n, 5, 2), in pixels of a view."""

    boxes: Floats
    scores: Floats
    landmarks: Floats


def detect(photo: Photo, networks: DetectorNetworks) -> tuple[Detection, ...]:
    """Find all faces, from left to right, in pixels of the upright photo at its own size.

    The smallest face has 24 px, in photos over 1600 px 0.015 of the side by area. A picture without a face gets a
    second pass with MTCNN's own proposals, and a third inside a black border.
    """
    for view, proposer in _passes(photo.image, networks):
        found = _run_networks(view.image, networks, proposer)
        if len(found.scores):
            return _detections(found, view, photo.scale)
    return ()


def _passes(image: Image.Image, networks: DetectorNetworks) -> Iterator[tuple[_View, _Proposer]]:
    """The picture, the same with MTCNN's own proposals, then inside a border, for a face that fills a tight crop."""
    times = max(side_by_area(*image.size) // WORKING_SIDE, 1)
    whole = _View(image.reduce(times) if times > 1 else image, 1 / times, 0)
    second = _Proposer(networks.second_proposal, SECOND_PROPOSAL_THRESHOLD)
    yield whole, _Proposer(networks.proposal, PROPOSAL_THRESHOLD)
    yield whole, second
    yield _bordered(whole), second


def _bordered(view: _View) -> _View:
    image = view.image
    scale = max(1.0, BORDERED_SIDE / max(image.size))
    border = round(side_by_area(*image.size) * scale / 3)
    size = tuple(max(1, round(side * scale)) for side in image.size)
    enlarged = image.resize((size[0], size[1]), Image.Resampling.BILINEAR)
    return _View(ImageOps.expand(enlarged, border), scale * view.scale, border)


def _detections(found: _Candidates, view: _View, photo_scale: float) -> tuple[Detection, ...]:
    scale = view.scale * photo_scale
    boxes, landmarks = (found.boxes - view.border) / scale, (found.landmarks - view.border) / scale
    order = np.argsort(boxes[:, 0], kind="stable")
    return tuple(
        Detection(Box(*boxes[i].tolist()), landmarks[i].astype(np.float32), float(found.scores[i])) for i in order
    )


def _run_networks(image: Image.Image, networks: DetectorNetworks, proposer: _Proposer) -> _Candidates:
    smallest = max(SMALLEST_FACE, SMALLEST_SHARE * side_by_area(*image.size))
    pictures = halves(image)
    boxes = _propose(pictures, smallest, proposer)
    pixels = [packed(picture) for picture in pictures] if len(boxes) else []
    boxes = _refine(pixels, boxes, networks)
    boxes, scores = _classify(pixels, boxes, networks)
    large = sides(boxes).max(axis=1) >= SMALLEST_BOX * smallest
    boxes, scores = boxes[large], scores[large]
    landmarks, confirmation = _refine_landmarks(pixels, boxes, networks)
    kept = confirmation >= CONFIRMATION_THRESHOLD
    return _Candidates(boxes[kept], scores[kept], landmarks[kept])


def _propose(pictures: Sequence[Image.Image], smallest: float, proposer: _Proposer) -> Floats:
    """Squares around possible faces, from all levels of the pyramid."""
    at = scales(*pictures[0].size, smallest)
    if not at:
        return np.empty((0, 4), np.float32)
    levels = [level(pictures, scale) for scale in at]
    atlas = make_atlas(tuple(pixels.shape[1::-1] for pixels in levels))
    offsets, probabilities = in_batches(proposer.network, tiles(atlas.fill(levels)), PROPOSAL_BATCHES)
    tile, row, column = np.nonzero(probabilities[:, 1] >= proposer.threshold)
    boxes, within = atlas.windows((tile, row, column), at)
    tile, row, column = tile[within], row[within], column[within]
    return _distinct(
        boxes[within], offsets[tile, :, row, column], probabilities[tile, 1, row, column], PROPOSAL_OVERLAP
    )


def _refine(pixels: Sequence[Packed], boxes: Floats, networks: DetectorNetworks) -> Floats:
    if not len(boxes):
        return boxes
    crops = patches(pixels, boxes, REFINEMENT_SIDE, stretched=True)
    offsets, probabilities = in_batches(networks.refinement, crops, REFINEMENT_BATCHES)
    likely = probabilities[:, 1] > REFINEMENT_THRESHOLD
    return _distinct(boxes[likely], offsets[likely], probabilities[likely, 1], REFINEMENT_OVERLAP)


def _distinct(boxes: Floats, offsets: Floats, scores: Floats, overlap: float) -> Floats:
    """Move the boxes by their offsets, suppress those that overlap more, and square the rest for the next network."""
    moved = regress(boxes, offsets)
    return squared(moved[suppress(moved, scores, overlap)])


def _classify(pixels: Sequence[Packed], boxes: Floats, networks: DetectorNetworks) -> tuple[Floats, Floats]:
    """Boxes and scores of the faces."""
    if not len(boxes):
        return boxes, np.empty(0, np.float32)
    crops = patches(pixels, boxes, OUTPUT_SIDE, stretched=True)
    offsets, _, probabilities = in_batches(networks.output, crops, OUTPUT_BATCHES)
    likely = probabilities[:, 1] > OUTPUT_THRESHOLD
    boxes, scores = regress(boxes[likely], offsets[likely]), probabilities[likely, 1]
    kept = suppress(boxes, scores, OUTPUT_OVERLAP, of_smaller=True)
    return boxes[kept], scores[kept]


def _refine_landmarks(pixels: Sequence[Packed], boxes: Floats, networks: DetectorNetworks) -> tuple[Floats, Floats]:
    """Mean landmarks (n, 5, 2) of each face's final square and its mirror image, and the larger probability of both."""
    if not len(boxes):
        return np.empty((0, 5, 2), np.float32), np.empty(0, np.float32)
    squares = squared(boxes)
    crops = patches(pixels, squares, OUTPUT_SIDE, stretched=False)
    both = np.concatenate([crops, crops[:, :, ::-1]])
    _, points, probabilities = in_batches(networks.output, both, OUTPUT_BATCHES)
    seen, mirrored = points.reshape(2, -1, 2, 5).swapaxes(2, 3)
    fractions = (seen + (1, 0) + mirrored[:, MIRRORED] * (-1, 1)) / 2
    landmarks = squares[:, np.newaxis, :2] + fractions * sides(squares)[:, np.newaxis]
    return landmarks.astype(np.float32), probabilities[:, 1].reshape(2, -1).max(axis=0)
