import struct

import numpy as np
import pytest
from attrai_estimator.steps.decode import decode
from PIL import Image, ImageCms

from tests.hostile.pictures import encoded

SIZE = (48, 48)
Colour = tuple[int, ...]


def colour_of(data: bytes) -> list[int]:
    """The middle pixel of a file."""
    pixels = decode(data).pixels
    return [int(sample) for sample in pixels[24, 24]]


def plain(mode: str, colour: Colour | int) -> Image.Image:
    return Image.new(mode, SIZE, colour)


@pytest.mark.parametrize(
    ("mode", "colour", "expected"),
    [
        ("L", 90, (90, 90, 90)),
        ("1", 1, (255, 255, 255)),
        ("RGB", (10, 20, 30), (10, 20, 30)),
        ("RGBA", (10, 20, 30, 255), (10, 20, 30)),
        ("RGBA", (255, 0, 0, 128), (255, 127, 127)),
        ("RGBA", (10, 20, 30, 0), (255, 255, 255)),
        ("LA", (100, 255), (100, 100, 100)),
        ("LA", (0, 128), (127, 127, 127)),
        ("I;16", 0x8000, (127, 127, 127)),
        ("I;16", 0xFFFF, (255, 255, 255)),
    ],
)
def test_every_mode_of_png_becomes_rgb_over_white(mode: str, colour: Colour | int, expected: Colour) -> None:
    assert colour_of(encoded(plain(mode, colour), "PNG")) == pytest.approx(list(expected), abs=1)


def test_a_palette_colour_that_is_see_through_becomes_white() -> None:
    palette = plain("RGB", (200, 10, 10)).quantize(4)
    index = palette.getpixel((24, 24))
    assert colour_of(encoded(palette, "PNG")) == pytest.approx([200, 10, 10], abs=4)
    assert colour_of(encoded(palette, "PNG", transparency=index)) == [255, 255, 255]


def test_a_see_through_grey_becomes_white() -> None:
    assert colour_of(encoded(plain("L", 90), "PNG", transparency=90)) == [255, 255, 255]


def test_see_through_pixels_do_not_darken_their_neighbours_when_a_picture_is_reduced() -> None:
    picture = Image.new("RGBA", (5_200, 100 * 26), (0, 0, 0, 0))
    assert decode(encoded(picture, "PNG", compress_level=1)).pixels.min() == 255


def test_cmyk_has_its_colours() -> None:
    red, green, blue = colour_of(encoded(plain("CMYK", (0, 255, 255, 0)), "JPEG", quality=95))
    assert red > 200
    assert max(green, blue) < 60


def profile(description: str, *, swapped: bool = False, curve: bytes | None = None) -> bytes:
    """LittleCMS's sRGB under a name of four letters; its red and green primaries exchanged, or its curve replaced, where wanted."""
    data = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    data = data.replace("sRGB".encode("utf-16-be"), description.encode("utf-16-be"))
    if swapped:
        data = data.replace(b"rXYZ", b"????", 1).replace(b"gXYZ", b"rXYZ", 1).replace(b"????", b"gXYZ", 1)
    return data if curve is None else with_curve(data, curve)


def with_curve(data: bytes, curve: bytes) -> bytes:
    """The profile with this curve for red, green and blue, at its end."""
    changed = bytearray(data) + curve + bytes(-len(curve) % 4)
    (tags,) = struct.unpack_from(">I", data, 128)
    for entry in range(132, 132 + 12 * tags, 12):
        if data[entry : entry + 4] in {b"rTRC", b"gTRC", b"bTRC"}:
            struct.pack_into(">II", changed, entry + 4, len(data), len(curve))
    struct.pack_into(">I", changed, 0, len(changed))
    return bytes(changed)


def sampled_curve(exponent: float | None, samples: int = 1024) -> bytes:
    """A table of a power; sRGB's own curve for None."""
    at = np.linspace(0, 1, samples)
    srgb = np.where(at <= 0.04045, at / 12.92, ((at + 0.055) / 1.055) ** 2.4)
    light = srgb if exponent is None else at**exponent
    return b"curv" + bytes(4) + struct.pack(">I", samples) + (light * 0xFFFF).round().astype(">u2").tobytes()


@pytest.mark.parametrize("name", ["test", "sRGB"])
def test_colours_are_converted_by_an_embedded_profile(name: str) -> None:
    data = encoded(plain("RGB", (250, 10, 10)), "PNG", icc_profile=profile(name, swapped=True))
    red, green, _ = colour_of(data)
    assert green > 200
    assert red < 60


@pytest.mark.parametrize("name", ["test", "sRGB"])
@pytest.mark.parametrize(("exponent", "expected"), [(1, (137, 188, 225)), (1.8, (81, 146, 203))])
def test_a_curve_is_converted_whatever_the_profile_is_called(name: str, exponent: float, expected: Colour) -> None:
    """Linear 64 of 255 is 137 in sRGB: 1.055 * (64 / 255) ** (1 / 2.4) - 0.055."""
    icc_profile = profile(name, curve=sampled_curve(exponent))
    data = encoded(plain("RGB", (64, 128, 192)), "PNG", icc_profile=icc_profile)
    assert colour_of(data) == pytest.approx([*expected], abs=2)


@pytest.mark.parametrize("name", ["sRGB", "test"])
@pytest.mark.parametrize("curve", [None, sampled_curve(None), sampled_curve(None, 64)])
def test_every_way_to_write_srgb_leaves_the_samples_as_they_are(name: str, curve: bytes | None) -> None:
    colours = np.random.default_rng(5).integers(0, 256, (48, 48, 3), np.uint8)
    data = encoded(Image.fromarray(colours), "PNG", icc_profile=profile(name, curve=curve))
    assert (decode(data).pixels == colours).all()


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("content", [b"no profile", b"", profile("sRGB"), profile("test")[:200]])
def test_a_profile_that_is_broken_or_srgb_changes_nothing(mode: str, content: bytes) -> None:
    file = plain(mode, 100)
    assert colour_of(encoded(file, "JPEG", icc_profile=content)) == colour_of(encoded(file, "JPEG"))


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_a_profile_for_another_mode_changes_nothing(mode: str) -> None:
    file = plain(mode, 100)
    data = encoded(file, "JPEG", icc_profile=profile("test", swapped=True))
    assert colour_of(data) == colour_of(encoded(file, "JPEG"))


def test_a_grey_photo_with_a_profile_for_colours_is_read() -> None:
    data = encoded(plain("L", 90), "JPEG", icc_profile=profile("test", swapped=True))
    assert colour_of(data) == [90, 90, 90]
