"""Portraits cut out exactly as the estimator cuts them out, with a margin for augmentation."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from attrai_estimator.networks.network import DetectorNetworks
from attrai_estimator.networks.template import Template
from attrai_estimator.steps.align import align
from attrai_estimator.steps.detect import detect
from attrai_estimator.values import Box, Detection, Photo
from numpy.typing import NDArray
from PIL import Image

from attrai_models.progress import Progress
from attrai_models.ratings import Portrait

SCORER_TEMPLATE = Template(
    name="portrait-112",
    size=112,
    points=((0.355, 0.42), (0.645, 0.42), (0.5, 0.598), (0.379, 0.728), (0.621, 0.728)),
)
"""The mean shape of MTCNN's landmarks on both rating sets, made symmetric.

The eyes are 0.29 of the side apart, so that the crop holds hair and chin.
"""
MARGIN = 16
"""Pixels around the scorer's crop that augmentation may turn or shift into view."""


@dataclass(frozen=True, slots=True)
class Crops:
    """One row for each portrait: pixels (n, 144, 144, 3), and the landmarks (n, 5, 2) in its photo."""

    pixels: NDArray[np.uint8]
    landmarks: NDArray[np.float32]


def widened(template: Template, margin: int) -> Template:
    """The template of the same crop with a margin of as many pixels on each side."""
    side = template.size + 2 * margin
    points = tuple(
        ((x * template.size + margin) / side, (y * template.size + margin) / side) for x, y in template.points
    )
    return Template(f"{template.name}+{margin}", side, points)


def read_photo(file: Path) -> Photo:
    """Read a photo of a data set, which is upright already."""
    with Image.open(file) as image:
        pixels = np.asarray(image.convert("RGB"))
    return Photo(pixels, pixels.shape[1], pixels.shape[0])


def portrayed(photo: Photo, detector: DetectorNetworks) -> Detection:
    """The detection that a portrait is of: the larger and the nearer to the middle, the better.

    Where nothing is found, the template's own points laid over the middle of the photo.
    """
    found = detect(photo, detector)
    if not found:
        return _middle(photo)
    centre = np.array([photo.width, photo.height]) / 2
    return max(found, key=lambda face: face.box.width - 0.5 * float(np.abs(face.landmarks.mean(axis=0) - centre).max()))


def _middle(photo: Photo) -> Detection:
    side = min(photo.width, photo.height)
    corner = np.array([photo.width - side, photo.height - side]) / 2
    landmarks = np.array(SCORER_TEMPLATE.points) * side + corner
    return Detection(Box(*corner.tolist(), *(corner + side).tolist()), landmarks.astype(np.float32), 0.0)


def cut_out(folder: Path, portraits: list[Portrait], detector: DetectorNetworks, cache: Path) -> Crops:
    """Cut out all portraits of a set, once: the result is kept in `cache`."""
    if not cache.exists():
        template, progress = widened(SCORER_TEMPLATE, MARGIN), Progress(cache.stem, len(portraits))
        pixels, landmarks = [], []
        for portrait in portraits:
            photo = read_photo(folder / portrait.file)
            face = portrayed(photo, detector)
            pixels.append(align(photo, [face], template)[0])
            landmarks.append(face.landmarks)
            progress.advance()
        np.savez(cache, pixels=np.stack(pixels), landmarks=np.stack(landmarks))
    with np.load(cache) as arrays:
        return Crops(arrays["pixels"], arrays["landmarks"])
