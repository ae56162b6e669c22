"""Part of detection: the image pyramid."""

from collections.abc import Sequence
from math import ceil, log2

import numpy as np
from PIL import Image

from attrai_estimator.steps.atlas import CELL
from attrai_estimator.values import Pixels

MIN_HALVED_SIDE = 48
"""A picture with a shorter side of fewer pixels is not halved again."""


def halves(image: Image.Image) -> list[Image.Image]:
    """The picture, its half, its quarter and so on."""
    pictures = [image]
    while min(pictures[-1].size) >= MIN_HALVED_SIDE:
        pictures.append(pictures[-1].reduce(2))
    return pictures


def scales(width: int, height: int, smallest: float) -> list[float]:
    """Scales at which faces from `smallest` pixels up to the shorter side fill a cell.

    Each is √½ of the one before. Every second level is exactly half of another: Pillow halves four times as fast as it
    resizes.
    """
    largest = CELL / smallest
    count = int(2 * log2(max(min(width, height) * largest / CELL, 0.5))) + 1
    return [largest / 2 ** (level / 2) for level in range(count)] if min(width, height) >= smallest else []


def level(pictures: Sequence[Image.Image], scale: float) -> Pixels:
    """The first picture at that scale. Each of `pictures` is half the one before."""
    nearest = pictures[min(max(int(-log2(scale) + 1e-6), 0), len(pictures) - 1)]
    size = (ceil(pictures[0].width * scale), ceil(pictures[0].height * scale))
    return np.asarray(
        nearest
        if nearest.size == size
        else nearest.resize((2 * size[0], 2 * size[1]), Image.Resampling.NEAREST).reduce(2)
    )
