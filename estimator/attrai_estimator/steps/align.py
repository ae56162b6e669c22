"""Alignment: turns and scales each detection into a network's square crop by its five landmarks."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from attrai_estimator.networks.network import Template
from attrai_estimator.values import Detection, Photo, Pixels

Floats = NDArray[np.float64]
SUPERSAMPLING_DENSITY = 1.0
"""From this many pixels of the picture for one of the crop, in each direction, a crop's pixel is the mean of several."""
SAMPLES_PER_SIDE = 3
SAMPLING_MARGIN = 2
"""Pixels around the sampled area that bilinear sampling reads."""


def align(photo: Photo, detections: Sequence[Detection], template: Template) -> Pixels:
    """Cut each detection out of the photo.

    Returns uint8 of shape (n, size, size, 3) in the detections' order. Outside of the photo it is black.
    """
    crops = [_crop(photo.image, detection.landmarks * photo.scale, template) for detection in detections]
    return np.stack(crops) if crops else np.empty((0, template.size, template.size, 3), np.uint8)


def similarity(source: Floats, target: Floats, weights: Floats) -> Floats:
    """Least-squares similarity without reflection from `source` to `target`, both of shape (n, 2).

    `weights`, shape (n,): the weight of each point. Returns the matrix of shape (2, 3) that maps (x, y, 1).
    It is Umeyama's fit (1991); in complex numbers it is a division.
    """
    a, b = (points[:, 0] + 1j * points[:, 1] for points in (source, target))
    part = weights / weights.sum()
    centred = a - part @ a
    turn = ((part * b) @ centred.conj()) / max(((part * centred) @ centred.conj()).real, 1e-12)
    shift = part @ b - turn * (part @ a)
    return np.array([[turn.real, -turn.imag, shift.real], [turn.imag, turn.real, shift.imag]])


def _crop(image: Image.Image, landmarks: NDArray[np.float32], template: Template) -> Pixels:
    """Reduce a large face by a whole number first. If it is still denser than the crop, average nine samples a pixel."""
    target = np.array(template.points) * template.size
    backwards = similarity(target, landmarks.astype(np.float64), np.array(template.weights))
    image, backwards = _reduced(image, backwards, template.size)
    dense = _density(backwards) >= SUPERSAMPLING_DENSITY
    samples = SAMPLES_PER_SIDE if dense else 1
    backwards[:, :2] /= samples
    side = template.size * samples
    sampling = Image.Resampling.NEAREST if dense else Image.Resampling.BILINEAR
    crop = image.transform((side, side), Image.Transform.AFFINE, backwards.ravel().tolist(), sampling)
    return np.asarray(crop.reduce(samples))


def _density(backwards: Floats) -> float:
    """Pixels of the picture for one of the crop."""
    return float(np.hypot(backwards[0, 0], backwards[1, 0]))


def _reduced(image: Image.Image, backwards: Floats, side: int) -> tuple[Image.Image, Floats]:
    """The part of the picture that the crop needs, reduced by a whole number, and the matrix that maps into it."""
    times = int(_density(backwards))
    corners = backwards @ np.array([[0, side, 0, side], [0, 0, side, side], [1, 1, 1, 1]])
    least = np.floor(corners.min(axis=1)).astype(int) - SAMPLING_MARGIN * times
    most = np.ceil(corners.max(axis=1)).astype(int) + SAMPLING_MARGIN * times
    left, top = least.clip(0)
    right, bottom = np.minimum(most, image.size)
    if times < 2 or min(right - left, bottom - top) < times:  # noqa: PLR2004 - no reduction
        return image, backwards
    moved = backwards - np.array([[0, 0, left], [0, 0, top]])
    return image.reduce(times, (int(left), int(top), int(right), int(bottom))), moved / times
