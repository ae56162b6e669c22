"""Makes photos of any size and number of faces from the large portrait in the playground's sample."""

import io
import random
from itertools import product
from math import ceil, sqrt
from pathlib import Path

from PIL import Image, ImageEnhance, ImageOps

SAMPLE_PHOTO = Path(__file__).parents[2] / "playground" / "attrai_playground" / "sample" / "astronauts.jpg"
PORTRAIT = (490, 150, 730, 470)
"""The head on the largest print of the sample; 3:4."""
PORTRAIT_HEIGHT = 0.8
"""In heights of a cell."""


def make_photo(width: int, height: int, faces: int, seed: int) -> bytes:
    """A reproducible JPEG of this size with this number of slightly different faces."""
    random_ = random.Random(seed)  # noqa: S311  # photos that differ, no secret
    canvas = ImageOps.colorize(Image.linear_gradient("L").resize((width, height)), (214, 208, 198), (172, 164, 152))
    with Image.open(SAMPLE_PHOTO) as sample:
        portrait = sample.convert("RGB").crop(PORTRAIT)
    for cell in _cells(width, height, faces):
        _paste(canvas, portrait, cell, random_)
    file = io.BytesIO()
    canvas.save(file, "JPEG", quality=88)
    return file.getvalue()


def _cells(width: int, height: int, faces: int) -> list[tuple[int, int, int, int]]:
    """The boxes of a grid with room for all faces."""
    columns = max(1, round(sqrt(faces * width / height)))
    rows = ceil(faces / columns)
    wide, high = width // columns, height // rows
    corners = [(column * wide, row * high) for row, column in product(range(rows), range(columns))]
    return [(x, y, x + wide, y + high) for x, y in corners[:faces]]


def _paste(canvas: Image.Image, portrait: Image.Image, cell: tuple[int, int, int, int], random_: random.Random) -> None:
    x0, y0, x1, y1 = cell
    tall = int(min((y1 - y0) * PORTRAIT_HEIGHT, (x1 - x0) * PORTRAIT_HEIGHT * 4 / 3) * random_.uniform(0.7, 1.0))
    copy = portrait.resize((tall * 3 // 4, tall), Image.Resampling.LANCZOS)
    copy = ImageOps.mirror(copy) if random_.getrandbits(1) else copy
    copy = ImageEnhance.Brightness(copy).enhance(random_.uniform(0.85, 1.1))
    canvas.paste(copy, (x0 + random_.randrange(x1 - x0 - copy.width), y0 + random_.randrange(y1 - y0 - copy.height)))
