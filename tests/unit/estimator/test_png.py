import io
import struct
import zlib
from collections.abc import Sequence

import pytest
from attrai_estimator.steps.decode import decode
from attrai_estimator.steps.png import without_metadata
from attrai_shared.errors import PhotoError
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tests.hostile.pictures import encoded

Chunk = tuple[bytes, bytes]
SIGNATURE_SIZE, HEADER_END = 8, 33
COLOUR = (10, 120, 200)
OVER_A_MEGABYTE = 1_600_000
XMP = b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(b" " * OVER_A_MEGABYTE)


def chunk(kind: bytes, body: bytes, *, length: int | None = None, checksum: int | None = None) -> bytes:
    """One chunk; its length and checksum are right unless given."""
    size = len(body) if length is None else length
    return (
        struct.pack(">I", size)
        + kind
        + body
        + struct.pack(">I", zlib.crc32(kind + body) if checksum is None else checksum)
    )


def png(added: bytes, *, behind_the_pixels: bool = False, image: Image.Image | None = None) -> bytes:
    """A PNG with `added` before or behind its pixels."""
    data = encoded(image or Image.new("RGB", (48, 48), COLOUR), "PNG")
    at = len(data) - 12 if behind_the_pixels else HEADER_END
    return data[:at] + added + data[at:]


def chunks(data: bytes) -> Sequence[bytes]:
    """The kinds of all chunks."""
    kinds, at = [], SIGNATURE_SIZE
    while at < len(data):
        (size,) = struct.unpack_from(">I", data, at)
        kinds.append(data[at + 4 : at + 8])
        at += 12 + size
    return kinds


@pytest.mark.parametrize("behind_the_pixels", [False, True])
@pytest.mark.parametrize(
    "damaged",
    [
        chunk(b"pHYs", bytes(9), checksum=1),
        chunk(b"pHYs", bytes(4)),
        chunk(b"pHYs", bytes(9), length=2),
        chunk(b"pHYs", bytes(9), length=2**31),
        chunk(b"gAMA", b""),
        chunk(b"tIME", bytes(7), checksum=1),
        chunk(b"iCCP", b"name\0\0" + zlib.compress(b"profile"), checksum=1),
        chunk(b"iCCP", b"name\0\1" + zlib.compress(b"profile")),
        chunk(b"iCCP", b"name"),
        chunk(b"iCCP", b"name\0\0" + zlib.compress(bytes(OVER_A_MEGABYTE))),
        chunk(b"tRNS", b"\0"),
        chunk(b"eXIf", b"MM", checksum=1),
        chunk(b"iTXt", XMP),
        chunk(b"zTXt", b"comment\0\0" + zlib.compress(b" " * OVER_A_MEGABYTE)),
        chunk(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(b" " * OVER_A_MEGABYTE)),
        chunk(b"acTL", b""),
        chunk(b"fcTL", bytes(3)),
    ],
)
def test_damaged_metadata_do_not_hide_the_pixels(damaged: bytes, behind_the_pixels: bool) -> None:
    pixels = decode(png(damaged, behind_the_pixels=behind_the_pixels)).pixels
    assert pixels.shape == (48, 48, 3)
    assert tuple(pixels[24, 24]) == COLOUR


def test_chunks_that_change_pixels_are_kept() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    image = Image.new("RGB", (48, 48), COLOUR).quantize(4)
    options = {"transparency": 3, "exif": exif, "icc_profile": b"profile", "dpi": (72, 72)}
    data = encoded(image, "PNG", **options)
    assert b"pHYs" in chunks(data)
    assert chunks(without_metadata(data)) == [kind for kind in chunks(data) if kind != b"pHYs"]
    assert {b"PLTE", b"tRNS", b"iCCP", b"eXIf"} < set(chunks(without_metadata(data)))


def test_orientation_in_a_text_chunk_of_imagemagick_is_kept() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    text = f"\nexif\n{len(exif.tobytes())}\n{exif.tobytes().hex()}\n".encode()
    data = png(chunk(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(text)), image=Image.new("L", (60, 48)))
    assert decode(data).pixels.shape == (60, 48, 3)


def test_a_sound_picture_keeps_its_bytes() -> None:
    data = encoded(Image.new("RGB", (48, 48), COLOUR), "PNG")
    assert without_metadata(data) == data


@pytest.mark.parametrize("kind", ["IHDR", "PLTE"])
def test_a_damaged_chunk_that_pixels_need_is_not_dropped(kind: str) -> None:
    data = bytearray(encoded(Image.new("RGB", (48, 48), COLOUR).quantize(4), "PNG"))
    at = data.index(kind.encode())
    (size,) = struct.unpack_from(">I", data, at - 4)
    data[at + 4 + size] ^= 0xFF
    with pytest.raises(PhotoError):
        decode(bytes(data))


@given(st.binary(max_size=300))
def test_any_bytes_are_filtered_without_an_error(tail: bytes) -> None:
    data = encoded(Image.new("L", (4, 4)), "PNG")[:HEADER_END] + tail
    filtered = without_metadata(data)
    assert len(filtered) <= len(data)
    assert without_metadata(filtered) == filtered


def test_a_text_that_looks_like_pixels_costs_no_pixels() -> None:
    file = io.BytesIO(without_metadata(png(chunk(b"tEXt", b"a\0 IDAT IEND"))))
    with Image.open(file) as image:
        assert image.convert("RGB").getpixel((24, 24)) == COLOUR
