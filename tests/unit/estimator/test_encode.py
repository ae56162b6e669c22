import io

import numpy as np
from attrai_estimator.steps.annotate import COLOURS, annotate
from attrai_estimator.steps.encode import encode
from attrai_estimator.steps.resize import MAX_LONG_SIDE
from attrai_estimator.values import Box, Detection, Face
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
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


@given(st.floats(100, 300), st.floats(100, 300), st.floats(70, 500), st.floats(70, 500), st.sampled_from([960, 961]))
@settings(max_examples=40, deadline=None)
def test_a_box_keeps_its_colour(left: float, top: float, width: float, height: float, side: int) -> None:
    """This holds at every position: a line that shared a colour block with its surroundings would pale to half."""
    face = Face(Detection(Box(left, top, left + width, top + height), np.zeros((5, 2), np.float32), 0.99), 7.0)
    drawn = annotate(Image.new("RGB", (side, side), (128, 128, 128)), [face], 1.0)
    line = (np.asarray(drawn) == COLOURS[0]).all(axis=-1)
    line[: int(top) + 4] = False  # without the label
    with Image.open(io.BytesIO(encode(drawn))) as image:
        seen = np.asarray(image)[line].astype(float)
    assert saturation(seen.mean(axis=0)) > 0.7 * saturation(np.array(COLOURS[0], dtype=float))


def saturation(colour: NDArray[np.float64]) -> float:
    return float(np.ptp(colour))


def test_the_worst_picture_is_no_larger_than_telegram_takes() -> None:
    noise = np.random.default_rng(0).integers(0, 2, (MAX_LONG_SIDE, MAX_LONG_SIDE, 3), dtype=np.uint8) * np.uint8(255)
    assert len(encode(Image.fromarray(noise))) < SEND_PHOTO_LIMIT
