"""The pipeline of one photo, from top to bottom."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from time import perf_counter
from typing import Protocol

import numpy as np
from attrai_shared.errors import NoFace
from numpy.typing import NDArray

from attrai_estimator.networks import Networks
from attrai_estimator.steps.align import align
from attrai_estimator.steps.annotate import annotate
from attrai_estimator.steps.decode import decode
from attrai_estimator.steps.detect import detect
from attrai_estimator.steps.embed import embed
from attrai_estimator.steps.encode import encode
from attrai_estimator.steps.quality import assess
from attrai_estimator.steps.resize import resize
from attrai_estimator.steps.score import score
from attrai_estimator.values import Estimate, Face

Vector = NDArray[np.float32]


class Pipeline(Protocol):
    """Estimates a photo, given as the bytes of its file. Raises PhotoError."""

    def __call__(self, data: bytes, networks: Networks) -> Estimate: ...


def estimate(data: bytes, networks: Networks) -> Estimate:
    """Find, score and draw every face of a photo, given as the bytes of its file; embed it if there is an embedder.

    Raises a `PhotoError` that says what is wrong with the photo, `NoFace` when no face is found, and nothing else.
    """
    clock = Clock()
    with clock("decode"):
        photo = decode(data)
    with clock("detect"):
        detections = detect(photo, networks.detector)
    if not detections:
        raise NoFace("no face was found on the photo")
    with clock("align"):
        crops = align(photo, detections, networks.scorer.template)
    with clock("score"):
        scores = score(crops, networks.scorer)
    with clock("quality"):
        qualities = [assess(photo, detection) for detection in detections]
    vectors: Sequence[Vector | None] = [None] * len(detections)
    if networks.embedder is not None:
        with clock("embed"):
            vectors = list(embed(align(photo, detections, networks.embedder.template), networks.embedder))
    faces = tuple(
        Face(detection, float(value), quality, vector)
        for detection, value, quality, vector in zip(detections, scores, qualities, vectors, strict=True)
    )
    with clock("resize"):
        picture = resize(photo)
    with clock("annotate"):
        annotated = annotate(picture, faces, picture.width / photo.width)
    with clock("encode"):
        result = encode(annotated)
    return Estimate(photo.width, photo.height, faces, result, clock.seconds)


class Clock:
    """Measures the steps. `seconds` has one entry a step, in order; a repeated step adds to its entry."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def __call__(self, step: str) -> Iterator[None]:
        start = perf_counter()
        try:
            yield
        finally:
            self.seconds[step] = self.seconds.get(step, 0.0) + perf_counter() - start
