"""Augmentation of photos for the proposal network: random position, light and camera."""

from collections.abc import Callable, Sequence
from io import BytesIO

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter, ImageOps

Random = np.random.Generator
ViewChange = Callable[[Image.Image, Random], Image.Image]

MIN_SCALE_LOG2, MAX_SCALE_LOG2 = -1.3, 0.7
"""Of the photo's size, so that the same faces appear small and large."""
MAX_ASPECT_CHANGE = 0.1
MAX_CROP = 0.42
"""Of each side, so that faces fill the view or cross its border."""
MAX_FRAME = 1 / 3
"""Of the longer side: a black frame, as the estimator's last attempt at detection adds one."""
MIN_VIEW_SIDE_PIXELS = 30
"""Of a view before it is cropped."""
ROTATION_DEVIATION_DEGREES = 12.0


def random_view(photo: Image.Image, random: Random) -> Image.Image:
    """A random view of the photo."""
    for change, share in VIEW_CHANGES:
        if random.random() < share:
            photo = change(photo, random)
    return photo


def _mirrored(photo: Image.Image, _: Random) -> Image.Image:
    return ImageOps.mirror(photo)


def _rotated(photo: Image.Image, random: Random) -> Image.Image:
    red, green, blue = random.integers(0, 256, 3).tolist()
    return photo.rotate(
        random.normal(0, ROTATION_DEVIATION_DEGREES), Image.Resampling.BILINEAR, fillcolor=(red, green, blue)
    )


def _resized(photo: Image.Image, random: Random) -> Image.Image:
    times, wider = (
        2 ** random.uniform(MIN_SCALE_LOG2, MAX_SCALE_LOG2),
        1 + random.uniform(-MAX_ASPECT_CHANGE, MAX_ASPECT_CHANGE),
    )
    size = (
        max(MIN_VIEW_SIDE_PIXELS, round(photo.width * times * wider)),
        max(MIN_VIEW_SIDE_PIXELS, round(photo.height * times / wider)),
    )
    return photo.resize(size, Image.Resampling.BICUBIC)


def _cropped(photo: Image.Image, random: Random) -> Image.Image:
    left, top, right, bottom = (random.uniform(0, MAX_CROP, 4) * (*photo.size, *photo.size)).astype(int).tolist()
    return photo.crop((left, top, photo.width - right, photo.height - bottom))


def _framed(photo: Image.Image, random: Random) -> Image.Image:
    return ImageOps.expand(photo, round(max(photo.size) * random.uniform(0, MAX_FRAME)))


def _brightened(photo: Image.Image, random: Random) -> Image.Image:
    return ImageEnhance.Brightness(photo).enhance(2 ** random.normal(0, 0.5))


def _contrasted(photo: Image.Image, random: Random) -> Image.Image:
    return ImageEnhance.Contrast(photo).enhance(2 ** random.normal(0, 0.35))


def _coloured(photo: Image.Image, random: Random) -> Image.Image:
    """From grey to oversaturated."""
    return ImageEnhance.Color(photo).enhance(random.uniform(0, 1.6))


def _tinted(photo: Image.Image, random: Random) -> Image.Image:
    """As under coloured light."""
    return _to_image(np.asarray(photo) * random.uniform(0.75, 1.25, 3))


def _blurred(photo: Image.Image, random: Random) -> Image.Image:
    return photo.filter(ImageFilter.GaussianBlur(random.uniform(0.3, 1.6)))


def _compressed(photo: Image.Image, random: Random) -> Image.Image:
    file = BytesIO()
    photo.save(file, "JPEG", quality=int(random.integers(30, 90)))
    with Image.open(file) as image:
        return image.convert("RGB")


def _noisy(photo: Image.Image, random: Random) -> Image.Image:
    pixels = np.asarray(photo)
    return _to_image(pixels + random.normal(0, random.uniform(2, 14), pixels.shape))


def _to_image(pixels: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> Image.Image:
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


VIEW_CHANGES: Sequence[tuple[ViewChange, float]] = (
    (_mirrored, 0.5),
    (_rotated, 0.4),
    (_resized, 1.0),
    (_cropped, 0.4),
    (_framed, 0.1),
    (_brightened, 0.6),
    (_contrasted, 0.5),
    (_coloured, 0.5),
    (_tinted, 0.4),
    (_blurred, 0.2),
    (_compressed, 0.3),
    (_noisy, 0.15),
)
"""In the order of application, each with the share of views that it changes."""
