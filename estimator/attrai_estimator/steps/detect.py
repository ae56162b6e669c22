"""First step on a face: MTCNN (Zhang et al. 2016), three networks that propose, refine and locate.

Its overlaps and later probabilities are those of facenet-pytorch 2.5.3. Decision 0019 says who proposes, decision 0024 where else we
differ.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageOps

from attrai_estimator.networks.network import DetectorNetworks, Floats, Network
from attrai_estimator.steps.atlas import sheet, tiles
from attrai_estimator.steps.batches import in_batches
from attrai_estimator.steps.boxes import regress, sides, squared, suppress
from attrai_estimator.steps.patches import Packed, packed, patches
from attrai_estimator.steps.pyramid import halves, level, scales
from attrai_estimator.values import Box, Detection, Photo

WORKING_SIDE = 1600
"""A photo whose longer side is twice as long or more is reduced by a whole number, to 1600 pixels at least."""
SMALLEST_FACE, SMALLEST_SHARE = 24, 0.015
"""A face is looked for down to as many pixels, and down to that share of the photo's longer side: 60 of 4000."""
SMALLEST_BOX = 0.8
"""Of the smallest face that is looked for: a box that the networks have made smaller than that is seldom one of a face."""
PROPOSED, REFINED, DECIDED = 0.2, 0.7, 0.7
"""The probability that a candidate needs to pass each network; the first one's is what MTCNN's first two say together (decision 0019)."""
PROPOSED_SECOND = 0.6
"""The same of MTCNN's own first network."""
CONFIRMED = 0.35
"""What the last network must still say of a face's final square, or of its mirror image: of what is none it says 0.1 to 0.3."""
ONE_PROPOSED, ONE_REFINED, ONE_DECIDED = 0.5, 0.7, 0.7
"""After each network, candidates that overlap more are one."""
REFINEMENT_SIDE, OUTPUT_SIDE = 24, 48
PROPOSAL_BATCHES, REFINEMENT_BATCHES, OUTPUT_BATCHES = (2, 1), (16, 4), (4, 1)
"""Larger batches are no quicker, or outgrow the core's cache in float32."""
MIRRORED = (1, 0, 2, 4, 3)
"""The landmarks' places in a mirror image: both eyes change theirs, and both corners of the mouth."""
SECOND_LOOK_SIDE = 240
"""A smaller picture is enlarged to this long side for the look inside a border."""


@dataclass(frozen=True, slots=True)
class _View:
    """The picture as the networks see it: scaled, inside a border of as many pixels on each side."""

    image: Image.Image
    scale: float
    border: int


@dataclass(frozen=True, slots=True)
class _Proposer:
    """A network that proposes, and the probability that its candidates need."""

    network: Network
    least: float


@dataclass(frozen=True, slots=True)
class _Found:
    """Boxes (n, 4), scores (n) and landmarks (n, 5, 2), in pixels of a view."""

    boxes: Floats
    scores: Floats
    landmarks: Floats


def detect(photo: Photo, networks: DetectorNetworks) -> tuple[Detection, ...]:
    """Find all faces, from left to right, in pixels of the upright photo at its own size.

    Faces are looked for down to 24 px, in photos over 1600 px to 0.015 of the longer side.
    """
    for view, proposer in _looks(photo.image, networks):
        found = _look(view.image, networks, proposer)
        if len(found.scores):
            return _detections(found, view, photo.scale)
    return ()


