"""Second step of three on a face: turn and scale each detection into a network's square crop by its five landmarks."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from attrai_estimator.networks.template import Template
from attrai_estimator.values import Detection, Photo, Pixels

Floats = NDArray[np.float64]


def align(photo: Photo, detections: Sequence[Detection], template: Template) -> Pixels:
    """Cut each detection out of the photo.

    Returns uint8 of shape (n, size, size, 3) in the detections' order; what lies outside the photo is black.
    """
    crops = [_crop(photo.image, detection.landmarks * photo.scale, template) for detection in detections]
    return np.stack(crops) if crops else np.empty((0, template.size, template.size, 3), np.uint8)


def similarity(source: Floats, target: Floats, weights: Floats) -> Floats:
    """Least-squares similarity without reflection from `source` to `target`, both of shape (n, 2).

    `weights`, shape (n,), say how much each point counts. Returns the matrix of shape (2, 3) that maps (x, y, 1).
    Umeyama's fit (1991), in complex numbers a division.
    """
    a, b = (points[:, 0] + 1j * points[:, 1] for points in (source, target))
    part = weights / weights.sum()
    centred = a - part @ a
    turn = ((part * b) @ centred.conj()) / max(((part * centred) @ centred.conj()).real, 1e-12)
    shift = part @ b - turn * (part @ a)
    return np.array([[turn.real, -turn.imag, shift.real], [turn.imag, turn.real, shift.imag]])


def _crop(image: Image.Image, landmarks: NDArray[np.float32], template: Template) -> Pixels:
    """Sample as densely as the photo's own pixels, then average, so that a large face shrinks without aliasing."""
    target = np.array(template.points) * template.size
    backwards = similarity(target, landmarks.astype(np.float64), np.array(template.weights))
    density = max(1, round(float(np.hypot(backwards[0, 0], backwards[1, 0]))))
    backwards[:, :2] /= density
    side = template.size * density
    sampling = Image.Resampling[template.sampling.upper()]
    crop = image.transform((side, side), Image.Transform.AFFINE, backwards.ravel().tolist(), sampling)
    return np.asarray(crop.reduce(density))
