"""Part of decoding: reads a JPEG whose end is missing, and says whether too much of it is."""

import io
import re

import numpy as np
from PIL import Image

JPEG_START, JPEG_END = b"\xff\xd8\xff", b"\xff\xd9"
SEGMENT_START = re.compile(rb"\xff[\xc0-\xcf\xda-\xfe]")
"""A marker that a length follows. Compressed pixels never hold one."""
MAX_SEGMENT_SIZE = 2 + 0xFFFF
PROGRESSIVE_FRAME = b"\xff\xc2"
FRAME_COMPONENT_AT = 10
"""The position of the first component's number in a frame's segment."""
MISSING_DIVISOR = 4
"""A quarter of the rows may be missing: the face of a portrait is usually above it."""
FILL_MIN, FILL_MAX = 127, 128
"""libjpeg gives mid-grey to rows without data; Pillow inverts it for CMYK."""


class JpegFile(io.BytesIO):
    """A JPEG's bytes, with an end marker for a reader that runs out of them. Zeros at the end are not data."""

    is_cut = False
    """A reader ran out of bytes."""

    def __init__(self, data: bytes) -> None:
        super().__init__(_without_cut_segment(data.rstrip(b"\0")))

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        if data or self.is_cut:
            return data
        self.is_cut = True
        return JPEG_END


def lacks_rows(image: Image.Image) -> bool:
    """More than a quarter of the rows of a decoded picture are the decoder's fill, from the last row up."""
    width, height = image.size
    below = np.asarray(image.crop((0, height - height // MISSING_DIVISOR - 1, width, height)))
    return bool(below.min() >= FILL_MIN and below.max() <= FILL_MAX)


def lacks_detail(data: bytes) -> bool:
    """No scan of a progressive JPEG holds the first component's highest frequency: its pixels are blocks of 8x8.

    Such a picture has all its rows, and its score may be 0.7 too high.
    """
    frame = data.rfind(PROGRESSIVE_FRAME)
    component = data[frame + FRAME_COMPONENT_AT : frame + FRAME_COMPONENT_AT + 1]
    # the header of a scan of that component alone: its tables, its first coefficient, and 63, its last
    of_component = re.compile(rb"\xff\xda\0\x08\x01" + re.escape(component) + rb"..\x3f", re.DOTALL)
    return of_component.search(data, frame) is None


def _without_cut_segment(data: bytes) -> bytes:
    """Drop a segment at the end whose body is cut: it would take the end marker for its own."""
    starts = [found.start() for found in SEGMENT_START.finditer(data, max(0, len(data) - MAX_SEGMENT_SIZE))]
    if not starts:
        return data
    size = int.from_bytes(data[starts[-1] + 2 : starts[-1] + 4], "big")
    return data[: starts[-1]] if starts[-1] + 2 + max(size, 2) > len(data) else data
