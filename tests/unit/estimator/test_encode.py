import io

import numpy as np
from attrai_estimator.steps.encode import encode
from attrai_estimator.steps.resize import LONGEST
from PIL import Image

SEND_PHOTO_LIMIT = 10_000_000


def test_a_jpeg_without_metadata_comes_back() -> None:
    pixels = np.full((60, 90, 3), (200, 40, 40), np.uint8)
    picture = Image.fromarray(pixels)
    picture.info |= {"comment": b"mine", "xmp": b"<mine/>", "icc_profile": b"mine"}
    with Image.open(io.BytesIO(encode(picture))) as image:
        assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (90, 60))
        assert not image.getexif()
        assert not {"exif", "icc_profile", "comment", "xmp"} & set(image.info)
        assert np.abs(np.asarray(image).astype(int) - pixels).max() < 8


def test_thin_red_lines_keep_their_colour() -> None:
    pixels = np.full((64, 64, 3), 255, np.uint8)
    pixels[31:33] = (255, 0, 0)
    with Image.open(io.BytesIO(encode(Image.fromarray(pixels)))) as image:
        assert np.asarray(image)[31, 32, 1] < 40


def test_the_worst_picture_is_no_larger_than_telegram_takes() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (LONGEST, LONGEST, 3), dtype=np.uint8)
    assert len(encode(Image.fromarray(noise))) < SEND_PHOTO_LIMIT
