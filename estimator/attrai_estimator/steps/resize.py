"""Step before drawing: the picture that the person gets back, large enough for labels and small enough for a chat."""

from math import ceil

from PIL import Image

from attrai_estimator.values import Photo

LONGEST, SHORTEST = 1280, 960
"""Pixels of the longer side: Telegram shows a photo at 1280 at most; a label needs room even on a photo of 80."""
SHRINKING, ENLARGING = Image.Resampling.HAMMING, Image.Resampling.BICUBIC
"""Lanczos takes two to three times as long, and more than the detection of a portrait."""


def resize(photo: Photo) -> Image.Image:
    """Scale the photo so that its longer side lies in `SHORTEST` to `LONGEST` pixels; its own image where it does already."""
    width, height = working_size(photo.width, photo.height)
    if photo.image.size == (width, height):
        return photo.image
    sampling = SHRINKING if width < photo.image.width else ENLARGING
    return photo.image.resize((width, height), sampling, reducing_gap=1.0)


def working_size(width: int, height: int) -> tuple[int, int]:
    """Width and height of a photo's result; the shorter side is rounded up, so that no ratio grows."""
    longer = max(width, height)
    target = min(max(longer, SHORTEST), LONGEST)
    return ceil(width * target / longer), ceil(height * target / longer)
