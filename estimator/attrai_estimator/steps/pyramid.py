"""Part of detection: the picture at falling sizes, and its levels folded into one sheet that is looked at tile by tile.

A tile has one shape, whatever the photo's, so that the proposal network is compiled once and works in the processor's cache.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, log2

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from attrai_estimator.values import Pixels

FACTOR = 0.5**0.5
"""Every second level is then a half of another, which Pillow averages four times as fast as it resizes."""
CELL, STRIDE = 12, 4
"""Pixels that one value of the proposal network sees, and the pixels between two of them."""
TILE = 136
"""Side of a tile: 32 cells, and small enough that what the network holds between its layers stays in a core's cache."""
OVERLAP = CELL - STRIDE
"""Pixels that two neighbouring tiles share."""
STEP = TILE - OVERLAP
DENSE = 64
"""Pixels of a level's shorter side up to which it is looked at twice as densely: a face that fills the picture has few cells."""
SMALLEST_HALF = 48
"""Pixels of the shorter side under which a picture is not halved again."""

Integers = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Sheet:
    """The levels' vertical strips, one below the other: `pixels` has shape (rows, `TILE`, 3).

    Of each strip: `starts`, its first row; `corners`, shape (n, 2), x and y of its first pixel in its level; `sizes`,
    shape (n, 2), its level's width and height; `scales`, its level's.
    """

    pixels: Pixels
    starts: Integers
    corners: Integers
    sizes: Integers
    scales: NDArray[np.float64]

    def tiles(self) -> list[Pixels]:
        """From top to bottom, each as a batch of one, which shares the sheet's memory."""
        return [self.pixels[np.newaxis, y : y + TILE] for y in range(0, len(self.pixels) - OVERLAP, STEP)]

    def windows(self, rows: Integers, columns: Integers) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """What the cells of the sheet saw: boxes (n, 4) in the picture's pixels, and whether each lies within a level."""
        strip = np.searchsorted(self.starts, rows * STRIDE, side="right") - 1
        corners = self.corners[strip] + np.stack([columns * STRIDE, rows * STRIDE - self.starts[strip]], axis=1)
        within = np.logical_and.reduce(corners + CELL <= self.sizes[strip], axis=1)
        boxes = np.concatenate([corners + 1, corners + CELL], axis=1) / self.scales[strip, np.newaxis]
        return boxes.astype(np.float32), within


def halves(image: Image.Image) -> list[Image.Image]:
    """The picture, its half, its quarter and so on."""
    pictures = [image]
    while min(pictures[-1].size) >= SMALLEST_HALF:
        pictures.append(pictures[-1].reduce(2))
    return pictures


def scales(width: int, height: int, smallest: float) -> list[float]:
    """Scales at which faces from `smallest` pixels to the shorter side fill a cell."""
    largest = CELL / smallest
    count = int(2 * log2(max(min(width, height) * largest / CELL, 0.5))) + 1
    return [largest * FACTOR**level for level in range(count)] if min(width, height) >= smallest else []


def level(pictures: Sequence[Image.Image], scale: float) -> Pixels:
    """The first of `pictures`, each of which is half the one before, at that scale."""
    nearest = pictures[min(max(int(-log2(scale) + 1e-6), 0), len(pictures) - 1)]
    size = (ceil(pictures[0].width * scale), ceil(pictures[0].height * scale))
    return np.asarray(nearest if nearest.size == size else nearest.resize(size, Image.Resampling.BOX))


def fold(levels: Sequence[Pixels], level_scales: Sequence[float]) -> Sheet:
    """Cut the levels, of which there must be one at least, into strips and lay these below each other."""
    strips = [(i, corner) for i, pixels in enumerate(levels) for corner in _corners(pixels)]
    of_level, corners = np.array([i for i, _ in strips]), np.array([corner for _, corner in strips])
    parts = [_strip(levels[i], *corner) for i, corner in strips]
    bottoms = np.cumsum([len(part) for part in parts])
    rows = max(ceil((int(bottoms[-1]) - OVERLAP) / STEP), 1) * STEP + OVERLAP
    sheet = np.zeros((rows, TILE, 3), np.uint8)
    np.concatenate(parts, out=sheet[: bottoms[-1]])
    sizes = np.array([pixels.shape[1::-1] for pixels in levels])[of_level]
    return Sheet(sheet, bottoms - [len(part) for part in parts], corners, sizes, np.array(level_scales)[of_level])


def _corners(pixels: Pixels) -> list[tuple[int, int]]:
    """Where in a level its strips begin, x and y. A small level is laid out four times, so that no cell between two is left out."""
    height, width = pixels.shape[:2]
    shifts = (0, STRIDE // 2) if min(width, height) <= DENSE else (0,)
    lefts = range(0, max(width - OVERLAP, 1), STEP)
    return [(left + right, down) for left in lefts for right in shifts for down in shifts]


def _strip(pixels: Pixels, left: int, top: int) -> Pixels:
    """As wide as a tile, black where the level ends; its height is a whole number of strides."""
    part = pixels[top:, left : left + TILE]
    height, width = part.shape[:2]
    strip = np.zeros((ceil(height / STRIDE) * STRIDE, TILE, 3), np.uint8)
    strip[:height, :width] = part
    return strip
