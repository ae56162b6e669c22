import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from attrai_estimator.networks import Networks, load_networks
from attrai_estimator.networks.network import Floats
from attrai_estimator.pipeline import estimate
from attrai_estimator.settings import WORKSPACE_MODELS
from attrai_estimator.values import Pixels
from attrai_shared.errors import NoFace, Unreadable
from PIL import Image

from tests.hostile.pictures import crowd, encoded, nobody

SAMPLE = Path(__file__).parents[3] / "playground/attrai_playground/sample/astronauts.jpg"
STEPS = ["decode", "detect", "align", "score", "quality", "resize", "annotate", "encode"]
CENTRES = [(158, 583), (208, 218), (616, 321), (949, 157), (1_010, 488), (1_104, 181)]
"""Of the sample's faces, from left to right, in pixels."""


@pytest.fixture(scope="module")
def networks() -> Networks:
    return load_networks(WORKSPACE_MODELS)


@pytest.fixture(scope="module")
def sample() -> bytes:
    return SAMPLE.read_bytes()


def test_every_face_of_the_sample_is_found_and_scored_from_left_to_right(networks: Networks, sample: bytes) -> None:
    result = estimate(sample, networks)
    boxes = [face.detection.box for face in result.faces]
    assert (result.width, result.height) == (1_200, 800)
    assert len(boxes) == len(CENTRES)
    for box, (x, y) in zip(boxes, CENTRES, strict=True):
        assert box.x0 < x < box.x1
        assert box.y0 < y < box.y1
    assert all(1 <= face.score <= 10 for face in result.faces)
    assert not any(face.quality.reasons for face in result.faces)


def test_the_result_is_a_picture_and_the_seconds_of_each_step(networks: Networks, sample: bytes) -> None:
    result = estimate(sample, networks)
    with Image.open(io.BytesIO(result.picture)) as picture:
        assert (picture.format, picture.size) == ("JPEG", (1_200, 800))
    assert list(result.seconds) == STEPS
    assert all(seconds > 0 for seconds in result.seconds.values())


def test_each_score_belongs_to_its_own_face(networks: Networks) -> None:
    """A scorer that measures brightness tells dark faces from bright ones."""

    def brightness(pixels: Pixels, /) -> tuple[Floats, ...]:
        return (1 + pixels.mean(axis=(1, 2, 3), dtype=np.float32)[:, np.newaxis] / 50,)

    measuring = replace(networks, scorer=replace(networks.scorer, network=brightness))
    one = crowd(SAMPLE.read_bytes()).crop((0, 0, 128, 140))
    wall = Image.new("RGB", (700, 400), (128, 128, 128))
    shades = {20: 1.0, 190: 0.35, 360: 0.75, 530: 0.55}
    for x, shade in shades.items():
        wall.paste(one.point(lambda value, shade=shade: int(value * shade)), (x, x // 3))
    faces = estimate(encoded(wall, "PNG"), measuring).faces
    lefts = [face.detection.box.x0 for face in faces]
    assert lefts == sorted(lefts)
    by_brightness = sorted(range(4), key=lambda i: faces[i].score)
    assert by_brightness == sorted(range(4), key=lambda i: list(shades.values())[i])


def test_coordinates_are_the_photos_own_when_it_was_decoded_at_a_fraction(networks: Networks, sample: bytes) -> None:
    with Image.open(io.BytesIO(sample)) as image:
        large = encoded(image.resize((6_000, 4_000)), "JPEG")
    small, result = estimate(sample, networks).faces, estimate(large, networks)
    assert (result.width, result.height) == (6_000, 4_000)
    for face, twin in zip(result.faces, small, strict=True):
        assert np.abs(face.detection.landmarks - 5 * twin.detection.landmarks).max() < 5 * 4


def test_a_photo_without_faces_is_told(networks: Networks) -> None:
    with pytest.raises(NoFace):
        estimate(encoded(nobody(), "JPEG"), networks)


def test_what_is_no_photo_is_told(networks: Networks) -> None:
    with pytest.raises(Unreadable):
        estimate(b"text", networks)
