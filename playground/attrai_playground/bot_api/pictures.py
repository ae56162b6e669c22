"""Telegram's copies of a photo: upright JPEGs without metadata, in several sizes. Pure."""

import io
import struct
import zlib
from dataclasses import dataclass

from PIL import Image, ImageOps

from .errors import PhotoRejected

MAX_PHOTO_BYTES = 10 * 1024 * 1024
MAX_SIDES_SUM = 10_000
MAX_SIDE_RATIO = 20
MAX_PICTURE_PIXELS = 60_000_000
"""Limits of sendPhoto by the Bot API. The last is not theirs; it stops decompression bombs."""

THUMBNAIL_SIDE = 320
LONG_SIDES = (90, 320, 800, 1280)
"""Long sides of the copies in pixels."""

_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP")
"""Formats that clients send as photos. Other readers of Pillow are off: some start programs."""

_JPEG_QUALITY = 87
_DECODING_ERRORS = (
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
"""Pillow's errors for broken or too large files; the last two where warnings are errors."""


@dataclass(frozen=True, slots=True)
class JpegCopy:
    """An encoded copy; `width` and `height` in pixels."""

    width: int
    height: int
    jpeg: bytes


def photo_copies(data: bytes) -> tuple[JpegCopy, ...]:
    """The copies of a photo, smallest first. Raises PhotoRejected with Telegram's description."""
    if len(data) > MAX_PHOTO_BYTES:
        raise PhotoRejected(
            400, f"file of size {len(data)} bytes is too big for a photo; the maximum size is {MAX_PHOTO_BYTES} bytes"
        )
    photo = _upright(data)
    largest = min(max(photo.size), LONG_SIDES[-1])
    return tuple(_copy(photo, side) for side in [*(side for side in LONG_SIDES if side < largest), largest])


def thumbnail(data: bytes) -> JpegCopy | None:
    """The preview of a picture sent as a file, with a long side of at most 320; None for other data."""
    try:
        photo = _upright(data)
    except PhotoRejected:
        return None
    return _copy(photo, min(max(photo.size), THUMBNAIL_SIDE))


def _upright(data: bytes) -> Image.Image:
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as opened:
            _check_dimensions(*opened.size)
            if opened.format != "MPO" and getattr(opened, "is_animated", False):
                raise PhotoRejected(400, "IMAGE_PROCESS_FAILED")
            opened.draft("RGB", (LONG_SIDES[-1], LONG_SIDES[-1]))
            opened.thumbnail((LONG_SIDES[-1], LONG_SIDES[-1]))
            return ImageOps.exif_transpose(opened).convert("RGB")
    except _DECODING_ERRORS as error:
        raise PhotoRejected(400, "IMAGE_PROCESS_FAILED") from error


def _check_dimensions(width: int, height: int) -> None:
    short, long = sorted((width, height))
    if width + height > MAX_SIDES_SUM or long > MAX_SIDE_RATIO * short or width * height > MAX_PICTURE_PIXELS:
        raise PhotoRejected(400, "PHOTO_INVALID_DIMENSIONS")


def _copy(photo: Image.Image, long_side: int) -> JpegCopy:
    smaller = ImageOps.contain(photo, (long_side, long_side))
    written = io.BytesIO()
    smaller.save(written, "JPEG", quality=_JPEG_QUALITY)
    return JpegCopy(*smaller.size, written.getvalue())
