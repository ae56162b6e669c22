"""Sweeps over photo quality: how scores change as portraits get smaller, blurred or darker, and as heads turn away.

The limits of the quality gates (`attrai_estimator.steps.quality`) are chosen on these tables; see
`docs/decisions/quality.md`.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from attrai_estimator.networks.network import Networks
from attrai_estimator.steps.align import align
from attrai_estimator.steps.quality import assess
from attrai_estimator.steps.score import score
from attrai_estimator.values import Photo, Quality
from PIL import Image, ImageFilter

from attrai_models.agreement import Floats
from attrai_models.data.crops import main_face, read_photo
from attrai_models.data.ratings import MEBEAUTY, VAL, list_unrated, read_ratings
from attrai_models.progress import Progress

MAX_PORTRAITS = 80
MIN_PHOTO_SIDE_PIXELS = 40
"""Of a photo that is made smaller."""
TURN_EDGES = (0.0, 0.25, 0.5, 0.75, 1.0, 1.15, 1.3, 1.5, 2.0, np.inf)
"""Edges of the groups by the turn of the head, in half eye distances of the nose from the middle of the eyes."""
MAX_FRONTAL_TURN = 0.5
"""A smaller turn counts as a photo from the front."""
MIN_PHOTOS_PER_PERSON = 5
Degradation = Callable[[Photo, float, float], Photo]
"""From a photo, the width of its face in pixels and a level to a worse photo."""


@dataclass(frozen=True, slots=True)
class AssessedFace:
    """The main face of a photo: score, width in pixels, quality measures."""

    score: float
    width: float
    quality: Quality


def assess_photo(photo: Photo, networks: Networks) -> AssessedFace | None:
    """Detect, score and assess the main face; None if there is none."""
    face = main_face(photo, networks.detector)
    if not face.probability:
        return None
    (found,) = score(align(photo, [face], networks.scorer.template), networks.scorer)
    return AssessedFace(float(found), face.box.width, assess(photo, face))


def degradation_tables(folder: Path, networks: Networks) -> Iterator[str]:
    """Tables: by how much a score moves as a portrait of MEBeauty's `val` gets worse."""
    files = [folder / one.file for one in read_ratings(folder, MEBEAUTY) if one.split == VAL][:MAX_PORTRAITS]
    photos = [read_photo(file) for file in files]
    before = [assess_photo(photo, networks) for photo in photos]
    known = [(photo, face) for photo, face in zip(photos, before, strict=True) if face and not face.quality.reasons]
    progress = Progress("degrade photos", sum(len(levels) for _, levels in DEGRADATIONS.values()))
    for name, (degrade, levels) in DEGRADATIONS.items():
        yield f"\n| {name} | moves by | r | lost or gated |\n|---|---|---|---|"
        for level in levels:
            after = [assess_photo(degrade(photo, face.width, level), networks) for photo, face in known]
            yield f"| {level:g} | {_compared([face.score for _, face in known], after)} |"
            progress.advance()


def head_turn_table(folder: Path, networks: Networks) -> Iterator[str]:
    """A table for LFW: scores of turned faces, compared with the same person's photos from the front."""
    photos_of = Counter(Path(portrait.file).parent.name for portrait in list_unrated(folder))
    files = [one for one in list_unrated(folder) if photos_of[Path(one.file).parent.name] >= MIN_PHOTOS_PER_PERSON]
    people: dict[str, list[tuple[float, float]]] = defaultdict(list)
    progress = Progress("turned heads", len(files))
    for portrait in files:
        if face := assess_photo(read_photo(folder / portrait.file), networks):
            people[Path(portrait.file).parent.name].append((face.quality.measures["turn"], face.score))
        progress.advance()
    differences = [pair for photos in people.values() for pair in _differences_from_frontal(photos)]
    turns = np.array(differences).reshape(-1, 2)
    yield "| nose from the middle of the eyes, half eye distances | photos | apart, mean | squared, mean | higher by |"
    yield "|---|---|---|---|---|"
    for low, high in pairwise(TURN_EDGES):
        apart = turns[(turns[:, 0] >= low) & (turns[:, 0] < high), 1]
        if len(apart):
            figures = f"{np.abs(apart).mean():.2f} | {np.square(apart).mean():.2f} | {apart.mean():+.2f}"
            yield f"| {low:g} to {high:g} | {len(apart)} | {figures} |"


def _differences_from_frontal(photos: Sequence[tuple[float, float]]) -> Iterator[tuple[float, float]]:
    """Each photo's turn, and its score less the mean of the person's other frontal photos."""
    for place, (turn, value) in enumerate(photos):
        frontal = [other for i, (angle, other) in enumerate(photos) if i != place and angle < MAX_FRONTAL_TURN]
        if frontal:
            yield turn, value - float(np.mean(frontal))


def _compared(before: Sequence[float], after: Sequence[AssessedFace | None]) -> str:
    both = np.array([(score_before, face.score) for score_before, face in zip(before, after, strict=True) if face])
    refused = sum(face is None or bool(face.quality.reasons) for face in after) / len(after)
    if len(both) < MAX_PORTRAITS // 4:
        return f"- | - | {refused:.0%}"
    moved: Floats = np.abs(both[:, 1] - both[:, 0])
    return f"{moved.mean():.2f} | {np.corrcoef(both.T)[0, 1]:.2f} | {refused:.0%}"


def _photo(image: Image.Image) -> Photo:
    return Photo(image, image.width, image.height)


def _smaller(photo: Photo, width: float, wanted: float) -> Photo:
    scale = min(1.0, wanted / width)
    size = (
        max(MIN_PHOTO_SIDE_PIXELS, round(photo.width * scale)),
        max(MIN_PHOTO_SIDE_PIXELS, round(photo.height * scale)),
    )
    return _photo(photo.image.resize(size, Image.Resampling.LANCZOS))


def _blurred(photo: Photo, width: float, part: float) -> Photo:
    return _photo(photo.image.filter(ImageFilter.GaussianBlur(part * width)))


def _darker(photo: Photo, _: float, light: float) -> Photo:
    return _photo(Image.fromarray((photo.pixels * light).astype(np.uint8)))


DEGRADATIONS: dict[str, tuple[Degradation, Sequence[float]]] = {
    "the face's width in pixels": (_smaller, (64, 40, 32, 24, 20, 16)),
    "Gaussian blur, share of the face's width": (_blurred, (0.01, 0.02, 0.03, 0.04, 0.06)),
    "light, times": (_darker, (0.6, 0.4, 0.3, 0.2, 0.15, 0.1)),
}
