"""Scores of real, different faces: they agree with people's ratings, and each belongs to its face."""

import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageOps

from tests.golden.estimates import FoundFace, estimates

pytestmark = pytest.mark.golden

MIN_PEARSON, MIN_PEARSON_RESNET34 = 0.68, 0.45
"""The least correlation with the ratings that the shipped scorers may have: their card says 0.74 and 0.59."""
MAX_MEAN_ERROR = 0.75
"""The largest mean absolute error of the default scorer, calibrated: a constant has 1.1."""
MAX_PERCENTILE_OFFSET = 0.5
"""How far the 5th and 95th percentile of the scores may be from the raters'."""
MAX_MEDIAN_CHANGE = 0.3
"""How far the score of a changed photo may be from the photo's own in the median: the card says 0.2 and less."""
CHANGED_EACH = 8
"""One portrait in this many is changed."""
PEOPLE = 6
MAX_GROUP_DIFFERENCE = 0.5
"""How far a face's score in a group may be from its score alone, on the scale from 1 to 10; the median is less."""


@dataclass(frozen=True, slots=True)
class Portrait:
    """A rated photo and the faces found on it."""

    file: Path
    rated: float
    faces: list[FoundFace]


@pytest.fixture(scope="module")
def portraits(data_folder: Path) -> list[Portrait]:
    """MEBeauty's val photos, as the command estimates them."""
    folder = data_folder / "mebeauty"
    with (folder / "ratings.csv").open(newline="") as lines:
        rows = [(folder / row["file"], float(row["score"])) for row in csv.DictReader(lines) if row["split"] == "val"]
    found = estimates([file for file, _ in rows])
    return [Portrait(file, rated, faces) for (file, rated), faces in zip(rows, found, strict=True)]


@pytest.fixture(scope="module")
def people(portraits: list[Portrait]) -> list[Portrait]:
    """Portraits of one face each, their scores as far apart as those of all portraits allow, in a mixed order."""
    single = sorted(
        (portrait for portrait in portraits if len(portrait.faces) == 1), key=lambda one: one.faces[0].score
    )
    chosen = [single[round(place)] for place in np.linspace(0, len(single) - 1, PEOPLE)]
    return [chosen[i] for i in np.random.default_rng(4).permutation(PEOPLE)]


def largest(faces: list[FoundFace]) -> FoundFace:
    return max(faces, key=lambda face: face.box[2] - face.box[0])


def test_every_portrait_holds_a_face(portraits: list[Portrait]) -> None:
    assert [portrait.file.name for portrait in portraits if not portrait.faces] == []


def test_scores_agree_with_people(portraits: list[Portrait]) -> None:
    pairs = [(largest(portrait.faces).score, portrait.rated) for portrait in portraits if portrait.faces]
    scores, rated = np.array(pairs).T
    assert np.corrcoef(scores, rated)[0, 1] >= MIN_PEARSON
    assert np.abs(scores - rated).mean() <= MAX_MEAN_ERROR


def test_scores_use_the_scale_as_people_do(portraits: list[Portrait]) -> None:
    pairs = [(largest(portrait.faces).score, portrait.rated) for portrait in portraits if portrait.faces]
    scores, rated = np.percentile(np.array(pairs), [5, 95], axis=0).T
    assert np.abs(scores - rated).max() <= MAX_PERCENTILE_OFFSET


def test_the_other_scorer_agrees_with_people_too(portraits: list[Portrait]) -> None:
    chosen = [portrait for portrait in portraits if portrait.faces][::2]
    found = estimates([portrait.file for portrait in chosen], scorer="scorer_resnet34")
    scores = [largest(faces).score for faces in found]
    assert np.corrcoef(scores, [portrait.rated for portrait in chosen])[0, 1] >= MIN_PEARSON_RESNET34


def smaller(image: Image.Image) -> Image.Image:
    return image.resize((round(image.width * 0.6), round(image.height * 0.6)), Image.Resampling.LANCZOS)


def brighter(image: Image.Image) -> Image.Image:
    return ImageEnhance.Brightness(image).enhance(1.1)


def as_it_is(image: Image.Image) -> Image.Image:
    return image


@pytest.mark.parametrize(
    ("change", "name", "quality"),
    [(smaller, "a.png", None), (as_it_is, "a.jpg", 60), (ImageOps.mirror, "a.png", None), (brighter, "a.png", None)],
    ids=["60 % of the size", "JPEG quality 60", "mirrored", "10 % brighter"],
)
def test_a_score_is_steady(
    change: Callable[[Image.Image], Image.Image],
    name: str,
    quality: int | None,
    portraits: list[Portrait],
    tmp_path: Path,
) -> None:
    chosen, files = portraits[::CHANGED_EACH], []
    for number, portrait in enumerate(chosen):
        files.append(tmp_path / f"{number}{name}")
        with Image.open(portrait.file) as image:
            change(ImageOps.exif_transpose(image).convert("RGB")).save(files[-1], quality=quality or 100)
    moved = [
        abs(largest(after).score - largest(portrait.faces).score)
        for portrait, after in zip(chosen, estimates(files), strict=True)
    ]
    assert np.median(moved) < MAX_MEDIAN_CHANGE


def test_in_a_group_each_score_stands_with_its_own_face_from_left_to_right(
    people: list[Portrait], tmp_path: Path
) -> None:
    """Different people side by side: the faces come in their order, each in its place and scored nearly as alone."""
    group, edges = side_by_side([person.file for person in people])
    group.save(tmp_path / "group.png")
    (faces,) = estimates([tmp_path / "group.png"])
    places = [int(np.searchsorted(edges, face.centre[0])) for face in faces]
    assert places == list(range(PEOPLE))
    away = [abs(face.score - person.faces[0].score) for face, person in zip(faces, people, strict=True)]
    assert max(away) < MAX_GROUP_DIFFERENCE
    assert np.median(away) < MAX_GROUP_DIFFERENCE / 2


def test_people_of_a_group_are_scored_differently(people: list[Portrait]) -> None:
    """Otherwise the test of their order would prove nothing."""
    scores = sorted(person.faces[0].score for person in people)
    assert scores[-1] - scores[0] > 2 * MAX_GROUP_DIFFERENCE


def side_by_side(files: list[Path]) -> tuple[Image.Image, list[int]]:
    """The photos in a row on grey, at their own sizes, and each one's right edge."""
    images = []
    for file in files:
        with Image.open(file) as image:
            images.append(image.convert("RGB"))
    edges = np.cumsum([image.width for image in images]).tolist()
    group = Image.new("RGB", (edges[-1], max(image.height for image in images)), (128, 128, 128))
    for image, edge in zip(images, edges, strict=True):
        group.paste(image, (edge - image.width, 0))
    return group, edges
