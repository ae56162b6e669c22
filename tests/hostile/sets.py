"""The hostile files by what is wrong with them. Each set is a function of the sample photo's bytes, so none needs a file of its own."""

import io
import zipfile
from collections.abc import Iterator

import numpy as np
from PIL import Image
from pillow_heif import from_pillow

from tests.hostile.bombs import gif_header, jpeg_header, png_bomb, png_header, webp_header
from tests.hostile.hostile_file import HostileFile
from tests.hostile.pictures import crowd, encoded, face, nobody, panorama

UNREADABLE, TOO_MANY, TOO_SMALL, TOO_LONG, NO_FACE = (
    "unreadable",
    "too_many_pixels",
    "too_small",
    "too_elongated",
    "no_face",
)
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="400" height="400"><circle cx="200" cy="200" r="100"/></svg>'
ORIENTATION = 0x0112
TO_STORED = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
"""How an upright picture is stored under each value of EXIF's orientation."""


def hostile_files(sample: bytes) -> tuple[HostileFile, ...]:
    """All of them; `sample` is the bytes of the repository's sample photo."""
    sets = (no_pictures(), truncated(sample), other_formats(sample), bombs(sample), shapes(sample), modes(sample))
    more = (animations(sample), turned(sample), metadata(sample), people(sample))
    return tuple(file for each in sets + more for file in each)


