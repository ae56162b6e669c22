import io
import re
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from attrai_estimator.steps.decode import DECODED_SIDE, READER_ERRORS, decode
from attrai_estimator.steps.encode import encode
from attrai_estimator.values import Photo
from attrai_shared.errors import PhotoError, TooElongated, TooManyPixels, TooSmall, Unreadable
from celery.exceptions import SoftTimeLimitExceeded
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from pillow_heif import from_pillow

from tests.hostile import HostileFile, hostile_files
from tests.hostile.pictures import encoded
from tests.hostile.sets import NO_FACE, ORIENTATION, TO_STORED, bombs, heic

SAMPLE = Path(__file__).parents[3] / "playground/attrai_playground/sample/astronauts.jpg"
MEMORY = 400
"""MiB that decoding any hostile file may add to a process."""
SOFTWARE = 305
"""EXIF's tag."""
BOMB_MEMORY = 280
"""MiB (293 MB) that a photo with more pixels than are read may add."""


def corners(width: int = 96, height: int = 64) -> Image.Image:
    """Red, green, blue and white quarters: each way to turn it looks different."""
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[: height // 2, : width // 2] = (250, 0, 0)
    pixels[: height // 2, width // 2 :] = (0, 250, 0)
    pixels[height // 2 :, : width // 2] = (0, 0, 250)
    pixels[height // 2 :, width // 2 :] = (250, 250, 250)
    return Image.fromarray(pixels)


def stored(orientation: int) -> tuple[Image.Image, Image.Exif]:
    turn, exif = TO_STORED[orientation], Image.Exif()
    exif[ORIENTATION] = orientation
    return (corners() if turn is None else corners().transpose(turn)), exif


def assert_looks_like(photo: Photo, image: Image.Image, tolerance: float = 6) -> None:
    assert photo.pixels.shape == (image.height, image.width, 3)
    assert np.abs(photo.pixels.astype(int) - np.asarray(image).astype(int)).mean() < tolerance


@pytest.mark.parametrize("container", ["JPEG", "PNG", "WEBP", "GIF"])
def test_what_a_file_says_beside_its_pixels_goes_no_further(container: str) -> None:
    """Pillow's JPEG writer takes the comment of the picture that it is given."""
    exif = Image.Exif()
    exif[SOFTWARE] = "canary"
    beside = {"comment": b"canary", "exif": exif, "xmp": b"<canary/>"}
    file = io.BytesIO()
    corners().save(file, container, **beside)
    assert b"canary" in file.getvalue()
    image = decode(file.getvalue()).image
    assert image.info == {}
    assert b"canary" not in encode(image)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", TO_STORED)
def test_exif_turns_the_photo_upright(kind: str, orientation: int) -> None:
    image, exif = stored(orientation)
    photo = decode(encoded(image, kind, exif=exif))
    assert (photo.width, photo.height) == (96, 64)
    assert_looks_like(photo, corners())


@pytest.mark.parametrize("orientation", TO_STORED)
def test_a_heic_is_turned_once(orientation: int) -> None:
    image, exif = stored(orientation)
    file = io.BytesIO()
    from_pillow(image).save(file, exif=exif.tobytes(), quality=95)
    assert_looks_like(decode(file.getvalue()), corners(), tolerance=12)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("with_exif", [False, True])
def test_an_orientation_in_xmp_alone_is_ignored(kind: str, with_exif: bool) -> None:
    exif = Image.Exif()
    exif[SOFTWARE] = "camera"
    options = ({"exif": exif} if with_exif else {}) | xmp(kind, 6)
    data = encoded(corners(), kind, **options)
    assert b"tiff:Orientation" in data
    assert_looks_like(decode(data), corners())


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_exif_turns_the_photo_whatever_xmp_says(kind: str) -> None:
    image, exif = stored(8)
    assert_looks_like(decode(encoded(image, kind, exif=exif, **xmp(kind, 6))), corners())


def xmp(kind: str, orientation: int) -> dict[str, object]:
    """Options for Pillow's writer: an XMP packet with this orientation."""
    packet = f'<x:xmpmeta><rdf:Description tiff:Orientation="{orientation}"/></x:xmpmeta>'
    if kind != "PNG":
        return {"xmp": packet.encode()}
    info = PngInfo()
    info.add_itxt("XML:com.adobe.xmp", packet)
    return {"pnginfo": info}


def test_exif_that_names_no_orientation_is_ignored() -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 9
    assert_looks_like(decode(encoded(corners(), "JPEG", exif=exif)), corners())


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_large_photo_is_reduced_while_it_is_decoded(kind: str) -> None:
    photo = decode(encoded(corners(6_000, 4_000), kind))
    height, width = photo.pixels.shape[:2]
    assert (photo.width, photo.height) == (6_000, 4_000)
    assert DECODED_SIDE <= width < 2 * DECODED_SIDE
    assert height / width == pytest.approx(2 / 3, abs=1e-3)
    assert photo.scale == pytest.approx(width / 6_000)


def test_a_large_photo_is_reduced_and_turned() -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    photo = decode(encoded(corners(6_000, 4_000), "JPEG", exif=exif))
    assert (photo.width, photo.height) == (4_000, 6_000)
    assert photo.pixels.shape[0] > photo.pixels.shape[1]


def test_of_an_animation_the_first_frame_is_read() -> None:
    frames = [Image.new("RGB", (96, 64), "black")] * 3
    for kind in ("GIF", "PNG", "WEBP"):
        assert_looks_like(decode(encoded(corners(), kind, save_all=True, append_images=frames)), corners())


def noisy(width: int = 96, height: int = 160) -> Image.Image:
    """Each row needs bytes of its own."""
    return Image.fromarray(np.random.default_rng(3).integers(0, 256, (height, width, 3), np.uint8))


def cut_at(data: bytes, share: float) -> bytes:
    """A JPEG whose scan ends after this share of its bytes."""
    start = data.rindex(b"\xff\xda")
    return data[: start + round(share * (len(data) - start))]


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("cut", [1, 2, 3])
@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_without_its_end_marker_has_all_its_pixels(mode: str, cut: int, progressive: bool) -> None:
    data = encoded(corners().convert(mode), "JPEG", progressive=progressive)
    assert_looks_like(decode(data[:-cut]), Image.fromarray(decode(data).pixels), tolerance=2)


def test_a_jpeg_without_its_end_marker_has_the_same_pixels() -> None:
    data = encoded(noisy(), "JPEG")
    assert (decode(data[:-2]).pixels == decode(data).pixels).all()


def test_a_large_jpeg_without_its_end_marker_is_reduced() -> None:
    photo = decode(encoded(corners(6_000, 4_000), "JPEG")[:-2])
    assert (photo.width, photo.height) == (6_000, 4_000)
    assert photo.pixels.shape == (2_000, 3_000, 3)


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_a_jpeg_is_refused_when_over_a_quarter_of_its_rows_are_missing(mode: str) -> None:
    data = encoded(noisy().convert(mode), "JPEG", quality=90)
    assert decode(cut_at(data, 0.85)).pixels.shape == (160, 96, 3)
    for share in (0.02, 0.1, 0.5, 0.65):
        with pytest.raises(Unreadable, match="over a quarter of it is missing"):
            decode(cut_at(data, share))


def test_a_progressive_jpeg_is_refused_when_its_first_scan_ends_early() -> None:
    data = encoded(noisy(), "JPEG", progressive=True)
    first, second = (data.index(b"\xff\xda"), data.index(b"\xff\xda", data.index(b"\xff\xda") + 2))
    with pytest.raises(Unreadable, match="over a quarter of it is missing"):
        decode(data[: (first + second) // 2])


@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_a_progressive_jpeg_is_refused_when_its_fine_detail_has_not_begun(mode: str) -> None:
    """Pillow's scans of the first component: one for the means, one to coefficient 5, one to 63, then refinements."""
    exif = Image.Exif()
    exif[SOFTWARE] = "\xff\xc2\xff\xda" * 4
    data = encoded(noisy().convert(mode), "JPEG", progressive=True, exif=exif)
    scans = [found.start() for found in re.finditer(rb"\xff\xda", data[data.rindex(b"\xff\xc2") :])]
    fine = data.rindex(b"\xff\xc2") + scans[4 if mode == "RGB" else 2]
    with pytest.raises(Unreadable, match="fine detail is missing"):
        decode(data[:fine])
    assert decode(data[: fine + 200]).pixels.shape == (160, 96, 3)


def test_a_jpeg_whose_end_is_filled_with_zeros_counts_as_cut() -> None:
    data = encoded(noisy(), "JPEG")
    assert (decode(data[:-2] + bytes(5_000)).pixels == decode(data).pixels).all()
    half = cut_at(data, 0.5)
    with pytest.raises(Unreadable, match="over a quarter of it is missing"):
        decode(half + bytes(len(data) - len(half)))


def test_a_whole_jpeg_with_grey_below_is_read() -> None:
    image = noisy()
    image.paste((128, 128, 128), (0, 64, 96, 160))
    assert_looks_like(decode(encoded(image, "JPEG", quality=95)), image, tolerance=30)


@pytest.mark.parametrize("size", [(40, 40), (40, 800), (2_000, 100)])
def test_the_smallest_and_the_longest_photos_pass(size: tuple[int, int]) -> None:
    photo = decode(encoded(Image.new("RGB", size), "PNG"))
    assert (photo.width, photo.height) == size


@pytest.mark.parametrize(
    ("size", "error"),
    [
        ((39, 100), TooSmall),
        ((1, 1), TooSmall),
        ((801, 40), TooElongated),
        ((1, 50), TooElongated),
        ((7_000, 7_000), TooManyPixels),
    ],
)
def test_sizes_are_refused_by_their_own_error(size: tuple[int, int], error: type[PhotoError]) -> None:
    with pytest.raises(error):
        decode(encoded(Image.new("L", size), "PNG", compress_level=1))


def test_a_refused_format_is_named_in_the_message() -> None:
    with pytest.raises(Unreadable, match="no JPEG, PNG, WebP, HEIC or GIF"):
        decode(encoded(corners(), "BMP"))


@pytest.fixture(scope="module")
def hostile() -> tuple[HostileFile, ...]:
    return hostile_files(SAMPLE.read_bytes())


def test_there_are_fifty_hostile_files_with_names_of_their_own(hostile: tuple[HostileFile, ...]) -> None:
    assert len({file.name for file in hostile}) == len(hostile) >= 50


def test_every_hostile_file_decodes_or_is_refused_with_its_code(hostile: tuple[HostileFile, ...]) -> None:
    expected = {file.name: None if file.code == NO_FACE else file.code for file in hostile}
    assert {file.name: outcome(file.data) for file in hostile} == expected


def outcome(data: bytes) -> str | None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            decode(data)
        except PhotoError as error:
            return error.code
    return None


def test_no_hostile_file_takes_much_memory(hostile: tuple[HostileFile, ...], tmp_path: Path) -> None:
    for file in hostile:
        (tmp_path / file.name).write_bytes(file.data)
    run = subprocess.run([sys.executable, "-c", MEASURE, tmp_path], capture_output=True, text=True, check=True)
    assert int(run.stdout) < MEMORY


def test_a_decompression_bomb_takes_less_memory_than_a_large_photo(tmp_path: Path) -> None:
    for file in bombs(SAMPLE.read_bytes()):
        (tmp_path / file.name).write_bytes(file.data)
    run = subprocess.run([sys.executable, "-c", MEASURE, tmp_path], capture_output=True, text=True, check=True)
    assert int(run.stdout) < BOMB_MEMORY


MEASURE = """
import resource, sys
from pathlib import Path
from attrai_estimator.steps.decode import decode
from attrai_shared.errors import PhotoError

before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for file in sorted(Path(sys.argv[1]).iterdir()):
    try:
        decode(file.read_bytes())
    except PhotoError:
        pass
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""

SMALL = corners()
WHOLE = [encoded(SMALL, kind) for kind in ("JPEG", "PNG", "WEBP", "GIF")] + [heic(SMALL)]


@given(st.binary(max_size=200), st.sampled_from([b"", *(data[:32] for data in WHOLE)]))
def test_any_bytes_give_a_photo_or_a_photo_error(data: bytes, start: bytes) -> None:
    outcome(start + data)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(WHOLE), st.data())
def test_any_damage_gives_a_photo_or_a_photo_error(whole: bytes, draw: st.DataObject) -> None:
    damaged = bytearray(whole)
    for _ in range(draw.draw(st.integers(1, 6))):
        damaged[draw.draw(st.integers(0, len(whole) - 1))] = draw.draw(st.integers(0, 255))
    outcome(bytes(damaged[: draw.draw(st.integers(len(whole) // 3, len(whole)))]))


def test_a_time_limit_that_strikes_while_decoding_is_not_taken_for_a_broken_file() -> None:
    assert not issubclass(SoftTimeLimitExceeded, READER_ERRORS)
