"""A photo as it might have been: from elsewhere, in other light, by a worse camera. What a face may look like is learned from these."""

from collections.abc import Callable, Sequence
from io import BytesIO

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter, ImageOps

Chance = np.random.Generator
Change = Callable[[Image.Image, Chance], Image.Image]

LARGEST, SMALLEST = 0.7, -1.3
"""Of the photo's size, as powers of two: the same faces come as small as they are looked for, and large."""
NARROWER, CUT, FRAME = 0.1, 0.42, 1 / 3
"""At most: of the width, wider or narrower; of each side, cut off, so that faces fill the view or reach over its border; of the
longer side, a black frame, as the last look has it."""
LEAST = 30
"""Pixels of a view's side, before it is cut."""
TURN = 12.0
"""Degrees: the deviation."""


def random_view(photo: Image.Image, chance: Chance) -> Image.Image:
    """A view of the photo; the same for the same chance."""
    for change, share in VIEW_CHANGES:
        if chance.random() < share:
            photo = change(photo, chance)
    return photo


def _mirrored(photo: Image.Image, _: Chance) -> Image.Image:
    return ImageOps.mirror(photo)


def _turned(photo: Image.Image, chance: Chance) -> Image.Image:
    red, green, blue = chance.integers(0, 256, 3).tolist()
    return photo.rotate(chance.normal(0, TURN), Image.Resampling.BILINEAR, fillcolor=(red, green, blue))


def _resized(photo: Image.Image, chance: Chance) -> Image.Image:
    times, wider = 2 ** chance.uniform(SMALLEST, LARGEST), 1 + chance.uniform(-NARROWER, NARROWER)
    size = (max(LEAST, round(photo.width * times * wider)), max(LEAST, round(photo.height * times / wider)))
    return photo.resize(size, Image.Resampling.BICUBIC)


def _cut(photo: Image.Image, chance: Chance) -> Image.Image:
    left, top, right, bottom = (chance.uniform(0, CUT, 4) * (*photo.size, *photo.size)).astype(int).tolist()
    return photo.crop((left, top, photo.width - right, photo.height - bottom))


def _framed(photo: Image.Image, chance: Chance) -> Image.Image:
    return ImageOps.expand(photo, round(max(photo.size) * chance.uniform(0, FRAME)))


def _lit(photo: Image.Image, chance: Chance) -> Image.Image:
    return ImageEnhance.Brightness(photo).enhance(2 ** chance.normal(0, 0.5))


def _contrasted(photo: Image.Image, chance: Chance) -> Image.Image:
    return ImageEnhance.Contrast(photo).enhance(2 ** chance.normal(0, 0.35))


def _coloured(photo: Image.Image, chance: Chance) -> Image.Image:
    """From grey to gaudy."""
    return ImageEnhance.Color(photo).enhance(chance.uniform(0, 1.6))


def _tinted(photo: Image.Image, chance: Chance) -> Image.Image:
    """As under a lamp."""
    return _from_numbers(np.asarray(photo) * chance.uniform(0.75, 1.25, 3))


def _blurred(photo: Image.Image, chance: Chance) -> Image.Image:
    return photo.filter(ImageFilter.GaussianBlur(chance.uniform(0.3, 1.6)))


def _compressed(photo: Image.Image, chance: Chance) -> Image.Image:
    file = BytesIO()
    photo.save(file, "JPEG", quality=int(chance.integers(30, 90)))
    with Image.open(file) as image:
        return image.convert("RGB")


def _noisy(photo: Image.Image, chance: Chance) -> Image.Image:
    pixels = np.asarray(photo)
    return _from_numbers(pixels + chance.normal(0, chance.uniform(2, 14), pixels.shape))


def _from_numbers(pixels: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> Image.Image:
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


VIEW_CHANGES: Sequence[tuple[Change, float]] = (
    (_mirrored, 0.5),
    (_turned, 0.4),
    (_resized, 1.0),
    (_cut, 0.4),
    (_framed, 0.1),
    (_lit, 0.6),
    (_contrasted, 0.5),
    (_coloured, 0.5),
    (_tinted, 0.4),
    (_blurred, 0.2),
    (_compressed, 0.3),
    (_noisy, 0.15),
)
"""In their order, each with the share of views that it happens to."""
