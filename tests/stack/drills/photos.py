"""Numbered photos of one face. The number is drawn as bars at the bottom, so it can be read from the bot's picture."""

import io
from functools import cache
from pathlib import Path
from typing import cast

from PIL import Image, ImageDraw

SAMPLE = Path(__file__).resolve().parents[3] / "playground/attrai_playground/sample/astronauts.jpg"
FACE_BOX = (430, 140, 800, 510)
SIZE_PX = 320
BAR_PX = 16
BITS = 20
DARK_BELOW = 128
COMMENT = b"Kanarienkommentar-5b1f0c"
"""Canary: it is in every file sent, and nothing may store it."""


def photo(number: int) -> bytes:
    """A JPEG of 320 x 352 pixels; `number` is below 65,536."""
    picture = Image.new("RGB", (SIZE_PX, SIZE_PX + 2 * BAR_PX), "white")
    picture.paste(_face(), (0, 0))
    draw = ImageDraw.Draw(picture)
    for place, bit in enumerate(f"{_with_check_bits(number):0{BITS}b}"):
        draw.rectangle(
            (place * BAR_PX, SIZE_PX, (place + 1) * BAR_PX - 1, SIZE_PX + 2 * BAR_PX),
            fill="black" if bit == "1" else "white",
        )
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=90, comment=COMMENT)
    return file.getvalue()


def number_of(data: bytes) -> int | None:
    """The number drawn in a picture of any size, or None if the check bits are wrong."""
    bars = Image.open(io.BytesIO(data)).convert("L").resize((SIZE_PX, SIZE_PX + 2 * BAR_PX))
    middles = (bars.getpixel((place * BAR_PX + BAR_PX // 2, SIZE_PX + BAR_PX)) for place in range(BITS))
    bits = "".join("1" if cast(int, middle) < DARK_BELOW else "0" for middle in middles)
    code = int(bits, 2)
    return code >> 4 if _with_check_bits(code >> 4) == code else None


def _with_check_bits(number: int) -> int:
    """16 bits and 4 check bits."""
    return (number << 4) | ((number ^ (number >> 4) ^ (number >> 8) ^ (number >> 12) ^ 0b1010) & 0b1111)


@cache
def _face() -> Image.Image:
    return Image.open(SAMPLE).convert("RGB").crop(FACE_BOX).resize((SIZE_PX, SIZE_PX))
