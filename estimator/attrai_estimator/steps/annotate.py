"""Annotation: draws each face's box and a label with its number and its score."""

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
"""Used in turn, so that neighbours differ. Black text on each has a contrast over 8:1."""
UNSCORED_COLOUR: Colour = (205, 205, 205)
INK: Colour = (0, 0, 0)
FONT_PER_FACE, MIN_FONT, MAX_FONT = 0.2, 1 / 52, 1 / 24
"""Height of the font as a share of the face's height, and its bounds as shares of the picture's size."""
LINE_PER_FACE, MIN_LINE, MAX_LINE = 0.012, 2, 4
"""Width of a line as a share of the face's height, and its bounds in pixels."""
CHROMA_BLOCK = 2
"""Pixels in each direction that share one colour in a 4:2:0 JPEG. Lines fill whole blocks, or they become pale."""
DASH_LENGTH = 4
"""Length of a dash and of its gap, in line widths."""


@dataclass(frozen=True, slots=True)
class _FaceStyle:
    """How one face is drawn, in pixels of the picture."""

    face: Rectangle
    text: str
    font: ImageFont.FreeTypeFont
    colour: Colour
    line: int
    dashed: bool

    @property
    def size(self) -> tuple[float, float]:
        """Width and height of the label; labels of one font have one height."""
        return self.font.getlength(self.text) + 0.7 * self.font.size, 1.25 * self.font.size


def annotate(picture: Image.Image, faces: Sequence[Face], scale: float) -> Image.Image:
    """Draw the faces, given from left to right, on a copy of the picture.

    `scale`: pixels of the picture for each pixel of the photo. A face without a trusted score gets a grey dashed box
    and "?".
    """
    image = picture.copy()
    drawn = [_drawn(i, len(faces), face, scale, image.size) for i, face in enumerate(faces)]
    if drawn:
        labels = place(np.array([one.face for one in drawn]), np.array([one.size for one in drawn]), image.size)
        _draw(ImageDraw.Draw(image), drawn, labels)
    return image


def caption_label(number: int, count: int, face: Face) -> str:
    """The text on a face: its score or "?", after its number (from 1) if there are several faces."""
    score = "?" if face.quality.reasons else f"{face.score:.1f}"
    return score if count == 1 else f"{number} · {score}"


def _drawn(index: int, count: int, face: Face, scale: float, canvas: tuple[int, int]) -> _FaceStyle:
    box = face.detection.box
    height, size = box.height * scale, max(sqrt(canvas[0] * canvas[1]), 0.75 * max(canvas))
    font = _font(round(min(max(FONT_PER_FACE * height, MIN_FONT * size), MAX_FONT * size)))
    line = CHROMA_BLOCK * round(min(max(LINE_PER_FACE * height, MIN_LINE), MAX_LINE) / CHROMA_BLOCK)
    gated = bool(face.quality.reasons)
    colour = UNSCORED_COLOUR if gated else COLOURS[index % len(COLOURS)]
    text = caption_label(index + 1, count, face)
    return _FaceStyle(_on_canvas(box, scale, line, canvas), text, font, colour, line, gated)


def _on_canvas(box: Box, scale: float, line: int, canvas: tuple[int, int]) -> Rectangle:
    """The box's first and last pixels in the picture. Its line is inside the picture and on whole blocks."""
    most = (np.array(canvas) - line) // CHROMA_BLOCK
    start = (np.array([box.x0, box.y0]) * scale / CHROMA_BLOCK).round().clip(line // CHROMA_BLOCK, most - 1)
    end = ((np.array([box.x1, box.y1]) * scale + 1) / CHROMA_BLOCK).round().clip(start + 1, most)
    return np.concatenate([start * CHROMA_BLOCK, end * CHROMA_BLOCK - 1])


@lru_cache(maxsize=64)
def _font(size: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.load_default(size)
    if not isinstance(font, ImageFont.FreeTypeFont):
        raise TypeError("Pillow was built without FreeType")
    return font


def _draw(draw: ImageDraw.ImageDraw, drawn: Sequence[_FaceStyle], labels: NDArray[np.float64]) -> None:
    """Boxes first, then lines to distant labels, then labels."""
    for one in drawn:
        _box(draw, one)
    for one, label in zip(drawn, labels, strict=True):
        _leader(draw, one, label)
    for one, label in zip(drawn, labels, strict=True):
        _label(draw, one, label)


def _box(draw: ImageDraw.ImageDraw, one: _FaceStyle) -> None:
    x0, y0, x1, y1 = one.face.astype(int).tolist()
    draw.rectangle((x0 - 1, y0 - 1, x1 + 1, y1 + 1), outline=INK, width=one.line + 2)
    if not one.dashed:
        draw.rectangle((x0, y0, x1, y1), outline=one.colour, width=one.line)
        return
    dash, thick = one.line * DASH_LENGTH, one.line - 1
    for x in range(x0, x1, 2 * dash):
        for y in (y0, y1 - thick):
            draw.rectangle((x, y, min(x + dash, x1), y + thick), fill=one.colour)
    for y in range(y0, y1, 2 * dash):
        for x in (x0, x1 - thick):
            draw.rectangle((x, y, x + thick, min(y + dash, y1)), fill=one.colour)


def _leader(draw: ImageDraw.ImageDraw, one: _FaceStyle, label: Rectangle) -> None:
    """The shortest line between the label and its face; none if they touch."""
    middle = np.clip((label[:2] + label[2:]) / 2, one.face[:2], one.face[2:])
    end = np.clip(middle, label[:2], label[2:])
    if np.abs(middle - end).max() > 1:
        for width, colour in ((one.line + 2, INK), (one.line, one.colour)):
            draw.line((*middle, *end), fill=colour, width=width)


def _label(draw: ImageDraw.ImageDraw, one: _FaceStyle, label: Rectangle) -> None:
    x0, y0, x1, y1 = (round(side) for side in label)
    draw.rounded_rectangle((x0, y0, x1 - 1, y1 - 1), radius=0.2 * (y1 - y0), fill=one.colour, outline=INK)
    draw.text(((x0 + x1) / 2, (y0 + y1) / 2), one.text, fill=INK, font=one.font, anchor="mm")
