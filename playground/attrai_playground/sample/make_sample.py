"""Makes the sample photo from one portrait: framed prints of it on a wall, so that one photo holds several faces.

Run as `python make_sample.py PORTRAIT PICTURE`; PORTRAIT is scikit-image's `data/astronaut.png`. See SOURCE.md.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageOps

CANVAS = (1200, 800)
WALL_TOP, WALL_BOTTOM = (214, 208, 198), (172, 164, 152)
FRAME, MAT, SHADOW = (58, 44, 34), (248, 246, 240), (60, 52, 44)
HEAD = (97, 0, 352, 340)
"""The part of the portrait that is printed; 3:4."""


@dataclass(frozen=True, slots=True)
class Print:
    """One print on the wall: upper left corner and width in pixels; brightness and colour are 1 as they are."""

    x: int
    y: int
    width: int
    mirrored: bool = False
    brightness: float = 1.0
    colour: float = 1.0


PRINTS = (
    Print(70, 90, 230, brightness=0.92),
    Print(70, 500, 150, mirrored=True, colour=0.0),
    Print(390, 110, 380),
    Print(860, 70, 150, mirrored=True, brightness=1.12),
    Print(860, 345, 255, mirrored=True, colour=0.35),
    Print(1050, 130, 90, brightness=0.85),
)


def main(portrait: Path, picture: Path) -> None:
    """Read the portrait and write the sample photo."""
    with Image.open(portrait) as image:
        head = image.convert("RGB").crop(HEAD)
    wall = _wall()
    for one in PRINTS:
        _hang(wall, head, one)
    wall.save(picture, "JPEG", quality=88)


def _wall() -> Image.Image:
    gradient = Image.linear_gradient("L").resize(CANVAS)
    return ImageOps.colorize(gradient, WALL_TOP, WALL_BOTTOM)


def _hang(wall: Image.Image, head: Image.Image, one: Print) -> None:
    """Print the head, frame it and put it on the wall with its shadow."""
    height = one.width * 4 // 3
    printed = head.resize((one.width, height), Image.Resampling.LANCZOS)
    printed = ImageOps.mirror(printed) if one.mirrored else printed
    printed = ImageEnhance.Color(ImageEnhance.Brightness(printed).enhance(one.brightness)).enhance(one.colour)
    framed = ImageOps.expand(ImageOps.expand(printed, one.width // 16, MAT), max(4, one.width // 28), FRAME)
    _cast_shadow(wall, (one.x, one.y, one.x + framed.width, one.y + framed.height), one.width // 20)
    wall.paste(framed, (one.x, one.y))


def _cast_shadow(wall: Image.Image, frame: tuple[int, int, int, int], depth: int) -> None:
    mask = Image.new("L", wall.size)
    x0, y0, x1, y1 = frame
    ImageDraw.Draw(mask).rectangle((x0 + depth // 2, y0 + depth, x1 + depth // 2, y1 + depth), fill=150)
    wall.paste(SHADOW, mask=mask.filter(ImageFilter.GaussianBlur(depth * 0.6)))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
