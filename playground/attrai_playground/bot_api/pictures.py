"""What Telegram makes of a photo: upright JPEG copies without metadata, in several sizes. Pure; needs Pillow."""

import io
import struct
import zlib
from dataclasses import dataclass

from PIL import Image, ImageOps

from .errors import PhotoRejected

MAX_PHOTO_BYTES = 10 * 1024 * 1024
MAX_SIDES = 10_000
MAX_RATIO = 20
MAX_PICTURE_PIXELS = 60_000_000
"""Limits of sendPhoto by the Bot API; the last is ours, against decompression bombs."""

LONG_SIDES = (90, 320, 800, 1280)
"""Long sides in pixels of the copies; the last is the largest that a recipient gets."""

_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP")
"""What clients send as photos. Pillow tries no other reader: some of them start programs."""

_QUALITY = 87
_BROKEN = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
    RuntimeWarning,
    UserWarning,
)
"""What Pillow raises on files that are broken or too large; the last two where warnings are errors."""


@dataclass(frozen=True, slots=True)
class JpegCopy:
    """An encoded copy; `width` and `height` in pixels."""

    width: int
    height: int
    jpeg: bytes


def photo_copies(data: bytes) -> tuple[JpegCopy, ...]:
    """The copies of a photo, smallest first. Raises PhotoRejected in Telegram's words."""
    if len(data) > MAX_PHOTO_BYTES:
        raise PhotoRejected(
            400, f"file of size {len(data)} bytes is too big for a photo; the maximum size is {MAX_PHOTO_BYTES} bytes"
        )
    photo = _upright(data)
    largest = min(max(photo.size), LONG_SIDES[-1])
    return tuple(_copy(photo, side) for side in [*(side for side in LONG_SIDES if side < largest), largest])


def thumbnail(data: bytes) -> JpegCopy | None:
    """A copy with a long side of at most 320 for a picture sent as a file, None for what is no picture."""
    try:
        photo = _upright(data)
    except PhotoRejected:
        return None
    return _copy(photo, min(max(photo.size), 320))


def _upright(data: bytes) -> Image.Image:
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as opened:
            _check_dimensions(*opened.size)
            if opened.format != "MPO" and getattr(opened, "is_animated", False):
                raise PhotoRejected(400, "IMAGE_PROCESS_FAILED")
            opened.draft("RGB", (LONG_SIDES[-1], LONG_SIDES[-1]))
            opened.thumbnail((LONG_SIDES[-1], LONG_SIDES[-1]))
            return ImageOps.exif_transpose(opened).convert("RGB")
    except _BROKEN as error:
        raise PhotoRejected(400, "IMAGE_PROCESS_FAILED") from error


def _check_dimensions(width: int, height: int) -> None:
    short, long = sorted((width, height))
    if width + height > MAX_SIDES or long > MAX_RATIO * short or width * height > MAX_PICTURE_PIXELS:
        raise PhotoRejected(400, "PHOTO_INVALID_DIMENSIONS")


def _copy(photo: Image.Image, long_side: int) -> JpegCopy:
    smaller = ImageOps.contain(photo, (long_side, long_side))
    written = io.BytesIO()
    smaller.save(written, "JPEG", quality=_QUALITY)
    return JpegCopy(*smaller.size, written.getvalue())
