"""Decoding: from a file's bytes to an upright RGB photo. Whatever a reader raises becomes a `PhotoError`."""

import io
import struct
import warnings
import zlib
from math import ceil

from attrai_shared.errors import PhotoError, TooElongated, TooManyPixels, TooSmall, Unreadable
from PIL import ExifTags, Image, UnidentifiedImageError
from pillow_heif import HeifImageFile

from attrai_estimator.steps.area import side_by_area
from attrai_estimator.steps.jpeg import JPEG_START, JpegFile, lacks_detail, lacks_rows
from attrai_estimator.steps.png import SIGNATURE, without_metadata
from attrai_estimator.steps.rgb import to_reducible, to_rgb
from attrai_estimator.values import Photo

FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
HEIF_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})
"""Major brands of ISO 23008-12 that libheif reads; the brand is in bytes 8 to 11."""
PHONE, SCREEN, WEB = 50_000_000, 36_000_000, 18_000_000
MAX_PIXELS = {"JPEG": PHONE, "MPO": PHONE, "HEIF": PHONE, "PNG": SCREEN, "GIF": SCREEN, "WEBP": WEB}
"""By container, so that decoding takes at most about 350 MB (libwebp needs 16 bytes a pixel); see docs/decisions."""
MIN_SIDE = 40
"""Pixels of the shorter side. Detection needs about 24 for a face."""
MAX_RATIO = 20
"""Longer to shorter side, as Telegram's sendPhoto allows."""
DECODED_SIDE = 2000
"""Pixels of the side (`side_by_area`) to keep at least. A phone's 4000 are halved during decoding."""
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""The transposition that turns a picture upright, by EXIF's tag 274; 1 is upright."""
EXIF_KEYS = {"exif", "Raw profile type exif"}
"""Where Pillow keeps EXIF; the second is ImageMagick's text chunk in a PNG."""
QUARTER_TURNS = frozenset(TURNS[orientation] for orientation in (5, 6, 7, 8))

PYTHON_ERRORS = (TypeError, AttributeError, LookupError, ArithmeticError, AssertionError, BufferError)
READER_ERRORS = (OSError, EOFError, SyntaxError, ValueError, RuntimeError, struct.error, zlib.error, *PYTHON_ERRORS)
"""What readers raise for broken files. Not `Exception`: a worker's time limit must pass through."""


def decode(data: bytes) -> Photo:
    """Decode a JPEG, PNG, WebP, HEIC or GIF; the first frame of an animation.

    A picture with a side of twice `DECODED_SIDE` or more is reduced by a whole number. Raises `Unreadable`,
    `TooManyPixels`, `TooSmall`, `TooElongated`, and nothing else.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with _opened(data) as image:
                check_size(*image.size, MAX_PIXELS[image.format or ""])
                return _photo(image)
        except PhotoError:
            raise
        except (Image.DecompressionBombError, MemoryError) as error:
            raise TooManyPixels("the picture has too many pixels") from error
        except UnidentifiedImageError as error:
            raise Unreadable("the file is no JPEG, PNG, WebP, HEIC or GIF") from error
        except READER_ERRORS as error:
            raise Unreadable(f"the picture is damaged: {error}") from error


def check_size(width: int, height: int, max_pixels: int) -> None:
    """Raise what is wrong with a picture of this size: `TooElongated`, `TooSmall` or `TooManyPixels`."""
    if max(width, height) > MAX_RATIO * min(width, height):
        raise TooElongated(f"the picture is {width}x{height}: one side is over {MAX_RATIO} times the other")
    if min(width, height) < MIN_SIDE:
        raise TooSmall(f"the picture is {width}x{height}: both sides need at least {MIN_SIDE} pixels")
    if width * height > max_pixels:
        raise TooManyPixels(f"the picture is {width}x{height}: at most {max_pixels // 1_000_000} megapixels are read")


def _opened(data: bytes) -> Image.Image:
    if data.startswith(JPEG_START):
        return Image.open(JpegFile(data), formats=FORMATS)
    if data.startswith(SIGNATURE):
        return Image.open(io.BytesIO(without_metadata(data)), formats=FORMATS)
    if data[4:8] == b"ftyp" and data[8:12] in HEIF_BRANDS:
        image: Image.Image = HeifImageFile(io.BytesIO(data))
        return image
    return Image.open(io.BytesIO(data), formats=FORMATS)


def _photo(image: Image.Image) -> Photo:
    size = image.size
    image.draft(None, _drafted(*size))
    file = getattr(image, "fp", None)
    image.load()
    if isinstance(file, JpegFile) and file.is_cut:
        _check_cut_jpeg(image, file.getvalue())
    turn = TURNS.get(_orientation(image))
    picture = to_reducible(image)
    times = side_by_area(*picture.size) // DECODED_SIDE
    picture = to_rgb(picture.reduce(times) if times > 1 else picture)
    if turn is not None:
        picture = picture.transpose(turn)
    picture.info = {}  # metadata goes no further
    width, height = size if turn not in QUARTER_TURNS else size[::-1]
    return Photo(picture, width, height)


def _check_cut_jpeg(image: Image.Image, data: bytes) -> None:
    if lacks_rows(image):
        raise Unreadable("the picture is damaged: over a quarter of it is missing")
    if image.info.get("progressive") and lacks_detail(data):
        raise Unreadable("the picture is damaged: its fine detail is missing")


def _drafted(width: int, height: int) -> tuple[int, int]:
    """The smallest size that a decoder may choose: its side is `DECODED_SIDE`."""
    side = side_by_area(width, height)
    return ceil(width * DECODED_SIDE / side), ceil(height * DECODED_SIDE / side)


def _orientation(image: Image.Image) -> int:
    """EXIF's tag 274; 1 (upright) for broken metadata, which are no reason to refuse a photo. XMP's is ignored."""
    exif_only = Image.Image()
    exif_only.info = {key: image.info[key] for key in EXIF_KEYS & image.info.keys()}
    try:
        return int(exif_only.getexif().get(ExifTags.Base.Orientation, 1))
    except READER_ERRORS:
        return 1
