from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
from attrai_estimator.networks import DetectorNetworks
from attrai_estimator.networks.load import load_detector
from attrai_estimator.networks.network import Floats, Network
from attrai_estimator.settings import WORKSPACE_MODELS
from attrai_estimator.steps.decode import decode
from attrai_estimator.steps.detect import (
    CONFIRMATION_THRESHOLD,
    OUTPUT_THRESHOLD,
    SMALLEST_BOX,
    SMALLEST_FACE,
    WORKING_SIDE,
    detect,
)
from attrai_estimator.values import Photo, Pixels
from PIL import Image, ImageOps

from tests.hostile.pictures import encoded

SAMPLE = Path(__file__).parents[3] / "playground" / "attrai_playground" / "sample" / "astronauts.jpg"
PRINTS = ((70, 90, 230), (105, 500, 150), (390, 110, 380), (860, 70, 150), (860, 345, 255), (1050, 130, 90))
"""x, y and width of the sample's six prints of one portrait; each is a third higher than wide."""

PORTRAIT_FACE = 129
"""Pixels of the box around the face of the third print."""


@pytest.fixture(scope="module")
def networks() -> DetectorNetworks:
    return load_detector(WORKSPACE_MODELS)


@pytest.fixture(scope="module")
def sample() -> Image.Image:
    with Image.open(SAMPLE) as image:
        return image.convert("RGB")


def photo(image: Image.Image) -> Photo:
    return Photo(image, *image.size)


def portrait(sample: Image.Image, number: int) -> Image.Image:
    """One of the sample's prints with some room around it."""
    left, top, width = PRINTS[number]
    return sample.crop((left - 60, top - 40, left + width + 60, top + round(1.3 * width) + 20))


def test_every_face_of_the_sample_is_found_inside_its_print(sample: Image.Image, networks: DetectorNetworks) -> None:
    found = detect(photo(sample), networks)
    prints = sorted(PRINTS)
    assert len(found) == len(prints)
    for x, y, width in prints:
        noses = [(face.landmarks[2], face.box.width) for face in found]
        (inside,) = [wide for nose, wide in noses if x < nose[0] < x + width and y < nose[1] < y + width * 4 / 3]
        assert 0.3 * width < inside < width


def test_faces_come_from_left_to_right(sample: Image.Image, networks: DetectorNetworks) -> None:
    lefts = [face.box.x0 for face in detect(photo(sample), networks)]
    assert lefts == sorted(lefts)


def test_landmarks_are_eyes_nose_and_mouth_as_the_viewer_sees_them(
    sample: Image.Image, networks: DetectorNetworks
) -> None:
    for face in detect(photo(sample), networks):
        left_eye, right_eye, nose, left_mouth, right_mouth = face.landmarks
        assert left_eye[0] < nose[0] < right_eye[0]
        assert left_mouth[0] < right_mouth[0]
        assert max(left_eye[1], right_eye[1]) < nose[1] < min(left_mouth[1], right_mouth[1])
        assert 0.7 <= face.probability <= 1


def test_a_photo_decoded_smaller_gives_coordinates_of_its_own_size(
    sample: Image.Image, networks: DetectorNetworks
) -> None:
    whole = detect(photo(sample.resize((2400, 1600))), networks)
    half = detect(Photo(sample, 2400, 1600), networks)
    assert len(half) == len(whole) == len(PRINTS)
    for a in whole:
        nearest = min(float(np.abs(a.landmarks - b.landmarks).max()) for b in half)
        assert nearest < 0.06 * a.box.width


@pytest.mark.parametrize("size", [(8_000, 1_000), (1_080, 9_000), (12_000, 1_500), (2_600, 1_000)])
def test_faces_of_a_strip_are_found_as_in_a_square_of_its_area(
    size: tuple[int, int], sample: Image.Image, networks: DetectorNetworks
) -> None:
    """Five faces of 30 px, after scaling the strip to the area of the smallest working square."""
    face_width = 30 * max(np.sqrt(size[0] * size[1]) / WORKING_SIDE, 1)
    canvas = Image.new("RGB", size, (140, 140, 140))
    one = portrait(sample, 2)
    one = one.resize((round(one.width * face_width / PORTRAIT_FACE), round(one.height * face_width / PORTRAIT_FACE)))
    for place in range(5):
        along, across = (max(size) * (2 * place + 1) // 10, min(size) // 3)
        canvas.paste(one, (along, across) if size[0] > size[1] else (across, along))
    decoded = decode(encoded(canvas, "JPEG", quality=92))
    assert len(detect(decoded, networks)) == 5


def test_a_strip_is_reduced_to_no_more_pixels_than_a_square() -> None:
    strip, square = (decode(encoded(Image.new("RGB", size), "JPEG")) for size in [(20_000, 2_000), (6_325, 6_325)])
    assert strip.image.width * strip.image.height <= 1.01 * square.image.width * square.image.height


def test_a_face_that_fills_a_tight_crop_is_found(sample: Image.Image, networks: DetectorNetworks) -> None:
    box = max((face.box for face in detect(photo(sample), networks)), key=lambda box: box.width)
    tight = sample.crop((round(box.x0) + 8, round(box.y0) + 8, round(box.x1) - 8, round(box.y1) - 8))
    (found,) = detect(photo(tight.resize((60, 75))), networks)
    assert found.landmarks.min() > 0
    assert found.landmarks.max() < 75


@dataclass(frozen=True)
class Blind:
    """A network that proposes nothing, and counts how often it was asked."""

    network: Network
    calls: list[int] = field(default_factory=list)

    def __call__(self, pixels: Pixels, /) -> tuple[Floats, ...]:
        self.calls.append(len(pixels))
        offsets, probabilities = self.network(pixels)
        return offsets, np.zeros_like(probabilities)


def test_where_ours_proposes_nothing_mtcnns_own_is_asked(sample: Image.Image, networks: DetectorNetworks) -> None:
    ours, own = Blind(networks.proposal), Blind(networks.second_proposal)
    assert len(detect(photo(sample), replace(networks, proposal=ours))) == len(PRINTS)
    assert ours.calls
    assert len(detect(photo(sample), replace(networks, second_proposal=own))) == len(PRINTS)
    assert not own.calls


@pytest.mark.parametrize("size", [(1, 1), (19, 19), (20, 400), (2000, 3), (64, 64), (1280, 64)])
def test_a_photo_without_a_face_gives_none(size: tuple[int, int], networks: DetectorNetworks) -> None:
    assert detect(photo(Image.new("RGB", size, (120, 90, 80))), networks) == ()


def test_noise_holds_no_face(networks: DetectorNetworks) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (300, 400, 3), dtype=np.uint8)
    assert detect(Photo(Image.fromarray(noise), 400, 300), networks) == ()


