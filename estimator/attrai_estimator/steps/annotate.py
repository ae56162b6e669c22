"""Step before encoding: draw each face's box and a label with its number in the caption and its score."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import sqrt

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from attrai_estimator.steps.labels import place
from attrai_estimator.values import Box, Face

Colour = tuple[int, int, int]
Rectangle = NDArray[np.float64]

YELLOW, BLUE, GREEN = (255, 214, 10), (100, 210, 255), (60, 220, 110)
ORANGE, PINK, LILAC = (255, 160, 60), (255, 130, 180), (190, 165, 255)
COLOURS: tuple[Colour, ...] = (YELLOW, BLUE, GREEN, ORANGE, PINK, LILAC)
"""Taken in turn, so that a crowd's labels are told apart; black text on each has a contrast over 8:1."""
UNRELIABLE: Colour = (205, 205, 205)
INK: Colour = (0, 0, 0)
FONT_OF_FACE, SMALLEST_FONT, LARGEST_FONT = 0.2, 1 / 52, 1 / 24
"""Height of the font: as a share of the face's height, in bounds that are shares of the picture's size."""
LINE_OF_FACE, THINNEST_LINE, THICKEST_LINE = 0.012, 2, 4
BLOCK = 2
"""Pixels of each direction that have one colour in the JPEG: boxes' lines fill whole blocks, or they would pale."""
DASH = 4
"""Length of a dash and of its gap, in line widths."""


@dataclass(frozen=True, slots=True)
class _Drawn:
    """How one face is drawn, in pixels of the picture."""

    face: Rectangle
    text: str
    font: ImageFont.FreeTypeFont
    colour: Colour
    line: int
    dashed: bool

    @property
    def size(self) -> tuple[float, float]:
        """Width and height of the label; figures are of one height, so labels of one font are too."""
        return self.font.getlength(self.text) + 0.7 * self.font.size, 1.25 * self.font.size


def annotate(picture: Image.Image, faces: Sequence[Face], scale: float) -> Image.Image:
    """Draw the faces, given from left to right, on a copy of the picture.

    `scale`: pixels of the picture for each pixel of the photo. A face whose score is not to be trusted gets a grey
    dashed box, and "?" for a score.
    """
    image = picture.copy()
    drawn = [_drawn(i, len(faces), face, scale, image.size) for i, face in enumerate(faces)]
    if drawn:
        labels = place(np.array([one.face for one in drawn]), np.array([one.size for one in drawn]), image.size)
        _draw(ImageDraw.Draw(image), drawn, labels)
    return image


def caption_label(number: int, count: int, face: Face) -> str:
    """The text on a face: its score, or "?", and before it its number (from 1) where there are several."""
    score = "?" if face.quality.reasons else f"{face.score:.1f}"
    return score if count == 1 else f"{number} · {score}"


def _drawn(index: int, count: int, face: Face, scale: float, canvas: tuple[int, int]) -> _Drawn:
    box = face.detection.box
    height, size = box.height * scale, max(sqrt(canvas[0] * canvas[1]), 0.75 * max(canvas))
    font = _font(round(min(max(FONT_OF_FACE * height, SMALLEST_FONT * size), LARGEST_FONT * size)))
    line = BLOCK * round(min(max(LINE_OF_FACE * height, THINNEST_LINE), THICKEST_LINE) / BLOCK)
    gated = bool(face.quality.reasons)
    colour = UNRELIABLE if gated else COLOURS[index % len(COLOURS)]
    text = caption_label(index + 1, count, face)
    return _Drawn(_on_canvas(box, scale, line, canvas), text, font, colour, line, gated)


def _on_canvas(box: Box, scale: float, line: int, canvas: tuple[int, int]) -> Rectangle:
    """The box's first and last pixels in the picture, its whole line within the picture and on whole blocks."""
    most = (np.array(canvas) - line) // BLOCK
    start = (np.array([box.x0, box.y0]) * scale / BLOCK).round().clip(line // BLOCK, most - 1)
    end = ((np.array([box.x1, box.y1]) * scale + 1) / BLOCK).round().clip(start + 1, most)
    return np.concatenate([start * BLOCK, end * BLOCK - 1])


@lru_cache(maxsize=64)
def _font(size: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.load_default(size)
    if not isinstance(font, ImageFont.FreeTypeFont):
        raise TypeError("Pillow was built without FreeType")
    return font


def _draw(draw: ImageDraw.ImageDraw, drawn: Sequence[_Drawn], labels: NDArray[np.float64]) -> None:
    """Boxes below, then lines from labels that stand apart, then labels."""
    for one in drawn:
        _box(draw, one)
    for one, label in zip(drawn, labels, strict=True):
        _leader(draw, one, label)
    for one, label in zip(drawn, labels, strict=True):
        _label(draw, one, label)


def _box(draw: ImageDraw.ImageDraw, one: _Drawn) -> None:
    x0, y0, x1, y1 = one.face.astype(int).tolist()
    draw.rectangle((x0 - 1, y0 - 1, x1 + 1, y1 + 1), outline=INK, width=one.line + 2)
    if not one.dashed:
        draw.rectangle((x0, y0, x1, y1), outline=one.colour, width=one.line)
        return
    dash, thick = one.line * DASH, one.line - 1
    for x in range(x0, x1, 2 * dash):
        for y in (y0, y1 - thick):
            draw.rectangle((x, y, min(x + dash, x1), y + thick), fill=one.colour)
    for y in range(y0, y1, 2 * dash):
        for x in (x0, x1 - thick):
            draw.rectangle((x, y, x + thick, min(y + dash, y1)), fill=one.colour)


def _leader(draw: ImageDraw.ImageDraw, one: _Drawn, label: Rectangle) -> None:
    """The shortest line between the label and its face; nothing where they touch."""
    middle = np.clip((label[:2] + label[2:]) / 2, one.face[:2], one.face[2:])
    end = np.clip(middle, label[:2], label[2:])
    if np.abs(middle - end).max() > 1:
        for width, colour in ((one.line + 2, INK), (one.line, one.colour)):
            draw.line((*middle, *end), fill=colour, width=width)


def _label(draw: ImageDraw.ImageDraw, one: _Drawn, label: Rectangle) -> None:
    x0, y0, x1, y1 = (round(side) for side in label)
    draw.rounded_rectangle((x0, y0, x1 - 1, y1 - 1), radius=0.2 * (y1 - y0), fill=one.colour, outline=INK)
    draw.text(((x0 + x1) / 2, (y0 + y1) / 2), one.text, fill=INK, font=one.font, anchor="mm")
