"""Distinct photos of one face, each with its number drawn as bars along the bottom: a picture that comes back tells which it was."""

import io
from functools import cache
from pathlib import Path
from typing import cast

from PIL import Image, ImageDraw

SAMPLE = Path(__file__).resolve().parents[3] / "playground/attrai_playground/sample/astronauts.jpg"
FACE = (430, 140, 800, 510)
SIZE = 320
BAR = 16
BITS = 20
DARK = 128
COMMENT = b"Kanarienkommentar-5b1f0c"
"""Canary: stands in every file sent, and nothing may keep it."""


def photo(number: int) -> bytes:
    """A JPEG of 320 x 352 pixels; `number` is below 65,536."""
    picture = Image.new("RGB", (SIZE, SIZE + 2 * BAR), "white")
    picture.paste(_face(), (0, 0))
    draw = ImageDraw.Draw(picture)
    for place, bit in enumerate(f"{_coded(number):0{BITS}b}"):
        draw.rectangle(
            (place * BAR, SIZE, (place + 1) * BAR - 1, SIZE + 2 * BAR), fill="black" if bit == "1" else "white"
        )
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=90, comment=COMMENT)
    return file.getvalue()


def number_of(data: bytes) -> int | None:
    """The number drawn in a picture, whatever its size, or None where the bars do not add up."""
    bars = Image.open(io.BytesIO(data)).convert("L").resize((SIZE, SIZE + 2 * BAR))
    middles = (bars.getpixel((place * BAR + BAR // 2, SIZE + BAR)) for place in range(BITS))
    bits = "".join("1" if cast(int, middle) < DARK else "0" for middle in middles)
    code = int(bits, 2)
    return code >> 4 if _coded(code >> 4) == code else None


def _coded(number: int) -> int:
    """Sixteen bits and a check of four."""
    return (number << 4) | ((number ^ (number >> 4) ^ (number >> 8) ^ (number >> 12) ^ 0b1010) & 0b1111)


@cache
def _face() -> Image.Image:
    return Image.open(SAMPLE).convert("RGB").crop(FACE).resize((SIZE, SIZE))
