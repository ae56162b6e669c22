"""Part of detection: cuts many boxes out of a picture at once, as the small squares that a network takes.

A pixel is one number of 32 bits, red in its lowest byte.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from attrai_estimator.values import Pixels

Packed = NDArray[np.uint32]
"""Shape (height, width)."""
PATCHES_PER_BLOCK = 32
"""Patches cut out at once; their samples fit the processor's cache."""
LOWER_BITS = np.uint32(0x7F7F7F7F)


def packed(image: Image.Image) -> Packed:
    """A picture's pixels, one number each."""
    return np.frombuffer(image.tobytes("raw", "RGBX"), np.uint32).reshape(image.height, image.width)


def patches(pictures: Sequence[Packed], boxes: NDArray[np.float32], side: int, *, stretched: bool) -> Pixels:
    """Cut square boxes (n, 4), in pixels of the first picture, out as (n, side, side, 3).

    Each picture has half the size of the one before. A box is cut from the picture whose pixels are a half to a quarter
    as wide as the patch's. A patch's pixel is the mean of 2 x 2 samples. The part of a box inside the picture is
    `stretched` to the patch; otherwise the outermost pixels are repeated.
    """
    out = np.empty((len(boxes), side, side), np.uint32)
    nearest = np.log2(np.maximum((boxes[:, 2] - boxes[:, 0]) / (2 * side), 1)).astype(int).clip(max=len(pictures) - 1)
    for half in np.unique(nearest):
        of_half = np.flatnonzero(nearest == half)
        height, width = pictures[half].shape
        within = boxes[of_half] / 2.0**half
        out[of_half] = _sampled(pictures[half], within.clip(0, (width, height) * 2) if stretched else within, side)
    return _colours(out)


def _colours(pixels: Packed) -> Pixels:
    """Pixels of any shape as bytes of three channels. One channel at a time: numpy is slow on a last axis of three."""
    channels, colours = pixels.view(np.uint8).reshape(*pixels.shape, 4), np.empty((*pixels.shape, 3), np.uint8)
    for channel in range(3):
        colours[..., channel] = channels[..., channel]
    return colours


def _sampled(picture: Packed, boxes: NDArray[np.float64], side: int) -> Packed:
    places = (np.arange(2 * side).reshape(side, 2).T.ravel() + 0.5) / (2 * side)  # every second one, then those between
    height, width = picture.shape
    left, top, right, bottom = boxes.T[..., np.newaxis]
    columns = (left + (right - left) * places).clip(0, width - 1).astype(np.intp)
    rows = (top + (bottom - top) * places).clip(0, height - 1).astype(np.intp) * width
    pixels, patched = picture.ravel(), np.empty((len(boxes), side, side), np.uint32)
    for some in (slice(first, first + PATCHES_PER_BLOCK) for first in range(0, len(boxes), PATCHES_PER_BLOCK)):
        samples = pixels.take(rows[some, :, np.newaxis] + columns[some, np.newaxis])
        means = _mean(samples[:, :side], samples[:, side:])
        patched[some] = _mean(means[..., :side], means[..., side:])
    return patched


def _mean(a: Packed, b: Packed) -> Packed:
    """The mean of each of the four bytes, rounded down."""
    return (a & b) + (((a ^ b) >> np.uint32(1)) & LOWER_BITS)
