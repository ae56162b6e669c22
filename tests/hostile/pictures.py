"""What the readable files show: the sample's largest face, a crowd of sixty, or nobody."""

import io

import numpy as np
from PIL import Image, ImageFilter

FACE = (400, 120, 820, 680)
"""The largest print of the sample photo."""
CROWD = (10, 6)


def face(sample: bytes) -> Image.Image:
    """One face, RGB, 420x560."""
    with Image.open(io.BytesIO(sample)) as image:
        return image.convert("RGB").crop(FACE)


def crowd(sample: bytes) -> Image.Image:
    """Sixty faces in ten columns and six rows."""
    one = face(sample).crop((60, 0, 360, 330)).resize((120, 132), Image.Resampling.LANCZOS)
    columns, rows = CROWD
    canvas = Image.new("RGB", (columns * 128, rows * 150), (120, 125, 130))
    for i in range(columns * rows):
        canvas.paste(one, (i % columns * 128 + 4, i // columns * 150 + (i % 3) * 5))
    return canvas


def panorama(sample: bytes, width: int, height: int) -> Image.Image:
    """A face in the middle of a strip."""
    canvas = Image.new("RGB", (width, height), (150, 150, 150))
    one = face(sample)
    one.thumbnail((width, height), Image.Resampling.LANCZOS)
    canvas.paste(one, ((width - one.width) // 2, (height - one.height) // 2))
    return canvas


def nobody() -> Image.Image:
    """Soft clouds."""
    noise = np.random.default_rng(7).integers(0, 256, (12, 16, 3), dtype=np.uint8)
    return Image.fromarray(noise).resize((640, 480)).filter(ImageFilter.GaussianBlur(20))


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    """The picture as a file of Pillow's format `kind`."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()
