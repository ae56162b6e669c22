"""First step on a face: MTCNN (Zhang et al. 2016), three networks that propose, refine and locate.

Its constants are those of facenet-pytorch 2.5.3.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from attrai_estimator.networks.network import DetectorNetworks, Floats, Network
from attrai_estimator.steps.boxes import regress, sides, squared, suppress
from attrai_estimator.values import Box, Detection, Photo

WORKING_SIDE = 1280
"""Pixels of the working picture's long side, at most."""
SMALLEST_FACE = 20
"""Pixels of the working picture: a smaller face is not looked for."""
PYRAMID_FACTOR = 0.709
PROPOSED, REFINED, LOCATED = 0.6, 0.7, 0.7
"""The probability that a candidate needs to pass each network."""
CELL, STRIDE = 12, 2
"""Pixels that one value of the proposal network sees, and the pixels between two of them."""
REFINEMENT_SIDE, OUTPUT_SIDE = 24, 48
BATCH = 256
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

    Faces are looked for down to 20 px of the working picture, whose long side is the photo's or 1280 px.
    """
    for view in _views(Image.fromarray(photo.pixels)):
        found = _look(view, networks)
        if len(found.scores):
            return _detections(found, view, photo.scale)
    return ()


def _views(image: Image.Image) -> Iterator[_View]:
    """The picture itself, and, if nothing is found there, inside a black border, for a face that fills a tight crop."""
    scale = min(1.0, WORKING_SIDE / max(image.size))
    yield _View(_resized(image, scale), scale, 0)
    scale = max(scale, SECOND_LOOK_SIDE / max(image.size))
    border = round(max(image.size) * scale / 4)
    yield _View(ImageOps.expand(_resized(image, scale), border), scale, border)


def _resized(image: Image.Image, scale: float) -> Image.Image:
    if scale == 1:
        return image
    width, height = (max(1, round(side * scale)) for side in image.size)
    return image.resize((width, height), Image.Resampling.BILINEAR)


def _detections(found: _Candidates, view: _View, photo_scale: float) -> tuple[Detection, ...]:
    scale = view.scale * photo_scale
    boxes, landmarks = (found.boxes - view.border) / scale, (found.landmarks - view.border) / scale
    order = np.argsort(boxes[:, 0], kind="stable")
    return tuple(
        Detection(Box(*boxes[i].tolist()), landmarks[i].astype(np.float32), float(found.scores[i])) for i in order
    )


def _look(view: _View, networks: DetectorNetworks) -> _Candidates:
    boxes = _propose(view.image, networks)
    boxes = _refine(view.image, boxes, networks)
    return _locate(view.image, boxes, networks)


def pyramid_scales(width: int, height: int) -> list[float]:
    """Scales at which faces from `SMALLEST_FACE` pixels to the shorter side fill the proposal network's cell."""
    largest = CELL / SMALLEST_FACE
    count = int(np.log(min(width, height) * largest / CELL) / -np.log(PYRAMID_FACTOR)) + 1
    return [largest * PYRAMID_FACTOR**level for level in range(count)] if min(width, height) >= SMALLEST_FACE else []


def _propose(image: Image.Image, networks: DetectorNetworks) -> Floats:
    levels = [_propose_at(image, scale, networks) for scale in pyramid_scales(*image.size)]
    if not levels:
        return np.empty((0, 4), np.float32)
    boxes, scores, offsets = (np.concatenate(arrays) for arrays in zip(*levels, strict=True))
    kept = suppress(boxes, scores, 0.7)
    return squared(regress(boxes[kept], offsets[kept]))


def _propose_at(image: Image.Image, scale: float, networks: DetectorNetworks) -> tuple[Floats, Floats, Floats]:
    """Boxes, scores and offsets of the cells that may hold a face at one level of the pyramid."""
    width, height = image.size
    level = image.resize((int(width * scale + 1), int(height * scale + 1)), Image.Resampling.BOX)
    offsets, probabilities = networks.proposal(networks.normalization(np.asarray(level)[np.newaxis]))
    rows, columns = np.nonzero(probabilities[0, 1] >= PROPOSED)
    corners = np.stack([columns, rows], axis=1) * STRIDE
    boxes = np.concatenate([(corners + 1) // scale - 1, (corners + CELL) // scale], axis=1).astype(np.float32)
    scores = probabilities[0, 1, rows, columns]
    kept = suppress(boxes, scores, 0.5)
    return boxes[kept], scores[kept], offsets[0, :, rows, columns][kept]


def _refine(image: Image.Image, boxes: Floats, networks: DetectorNetworks) -> Floats:
    crops = _crops(image, boxes, REFINEMENT_SIDE)
    offsets, probabilities = _in_batches(networks.refinement, networks, crops, (4, 2))
    likely = probabilities[:, 1] > REFINED
    boxes, offsets, scores = boxes[likely], offsets[likely], probabilities[likely, 1]
    kept = suppress(boxes, scores, 0.7)
    return squared(regress(boxes[kept], offsets[kept]))


def _locate(image: Image.Image, boxes: Floats, networks: DetectorNetworks) -> _Candidates:
    crops = _crops(image, boxes, OUTPUT_SIDE)
    offsets, points, probabilities = _in_batches(networks.output, networks, crops, (4, 10, 2))
    likely = probabilities[:, 1] > LOCATED
    boxes, offsets, scores = boxes[likely], offsets[likely], probabilities[likely, 1]
    fractions = points[likely].reshape(-1, 2, 5).transpose(0, 2, 1)
    landmarks = boxes[:, np.newaxis, :2] + fractions * sides(boxes)[:, np.newaxis]
    boxes = regress(boxes, offsets)
    kept = suppress(boxes, scores, 0.7, of_smaller=True)
    return _Candidates(boxes[kept], scores[kept], landmarks[kept])


def _crops(image: Image.Image, boxes: Floats, side: int) -> NDArray[np.uint8]:
    """Cut out the boxes as squares (n, side, side, 3), black where a box reaches over the border.

    (facenet-pytorch stretches what is left inside instead, which moves the landmarks of faces that fill the picture.)
    """
    whole = [tuple(box) for box in np.floor(boxes).astype(int).tolist()]
    crops = [np.asarray(image.crop(box).resize((side, side), Image.Resampling.BOX)) for box in whole]
    return np.stack(crops) if crops else np.empty((0, side, side, 3), np.uint8)


def _in_batches(
    network: Network, networks: DetectorNetworks, crops: NDArray[np.uint8], widths: tuple[int, ...]
) -> list[Floats]:
    """Run the crops in batches of bounded memory; each output has shape (n, its width)."""
    batches = [networks.normalization(crops[i : i + BATCH]) for i in range(0, len(crops), BATCH)]
    if not batches:
        return [np.empty((0, width), np.float32) for width in widths]
    return [np.concatenate(arrays) for arrays in zip(*map(network, batches), strict=True)]
