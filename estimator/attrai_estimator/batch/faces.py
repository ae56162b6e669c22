"""The pipeline of a data set's photos: locate the faces of each, then describe those of many photos together. Pure."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from attrai_shared.batch_contracts import FaceOutput, FaceResult, FaceSelection, PhotoResult, encode_embedding
from attrai_shared.errors import NoFace
from numpy.typing import NDArray

from attrai_estimator.networks import EmbeddingNetwork, Networks
from attrai_estimator.pipeline import Clock
from attrai_estimator.steps.align import align
from attrai_estimator.steps.decode import decode
from attrai_estimator.steps.detect import detect
from attrai_estimator.steps.embed import embed
from attrai_estimator.steps.quality import assess
from attrai_estimator.steps.score import score
from attrai_estimator.values import Detection, Photo, Pixels, Quality

FACES_PER_BATCH = 16
"""A face's numbers do not depend on the other faces of its batch."""

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class FaceOptions:
    """Which faces of a photo to describe, and what to compute of each."""

    faces: FaceSelection
    what: frozenset[FaceOutput]


@dataclass(frozen=True, slots=True)
class LocatedFaces:
    """A photo's faces before the networks describe them, as crops of shape (n, size, size, 3).

    `aligned` is cut for the embedder, `scored` for the scorer; it is empty if no score is asked for.
    """

    width: int
    height: int
    detections: tuple[Detection, ...]
    qualities: tuple[Quality | None, ...]
    aligned: Pixels
    scored: Pixels


class LocateFaces(Protocol):
    """Locates the faces of a photo, given as the bytes of its file. Raises PhotoError."""

    def __call__(self, data: bytes, networks: Networks, options: FaceOptions, clock: Clock) -> LocatedFaces: ...


def locate_faces(data: bytes, networks: Networks, options: FaceOptions, clock: Clock) -> LocatedFaces:
    """Find the selected faces and crop them. Raises a PhotoError, such as NoFace, and nothing else."""
    with clock("decode"):
        photo = decode(data)
    with clock("detect"):
        detections = select_faces(detect(photo, networks.detector), options.faces, photo)
    if not detections:
        raise NoFace("no face was found on the photo")
    with clock("align"):
        aligned = align(photo, detections, _embedder(networks).template)
        scored = _scored_crops(photo, detections, networks, aligned) if "score" in options.what else aligned[:0]
    qualities: tuple[Quality | None, ...] = (None,) * len(detections)
    if "quality" in options.what:
        with clock("quality"):
            qualities = tuple(assess(photo, detection) for detection in detections)
    return LocatedFaces(photo.width, photo.height, detections, qualities, aligned, scored)


def select_faces(detections: tuple[Detection, ...], faces: FaceSelection, photo: Photo) -> tuple[Detection, ...]:
    """All faces, the one with the largest box, or the one whose box is nearest to the photo's centre."""
    if faces == "all" or not detections:
        return detections
    if faces == "largest":
        return (max(detections, key=lambda found: found.box.width * found.box.height),)
    return (min(detections, key=lambda found: _off_centre(found, photo)),)


def describe_faces(
    photos: Sequence[LocatedFaces], networks: Networks, options: FaceOptions, clock: Clock
) -> list[PhotoResult]:
    """The result of each photo, in order."""
    aligned = [crop for photo in photos for crop in photo.aligned]
    scored = [crop for photo in photos for crop in photo.scored]
    vectors: Iterator[Floats] = iter(())
    scores: Iterator[Floats] = iter(())
    if "embedding" in options.what:
        with clock("embed"):
            vectors = iter(_in_batches(aligned, lambda crops: embed(crops, _embedder(networks))))
    if scored:
        with clock("score"):
            scores = iter(_in_batches(scored, lambda crops: score(crops, networks.scorer)))
    return [_found(photo, [(next(vectors, None), next(scores, None)) for _ in photo.detections]) for photo in photos]


def _found(photo: LocatedFaces, numbers: Sequence[tuple[Floats | None, Floats | None]]) -> PhotoResult:
    described_faces = zip(photo.detections, photo.qualities, numbers, strict=True)
    return PhotoResult(
        width=photo.width,
        height=photo.height,
        faces=tuple(_face(detection, quality, *of) for detection, quality, of in described_faces),
    )


def _face(detection: Detection, quality: Quality | None, vector: Floats | None, value: Floats | None) -> FaceResult:
    box = detection.box
    return FaceResult(
        box=(box.x0, box.y0, box.x1, box.y1),
        landmarks=tuple((float(x), float(y)) for x, y in detection.landmarks),
        probability=min(detection.probability, 1.0),
        score=None if value is None else float(value),
        reasons=None if quality is None else quality.reasons,
        measures=None if quality is None else quality.measures,
        embedding=None if vector is None else encode_embedding(vector.tolist()),
    )


def _in_batches(crops: Sequence[Pixels], network: Callable[[Pixels], Floats]) -> list[Floats]:
    batches = [network(np.stack(crops[i : i + FACES_PER_BATCH])) for i in range(0, len(crops), FACES_PER_BATCH)]
    return [row for batch in batches for row in batch]


def _scored_crops(photo: Photo, detections: tuple[Detection, ...], networks: Networks, aligned: Pixels) -> Pixels:
    template = networks.scorer.template
    return aligned if template == _embedder(networks).template else align(photo, detections, template)


def _embedder(networks: Networks) -> EmbeddingNetwork:
    if networks.embedder is None:
        raise ValueError("a batch needs networks with an embedder")
    return networks.embedder


def _off_centre(found: Detection, photo: Photo) -> float:
    box = found.box
    return (box.x0 + box.x1 - photo.width) ** 2 + (box.y0 + box.y1 - photo.height) ** 2
