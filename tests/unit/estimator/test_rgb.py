import io

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


def profile(description: str, *, swapped: bool) -> bytes:
    """LittleCMS's sRGB under another name; its red and green primaries exchanged where wanted."""
    data = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    data = data.replace("sRGB".encode("utf-16-be"), description.encode("utf-16-be"))
    if swapped:
        data = data.replace(b"rXYZ", b"????", 1).replace(b"gXYZ", b"rXYZ", 1).replace(b"????", b"gXYZ", 1)
    return data


def test_colours_are_converted_by_an_embedded_profile() -> None:
    data = encoded(plain("RGB", (250, 10, 10)), "PNG", icc_profile=profile("test", swapped=True))
    red, green, _ = colour_of(data)
    assert green > 200
    assert red < 60


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("content", [b"no profile", b"", profile("sRGB", swapped=True)])
def test_a_profile_that_is_broken_or_srgb_or_for_another_mode_changes_nothing(mode: str, content: bytes) -> None:
    file, same = plain(mode, 100), io.BytesIO()
    file.save(same, "JPEG")
    assert colour_of(encoded(file, "JPEG", icc_profile=content)) == colour_of(same.getvalue())


def test_a_grey_photo_with_a_profile_for_colours_is_read() -> None:
    data = encoded(plain("L", 90), "JPEG", icc_profile=profile("test", swapped=True))
    assert colour_of(data) == [90, 90, 90]
