"""Generates photos as mosaics of one portrait.

`make bench` uses scikit-image's `data.astronaut()` (NASA, public domain).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from random import Random

import numpy as np
from PIL import Image, ImageOps

SIZES = ((250, 250), (640, 480), (1280, 960), (4000, 3000))
GRIDS = {1: (1, 1), 4: (2, 2), 20: (5, 4)}
"""Columns and rows by the number of faces."""
HEAD_CENTRE = (0.45, 0.1)
"""The crop centre of the portrait in a cell of another aspect ratio."""
QUALITY = 90
VARIED, PHOTO_SIZES_SEED = 60, 7
LARGE_PHOTO_STRIDE = 20
"""One varied photo in this many has 12 megapixels."""
MIN_FACE_PIXELS, MIN_FACE_SHARE = 24.0, 0.015
"""The detector must find faces of at least both limits. The share is of the longer side: 60 px of 4000."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A generated photo."""

    file: Path
    width: int
    height: int
    faces: int

    @property
    def name(self) -> str:
        return f"{self.width}x{self.height}, {self.faces} face{'s' if self.faces > 1 else ''}"


def smallest_face(width: int, height: int) -> float:
    """The smallest face, in pixels, that the detector must find on a photo of this size."""
    return max(MIN_FACE_PIXELS, MIN_FACE_SHARE * max(width, height))


def samples(portrait: Image.Image, folder: Path, sizes: Sequence[tuple[int, int]] = SIZES) -> list[Sample]:
    """Write a JPEG of each size with 1, 4 and 20 faces, unless the file exists."""
    found = [Sample(folder / f"{w}x{h}-{count}.jpg", w, h, count) for w, h in sizes for count in GRIDS]
    for one in found:
        if not one.file.exists():
            mosaic(portrait, one.width, one.height, one.faces).save(one.file, quality=QUALITY)
    return found


def varied(portrait: Image.Image, folder: Path, count: int = VARIED) -> list[Path]:
    """Write photos with random sides of 100 to 1600 px and 1, 4 or 20 faces. A few have 12 megapixels."""
    folder.mkdir(exist_ok=True)
    random, files = Random(PHOTO_SIZES_SEED), [folder / f"{number:02}.jpg" for number in range(count)]  # noqa: S311 - sizes, no secrets
    for number, file in enumerate(files, start=1):
        width, height = (random.randint(100, 1600) for _ in range(2))
        size = SIZES[-1] if number % LARGE_PHOTO_STRIDE == 0 else (width, height)
        mosaic(portrait, *size, random.choice(tuple(GRIDS))).save(file, quality=QUALITY)
    return files


def mosaic(portrait: Image.Image, width: int, height: int, count: int) -> Image.Image:
    """Fill the photo with a grid of portraits. Every second one is mirrored."""
    photo = Image.new("RGB", (width, height))
    columns, rows = GRIDS[count]
    lefts, tops = (np.linspace(0, side, n + 1).round().astype(int) for side, n in ((width, columns), (height, rows)))
    for i, j in product(range(columns), range(rows)):
        size = (int(lefts[i + 1] - lefts[i]), int(tops[j + 1] - tops[j]))
        cell = ImageOps.fit(portrait, size, Image.Resampling.LANCZOS, centering=HEAD_CENTRE)
        photo.paste(ImageOps.mirror(cell) if (i + j) % 2 else cell, (int(lefts[i]), int(tops[j])))
    return photo
