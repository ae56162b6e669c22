"""Resizing: the picture that is sent back, large enough for labels and small enough for a chat."""

from math import ceil

from PIL import Image

from attrai_estimator.values import Photo

MAX_LONG_SIDE, MIN_LONG_SIDE = 1280, 960
"""Pixels. Telegram shows at most 1280. A label needs room even on a photo of 80."""
SHRINKING, ENLARGING = Image.Resampling.HAMMING, Image.Resampling.BICUBIC
"""Lanczos takes two to three times as long: longer than the detection of a portrait."""


def resize(photo: Photo) -> Image.Image:
    """Scale the longer side to `MIN_LONG_SIDE` to `MAX_LONG_SIDE`. A photo of that size keeps its image."""
    width, height = working_size(photo.width, photo.height)
    if photo.image.size == (width, height):
        return photo.image
    sampling = SHRINKING if width < photo.image.width else ENLARGING
    return photo.image.resize((width, height), sampling, reducing_gap=1.0)


def working_size(width: int, height: int) -> tuple[int, int]:
    """Width and height of a photo's result; the shorter side is rounded up, so that the aspect ratio does not grow."""
    longer = max(width, height)
    target = min(max(longer, MIN_LONG_SIDE), MAX_LONG_SIDE)
    return ceil(width * target / longer), ceil(height * target / longer)
