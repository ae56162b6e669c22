"""First step on a face: MTCNN (Zhang et al. 2016), three networks that propose, refine and locate.

Its probabilities and overlaps are those of facenet-pytorch 2.5.3; decision 0024 says where its course differs and why.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageOps

from attrai_estimator.networks.network import DetectorNetworks, Floats
from attrai_estimator.steps.batches import in_batches
from attrai_estimator.steps.boxes import regress, sides, squared, suppress
from attrai_estimator.steps.patches import Packed, packed, patches
from attrai_estimator.steps.pyramid import fold, halves, level, scales
from attrai_estimator.values import Box, Detection, Photo

WORKING_SIDE = 1600
"""A photo whose longer side is twice as long or more is reduced by a whole number, to 1600 pixels at least."""
SMALLEST_FACE, SMALLEST_SHARE = 24, 0.015
"""A face is looked for down to as many pixels, and down to that share of the photo's longer side: 60 of 4000."""
PROPOSED, REFINED, LOCATED = 0.6, 0.7, 0.7
"""The probability that a candidate needs to pass each network."""
SAME = 0.7
"""Candidates that overlap more are one."""
REFINEMENT_SIDE, OUTPUT_SIDE = 24, 48
REFINEMENT_BATCH, OUTPUT_BATCH = 16, 4
"""Larger batches are no quicker."""
SECOND_LOOK_SIDE = 240
"""A smaller picture is enlarged to this long side for the second look."""


@dataclass(frozen=True, slots=True)
class _View:
    """The picture as the networks see it: scaled, inside a border of as many pixels on each side."""

    image: Image.Image
    scale: float
    border: int


@dataclass(frozen=True, slots=True)
class _Candidates:
    """Boxes (n, 4), scores (n) and landmarks (n, 5, 2), in pixels of a view."""

    boxes: Floats
    scores: Floats
    landmarks: Floats


def detect(photo: Photo, networks: DetectorNetworks) -> tuple[Detection, ...]:
    """Find all faces, from left to right, in pixels of the upright photo at its own size.

    Faces are looked for down to 24 px, in photos over 1600 px to 0.015 of the longer side.
    """
    for view in _views(photo.image):
        found = _look(view.image, networks)
        if len(found.scores):
            return _detections(found, view, photo.scale)
    return ()


def _views(image: Image.Image) -> Iterator[_View]:
    """The picture itself, and, if nothing is found there, inside a black border, for a face that fills a tight crop."""
    times = max(max(image.size) // WORKING_SIDE, 1)
    image = image.reduce(times) if times > 1 else image
    yield _View(image, 1 / times, 0)
    scale = max(1.0, SECOND_LOOK_SIDE / max(image.size))
    border = round(max(image.size) * scale / 3)
    size = tuple(max(1, round(side * scale)) for side in image.size)
    yield _View(
        ImageOps.expand(image.resize((size[0], size[1]), Image.Resampling.BILINEAR), border), scale / times, border
    )


def _detections(found: _Candidates, view: _View, photo_scale: float) -> tuple[Detection, ...]:
    scale = view.scale * photo_scale
    boxes, landmarks = (found.boxes - view.border) / scale, (found.landmarks - view.border) / scale
    order = np.argsort(boxes[:, 0], kind="stable")
    return tuple(
        Detection(Box(*boxes[i].tolist()), landmarks[i].astype(np.float32), float(found.scores[i])) for i in order
    )


def _look(image: Image.Image, networks: DetectorNetworks) -> _Candidates:
    pictures = halves(image)
    boxes = _propose(pictures, networks)
    pixels = [packed(picture) for picture in pictures] if len(boxes) else []
    boxes = _refine(pixels, boxes, networks)
    return _locate(pixels, boxes, networks)


def _propose(pictures: Sequence[Image.Image], networks: DetectorNetworks) -> Floats:
    """Squares around what may be a face, from all levels of the pyramid."""
    width, height = pictures[0].size
    levels = scales(width, height, max(SMALLEST_FACE, SMALLEST_SHARE * max(width, height)))
    if not levels:
        return np.empty((0, 4), np.float32)
    sheet = fold([level(pictures, scale) for scale in levels], levels)
    maps = [networks.proposal(tile) for tile in sheet.tiles()]
    offsets, probabilities = (np.concatenate([outputs[k][0] for outputs in maps], axis=1) for k in (0, 1))
    rows, columns = np.nonzero(probabilities[1] >= PROPOSED)
    boxes, within = sheet.windows(rows, columns)
    rows, columns = rows[within], columns[within]
    return _distinct(boxes[within], offsets[:, rows, columns].T, probabilities[1, rows, columns])


def _refine(pixels: Sequence[Packed], boxes: Floats, networks: DetectorNetworks) -> Floats:
    if not len(boxes):
        return boxes
    crops = patches(pixels, boxes, REFINEMENT_SIDE)
    offsets, probabilities = in_batches(networks.refinement, crops, (REFINEMENT_BATCH,))
    likely = probabilities[:, 1] > REFINED
    return _distinct(boxes[likely], offsets[likely], probabilities[likely, 1])


def _distinct(boxes: Floats, offsets: Floats, scores: Floats) -> Floats:
    """The boxes moved by their offsets, one of each bundle, as squares for the next network."""
    moved = regress(boxes, offsets)
    return squared(moved[suppress(moved, scores, SAME)])


def _locate(pixels: Sequence[Packed], boxes: Floats, networks: DetectorNetworks) -> _Candidates:
    if not len(boxes):
        return _Candidates(boxes, np.empty(0, np.float32), np.empty((0, 5, 2), np.float32))
    crops = patches(pixels, boxes, OUTPUT_SIDE)
    offsets, points, probabilities = in_batches(networks.output, crops, (OUTPUT_BATCH,))
    likely = probabilities[:, 1] > LOCATED
    boxes, offsets, scores = boxes[likely], offsets[likely], probabilities[likely, 1]
    fractions = points[likely].reshape(-1, 2, 5).transpose(0, 2, 1)
    landmarks = boxes[:, np.newaxis, :2] + fractions * sides(boxes)[:, np.newaxis]
    boxes = regress(boxes, offsets)
    kept = suppress(boxes, scores, SAME, of_smaller=True)
    return _Candidates(boxes[kept], scores[kept], landmarks[kept])