def no_pictures() -> Iterator[HostileFile]:
    """No picture in them, whatever the name says."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as zipped:
        zipped.writestr("a.txt", "a")
    contents = {
        "empty.jpg": b"",
        "one_byte.jpg": b"\xff",
        "text.jpg": "Это не фотография.\n".encode() * 50,
        "zeros.jpg": bytes(65_536),
        "noise.png": np.random.default_rng(1).bytes(65_536),
        "start_only.jpg": b"\xff\xd8\xff\xe0",
        "page.png": b"<!doctype html><html><script>alert(1)</script></html>",
        "drawing.svg": SVG,
        "drawing.png": SVG,
        "archive.jpg": archive.getvalue(),
        "paper.jpg": b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF",
        "postscript.jpg": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 400 400\nshowpage\n%%EOF\n",
        "script.gif.jpg": b"GIF89a/*" + b" " * 100 + b"*/=1;alert(1)",
        "brand_only.heic": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic",
    }
    yield from (HostileFile(name, data, UNREADABLE) for name, data in contents.items())


def truncated(sample: bytes) -> Iterator[HostileFile]:
    """Cut off on the way."""
    picture = face(sample)
    whole = {
        "jpg": encoded(picture, "JPEG"),
        "png": encoded(picture, "PNG"),
        "webp": encoded(picture, "WEBP"),
        "heic": heic(picture),
    }
    yield from (HostileFile(f"half.{kind}", data[: len(data) // 2], UNREADABLE) for kind, data in whole.items())
    yield HostileFile("head.jpg", whole["jpg"][:100], UNREADABLE)


def other_formats(sample: bytes) -> Iterator[HostileFile]:
    """Pictures in formats that are not on the list, under names that are."""
    picture = face(sample)
    for kind in ("BMP", "TIFF", "ICO", "PPM", "JPEG2000"):
        yield HostileFile(f"{kind.lower()}.jpg", encoded(picture, kind), UNREADABLE)


def bombs(sample: bytes) -> Iterator[HostileFile]:
    """More pixels than are read."""
    picture = face(sample)
    jpeg, gif = encoded(picture, "JPEG"), encoded(picture, "GIF")
    webp = encoded(picture, "WEBP", save_all=True, append_images=[nobody().resize(picture.size)])
    yield HostileFile("bomb_30000.png", png_bomb(30_000), TOO_MANY)
    yield HostileFile("bomb_7000.png", png_bomb(7_000), TOO_MANY)
    yield HostileFile("header_only.png", png_header(2**31 - 1, 2**31 - 1), TOO_MANY)
    yield HostileFile("lying.jpg", jpeg_header(jpeg, 65_500, 65_500), TOO_MANY)
    yield HostileFile("lying.webp", webp_header(webp, 16_383), TOO_MANY)
    yield HostileFile("lying.gif.jpg", gif_header(gif, 65_535, 65_535), TOO_MANY)


def shapes(sample: bytes) -> Iterator[HostileFile]:
    """Too small, too long, and just not."""
    yield HostileFile("1_px.png", encoded(Image.new("RGB", (1, 1)), "PNG"), TOO_SMALL)
    yield HostileFile("39_px.jpg", encoded(face(sample).resize((39, 39)), "JPEG"), TOO_SMALL)
    yield HostileFile("row.png", encoded(Image.new("L", (3_000, 1)), "PNG"), TOO_LONG)
    yield HostileFile("column.jpg", encoded(Image.new("RGB", (60, 1_300)), "JPEG"), TOO_LONG)
    yield HostileFile("20_to_1.jpg", encoded(panorama(sample, 2_400, 120), "JPEG"), faces=1)
    yield HostileFile("27_megapixels.jpg", encoded(face(sample).resize((4_500, 6_000)), "JPEG"), faces=1)


def modes(sample: bytes) -> Iterator[HostileFile]:
    """Every way to store colours."""
    picture = face(sample)
    grey, seen = picture.convert("L"), picture.copy()
    seen.putalpha(255)
    deep = Image.fromarray(np.asarray(grey).astype(np.uint16) * 257)
    files = {
        "grey.jpg": encoded(grey, "JPEG"),
        "cmyk.jpg": encoded(picture.convert("CMYK"), "JPEG"),
        "progressive.jpg": encoded(picture, "JPEG", progressive=True),
        "16_bit.png": encoded(deep, "PNG"),
        "palette.png": encoded(picture.quantize(64), "PNG"),
        "palette_see_through.png": encoded(picture.quantize(64), "PNG", transparency=0),
        "rgba.png": encoded(seen, "PNG"),
        "grey_alpha.png": encoded(seen.convert("LA"), "PNG"),
        "one_bit.png": encoded(picture.resize((1_260, 1_680)).convert("1"), "PNG"),
        "rgba.webp": encoded(seen, "WEBP"),
        "lossless.webp": encoded(picture, "WEBP", lossless=True),
        "face.heic": heic(picture),
    }
    yield from (HostileFile(name, data, faces=1) for name, data in files.items())
    seen.putalpha(0)
    yield HostileFile("invisible.png", encoded(seen, "PNG"), NO_FACE)


def animations(sample: bytes) -> Iterator[HostileFile]:
    """The face is on the first frame only."""
    picture = face(sample)
    frames = [nobody().resize(picture.size)] * 2
    for kind in ("PNG", "WEBP"):
        yield HostileFile(
            f"animated.{kind.lower()}", encoded(picture, kind, save_all=True, append_images=frames), faces=1
        )


def turned(sample: bytes) -> Iterator[HostileFile]:
    """EXIF says how to turn it, in all eight ways."""
    for orientation, turn in TO_STORED.items():
        picture = face(sample)
        exif = Image.Exif()
        exif[ORIENTATION] = orientation
        stored = picture if turn is None else picture.transpose(turn)
        yield HostileFile(f"turned_{orientation}.jpg", encoded(stored, "JPEG", exif=exif), faces=1)


def metadata(sample: bytes) -> Iterator[HostileFile]:
    """A good picture with something bad before or behind it."""
    picture = face(sample)
    jpeg = encoded(picture, "JPEG")
    yield HostileFile(
        "broken_exif.jpg", encoded(picture, "JPEG", exif=b"Exif\0\0MM\0*\xff\xff\xff\xff" + bytes(40)), faces=1
    )
    yield HostileFile("broken_profile.jpg", encoded(picture, "JPEG", icc_profile=b"no profile" * 20), faces=1)
    yield HostileFile("comment.jpg", encoded(picture, "JPEG", comment=b"<script>alert(1)</script>" * 2_000), faces=1)
    yield HostileFile("archive_behind.jpg", jpeg + b"PK\x03\x04" + bytes(20_000), faces=1)
    yield HostileFile("png_named.heic", encoded(picture, "PNG"), faces=1)


def people(sample: bytes) -> Iterator[HostileFile]:
    """From none to sixty."""
    yield HostileFile("nobody.jpg", encoded(nobody(), "JPEG"), NO_FACE)
    yield HostileFile("white.png", encoded(Image.new("RGB", (800, 600), "white"), "PNG"), NO_FACE)
    yield HostileFile("clouds.webp", encoded(nobody(), "WEBP"), NO_FACE)
    yield HostileFile("sixty.jpg", encoded(crowd(sample), "JPEG", quality=90), faces=60)


def heic(image: Image.Image) -> bytes:
    """The picture as a HEIC file."""
    file = io.BytesIO()
    from_pillow(image).save(file, quality=80)
    return file.getvalue()
