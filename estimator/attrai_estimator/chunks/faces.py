"""What is computed of a data set's photos: pure, from a file's bytes to an outcome. Networks see the faces of several photos at once."""

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

BATCH = 16
"""Faces that a network sees at once. A face's numbers do not depend on how many are with it."""

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Wish:
    """Which faces of a photo, and what of them."""

    faces: FaceSelection
    what: frozenset[FaceOutput]


@dataclass(frozen=True, slots=True)
class Located:
    """A photo's faces before the networks that describe them; crops of shape (n, size, size, 3).

    `aligned` is cut for the embedder, `scored` for the scorer, which is empty where no score is wished for.
    """

    width: int
    height: int
    detections: tuple[Detection, ...]
    qualities: tuple[Quality | None, ...]
    aligned: Pixels
    scored: Pixels


class Locate(Protocol):
    """What finds a photo's faces, given as the bytes of its file. Raises PhotoError."""

    def __call__(self, data: bytes, networks: Networks, wish: Wish, clock: Clock) -> Located: ...


def locate(data: bytes, networks: Networks, wish: Wish, clock: Clock) -> Located:
    """Find the faces wished for and cut them out. Raises a PhotoError, NoFace among them, and nothing else."""
    with clock("decode"):
        photo = decode(data)
    with clock("detect"):
        detections = chosen(detect(photo, networks.detector), wish.faces, photo)
    if not detections:
        raise NoFace("no face was found on the photo")
    with clock("align"):
        aligned = align(photo, detections, _embedder(networks).template)
        scored = _scored_crops(photo, detections, networks, aligned) if "score" in wish.what else aligned[:0]
    qualities: tuple[Quality | None, ...] = (None,) * len(detections)
    if "quality" in wish.what:
        with clock("quality"):
            qualities = tuple(assess(photo, detection) for detection in detections)
    return Located(photo.width, photo.height, detections, qualities, aligned, scored)


def chosen(detections: tuple[Detection, ...], faces: FaceSelection, photo: Photo) -> tuple[Detection, ...]:
    """All of them, the one with the largest box, or the one whose box's middle is nearest to the photo's."""
    if faces == "all" or not detections:
        return detections
    if faces == "largest":
        return (max(detections, key=lambda found: found.box.width * found.box.height),)
    return (min(detections, key=lambda found: _off_centre(found, photo)),)


def described(photos: Sequence[Located], networks: Networks, wish: Wish, clock: Clock) -> list[PhotoResult]:
    """The outcome of each photo, in order."""
    aligned = [crop for photo in photos for crop in photo.aligned]
    scored = [crop for photo in photos for crop in photo.scored]
    vectors: Iterator[Floats] = iter(())
    scores: Iterator[Floats] = iter(())
    if "embedding" in wish.what:
        with clock("embed"):
            vectors = iter(_in_batches(aligned, lambda crops: embed(crops, _embedder(networks))))
    if scored:
        with clock("score"):
            scores = iter(_in_batches(scored, lambda crops: score(crops, networks.scorer)))
    return [_found(photo, [(next(vectors, None), next(scores, None)) for _ in photo.detections]) for photo in photos]


def _found(photo: Located, numbers: Sequence[tuple[Floats | None, Floats | None]]) -> PhotoResult:
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
    batches = [network(np.stack(crops[i : i + BATCH])) for i in range(0, len(crops), BATCH)]
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
