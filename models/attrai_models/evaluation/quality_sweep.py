"""What spoils a score, and by how much: portraits made small, blurred, dark or cut step by step; heads turned away.

The limits of the quality gates (`attrai_estimator.steps.quality`) are chosen on these tables; see decision 0023.
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

from attrai_models.data.crops import main_face, read_photo
from attrai_models.data.ratings import MEBEAUTY, VAL, list_unrated, read_ratings
from attrai_models.evaluation.agreement import Floats
from attrai_models.progress import Progress

MAX_PORTRAITS = 80
TURN_EDGES = (0.0, 0.25, 0.5, 0.75, 1.0, 1.15, 1.3, 1.5, 2.0, np.inf)
"""Edges between which photos are compared by how far the head is turned."""
MAX_FRONTAL_TURN, MIN_PHOTOS_PER_PERSON = 0.5, 5
"""Up to here a photo counts as one from the front; so many photos of a person are compared at least."""
Degradation = Callable[[Photo, float, float], Photo]


@dataclass(frozen=True, slots=True)
class AssessedFace:
    """The face that a photo is of, as the estimator sees it."""

    score: float
    width: float
    quality: Quality


def assess_photo(photo: Photo, networks: Networks) -> AssessedFace | None:
    """Find, score and assess the portrayed face; None where there is none."""
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
    known = [(photo, seen) for photo, seen in zip(photos, before, strict=True) if seen and not seen.quality.reasons]
    progress = Progress("spoil", sum(len(levels) for _, levels in DEGRADATIONS.values()))
    for name, (spoil, levels) in DEGRADATIONS.items():
        yield f"\n| {name} | moves by | r | lost or gated |\n|---|---|---|---|"
        for level in levels:
            after = [assess_photo(spoil(photo, seen.width, level), networks) for photo, seen in known]
            yield f"| {level:g} | {_compared([seen.score for _, seen in known], after)} |"
            progress.advance()


def head_turn_table(folder: Path, networks: Networks) -> Iterator[str]:
    """A table: how far the score of a turned face is from the same person's photos from the front, on LFW."""
    photographed = Counter(Path(portrait.file).parent.name for portrait in list_unrated(folder))
    files = [one for one in list_unrated(folder) if photographed[Path(one.file).parent.name] >= MIN_PHOTOS_PER_PERSON]
    people: dict[str, list[tuple[float, float]]] = defaultdict(list)
    progress = Progress("turn", len(files))
    for portrait in files:
        if seen := assess_photo(read_photo(folder / portrait.file), networks):
            people[Path(portrait.file).parent.name].append((seen.quality.measures["turn"], seen.score))
        progress.advance()
    away = np.array([pair for photos in people.values() for pair in _from_the_front(photos)]).reshape(-1, 2)
    yield "| nose from the middle of the eyes, half eye distances | photos | apart, mean | squared, mean | higher by |"
    yield "|---|---|---|---|---|"
    for low, high in pairwise(TURN_EDGES):
        apart = away[(away[:, 0] >= low) & (away[:, 0] < high), 1]
        if len(apart):
            figures = f"{np.abs(apart).mean():.2f} | {np.square(apart).mean():.2f} | {apart.mean():+.2f}"
            yield f"| {low:g} to {high:g} | {len(apart)} | {figures} |"


def _from_the_front(photos: Sequence[tuple[float, float]]) -> Iterator[tuple[float, float]]:
    """Each photo's turn, and its score less the mean of the person's other photos from the front."""
    for place, (turn, value) in enumerate(photos):
        front = [other for i, (angle, other) in enumerate(photos) if i != place and angle < MAX_FRONTAL_TURN]
        if front:
            yield turn, value - float(np.mean(front))


def _compared(before: Sequence[float], after: Sequence[AssessedFace | None]) -> str:
    both = np.array([(was, seen.score) for was, seen in zip(before, after, strict=True) if seen])
    gated = sum(seen is None or bool(seen.quality.reasons) for seen in after) / len(after)
    if len(both) < MAX_PORTRAITS // 4:
        return f"- | - | {gated:.0%}"
    moved: Floats = np.abs(both[:, 1] - both[:, 0])
    return f"{moved.mean():.2f} | {np.corrcoef(both.T)[0, 1]:.2f} | {gated:.0%}"


def _photo(image: Image.Image) -> Photo:
    return Photo(image, image.width, image.height)


def _smaller(photo: Photo, width: float, wanted: float) -> Photo:
    part = min(1.0, wanted / width)
    size = (max(40, round(photo.width * part)), max(40, round(photo.height * part)))
    return _photo(photo.image.resize(size, Image.Resampling.LANCZOS))


def _blurred(photo: Photo, width: float, part: float) -> Photo:
    return _photo(photo.image.filter(ImageFilter.GaussianBlur(part * width)))


def _darker(photo: Photo, _: float, light: float) -> Photo:
    return Photo(Image.fromarray((photo.pixels * light).astype(np.uint8)), photo.width, photo.height)


DEGRADATIONS: dict[str, tuple[Degradation, Sequence[float]]] = {
    "the face's width in pixels": (_smaller, (64, 40, 32, 24, 20, 16)),
    "Gaussian blur, share of the face's width": (_blurred, (0.01, 0.02, 0.03, 0.04, 0.06)),
    "light, times": (_darker, (0.6, 0.4, 0.3, 0.2, 0.15, 0.1)),
}