@dataclass(frozen=True)
class Doubtful:
    """The output network with a set probability in its later calls, which refine landmarks."""

    network: Network
    closer: float
    calls: list[int] = field(default_factory=list)

    def __call__(self, pixels: Pixels, /) -> tuple[Floats, ...]:
        offsets, points, probabilities = self.network(pixels)
        self.calls.append(len(pixels))
        if len(self.calls) > 1:
            probabilities = np.full_like(probabilities, self.closer)
        return offsets, points, probabilities


@pytest.mark.parametrize(("closer", "faces"), [(CONFIRMATION_THRESHOLD - 0.01, 0), (CONFIRMATION_THRESHOLD + 0.01, 1)])
def test_a_face_that_the_closer_look_takes_back_is_none(
    closer: float, faces: int, sample: Image.Image, networks: DetectorNetworks
) -> None:
    """On a print with room around it: one batch decides, and the next ones look again."""
    doubtful = Doubtful(networks.output, closer)
    found = detect(photo(portrait(sample, 4)), replace(networks, output=doubtful))
    assert len(found) == faces


def test_landmarks_of_a_mirrored_photo_are_the_mirrored_ones(sample: Image.Image, networks: DetectorNetworks) -> None:
    whole = portrait(sample, 2)
    (face,), (mirrored,) = (detect(photo(one), networks) for one in (whole, ImageOps.mirror(whole)))
    back = mirrored.landmarks[[1, 0, 2, 4, 3]] * (-1, 1) + (whole.width, 0)
    assert np.abs(back - face.landmarks).max() < 0.03 * face.box.width


def test_a_box_that_the_networks_shrink_under_the_smallest_face_is_none(
    sample: Image.Image, networks: DetectorNetworks
) -> None:
    """A face is 90 pixels wide, then 27, on grey: half of that is less than what is looked for."""

    def half(pixels: Pixels, /) -> tuple[Floats, ...]:
        offsets, points, probabilities = networks.output(pixels)
        probabilities = (
            probabilities if (probabilities[:, 1] > OUTPUT_THRESHOLD).any() else np.ones_like(probabilities) / 2
        )
        return (np.full_like(offsets, 0.25) * (1, 1, -1, -1)).astype(np.float32), points, probabilities

    face = portrait(sample, 4)
    for part, smallest in ((1.0, 40), (0.3, SMALLEST_BOX * SMALLEST_FACE)):
        canvas = Image.new("RGB", (480, 480), "grey")
        canvas.paste(face.resize((round(face.width * part), round(face.height * part))), (50, 50))
        assert len(detect(photo(canvas), networks)) == 1
        found = detect(photo(canvas), replace(networks, output=half))
        assert all(max(one.box.width, one.box.height) >= smallest for one in found)
        assert bool(found) == (part == 1)


@pytest.mark.parametrize("side", [0, 1, 2, 3])
def test_landmarks_of_a_face_over_the_border_lie_where_they_lie_on_the_whole_photo(
    side: int, sample: Image.Image, networks: DetectorNetworks
) -> None:
    """A tenth of the face is cut off on the left, above, on the right or below."""
    whole_photo = portrait(sample, 2)
    (whole,) = detect(photo(whole_photo), networks)
    edges = [0, 0, *whole_photo.size]
    inwards = (0.1 * whole.box.width, 0.1 * whole.box.height, -0.1 * whole.box.width, -0.1 * whole.box.height)
    edges[side] = round((whole.box.x0, whole.box.y0, whole.box.x1, whole.box.y1)[side] + inwards[side])
    (found,) = detect(photo(whole_photo.crop((edges[0], edges[1], edges[2], edges[3]))), networks)
    assert np.abs(found.landmarks + edges[:2] - whole.landmarks).max() < 0.08 * whole.box.width