def _looks(image: Image.Image, networks: DetectorNetworks) -> Iterator[tuple[_View, _Proposer]]:
    """At the picture itself; where nothing is found, at it again with MTCNN's own proposals, then with these inside a black border, for a
    face that fills a tight crop."""
    times = max(max(image.size) // WORKING_SIDE, 1)
    whole = _View(image.reduce(times) if times > 1 else image, 1 / times, 0)
    second = _Proposer(networks.second_proposal, PROPOSED_SECOND)
    yield whole, _Proposer(networks.proposal, PROPOSED)
    yield whole, second
    yield _framed(whole), second


def _framed(view: _View) -> _View:
    image = view.image
    scale = max(1.0, SECOND_LOOK_SIDE / max(image.size))
    border = round(max(image.size) * scale / 3)
    size = tuple(max(1, round(side * scale)) for side in image.size)
    enlarged = image.resize((size[0], size[1]), Image.Resampling.BILINEAR)
    return _View(ImageOps.expand(enlarged, border), scale * view.scale, border)


def _detections(found: _Found, view: _View, photo_scale: float) -> tuple[Detection, ...]:
    scale = view.scale * photo_scale
    boxes, landmarks = (found.boxes - view.border) / scale, (found.landmarks - view.border) / scale
    order = np.argsort(boxes[:, 0], kind="stable")
    return tuple(
        Detection(Box(*boxes[i].tolist()), landmarks[i].astype(np.float32), float(found.scores[i])) for i in order
    )


def _look(image: Image.Image, networks: DetectorNetworks, proposer: _Proposer) -> _Found:
    smallest = max(SMALLEST_FACE, SMALLEST_SHARE * max(image.size))
    pictures = halves(image)
    boxes = _propose(pictures, smallest, proposer)
    pixels = [packed(picture) for picture in pictures] if len(boxes) else []
    boxes = _refine(pixels, boxes, networks)
    boxes, scores = _decide(pixels, boxes, networks)
    large = sides(boxes).max(axis=1) >= SMALLEST_BOX * smallest
    boxes, scores = boxes[large], scores[large]
    landmarks, closer = _look_closer(pixels, boxes, networks)
    kept = closer >= CONFIRMED
    return _Found(boxes[kept], scores[kept], landmarks[kept])


def _propose(pictures: Sequence[Image.Image], smallest: float, proposer: _Proposer) -> Floats:
    """Squares around what may be a face, from all levels of the pyramid."""
    at = scales(*pictures[0].size, smallest)
    if not at:
        return np.empty((0, 4), np.float32)
    levels = [level(pictures, scale) for scale in at]
    laid = sheet(tuple(pixels.shape[1::-1] for pixels in levels))
    offsets, probabilities = in_batches(proposer.network, tiles(laid.filled(levels)), PROPOSAL_BATCHES)
    tile, row, column = np.nonzero(probabilities[:, 1] >= proposer.least)
    boxes, within = laid.windows((tile, row, column), at)
    tile, row, column = tile[within], row[within], column[within]
    return _distinct(boxes[within], offsets[tile, :, row, column], probabilities[tile, 1, row, column], ONE_PROPOSED)


def _refine(pixels: Sequence[Packed], boxes: Floats, networks: DetectorNetworks) -> Floats:
    if not len(boxes):
        return boxes
    crops = patches(pixels, boxes, REFINEMENT_SIDE, stretched=True)
    offsets, probabilities = in_batches(networks.refinement, crops, REFINEMENT_BATCHES)
    likely = probabilities[:, 1] > REFINED
    return _distinct(boxes[likely], offsets[likely], probabilities[likely, 1], ONE_REFINED)


def _distinct(boxes: Floats, offsets: Floats, scores: Floats, overlap: float) -> Floats:
    """The boxes moved by their offsets, one of those that overlap more, as squares for the next network."""
    moved = regress(boxes, offsets)
    return squared(moved[suppress(moved, scores, overlap)])


def _decide(pixels: Sequence[Packed], boxes: Floats, networks: DetectorNetworks) -> tuple[Floats, Floats]:
    """Boxes and scores of the faces."""
    if not len(boxes):
        return boxes, np.empty(0, np.float32)
    crops = patches(pixels, boxes, OUTPUT_SIDE, stretched=True)
    offsets, _, probabilities = in_batches(networks.output, crops, OUTPUT_BATCHES)
    likely = probabilities[:, 1] > DECIDED
    boxes, scores = regress(boxes[likely], offsets[likely]), probabilities[likely, 1]
    kept = suppress(boxes, scores, ONE_DECIDED, of_smaller=True)
    return boxes[kept], scores[kept]


def _look_closer(pixels: Sequence[Packed], boxes: Floats, networks: DetectorNetworks) -> tuple[Floats, Floats]:
    """What is seen on the faces' final squares and on their mirror images: mean landmarks (n, 5, 2), and the larger probability."""
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
