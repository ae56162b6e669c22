"""Tables of a scorer's agreement with ratings, and of its stability when the same portrait changes."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import torch
from attrai_estimator.networks.network import Networks
from attrai_estimator.steps.align import align
from attrai_estimator.steps.score import MAX_SCORE, MIN_SCORE, score
from attrai_estimator.values import Photo, Pixels
from PIL import Image, ImageOps

from attrai_models.agreement import Floats, ScoredPortraits, by_group, confidence_intervals, measure_agreement
from attrai_models.data.crops import main_face, read_photo
from attrai_models.data.ratings import RATING_SETS, VAL, Portrait, RatingSet, read_ratings
from attrai_models.networks.calibration import Calibration
from attrai_models.progress import Progress

PhotoChange = Callable[[Photo], Photo]
SMALLER_SCALE, COMPRESSED_JPEG_QUALITY, BRIGHTNESS_FACTOR = 0.6, 60, 1.1
"""The changes under which a score should be stable."""


def validation_portraits(folder: Path, ratings: RatingSet) -> list[Portrait]:
    """The portraits of the set's `val`."""
    return [one for one in read_ratings(folder, ratings) if one.split == VAL]


def score_photo(photo: Photo, networks: Networks) -> Floats:
    """Scores of a portrait's main face on every scale, shape (scales,), as the estimator computes them."""
    (scores,) = networks.scorer.network(_main_face_crop(photo, networks))
    return np.asarray(scores[0], dtype=np.float64)


def score_portraits(folder: Path, portraits: list[Portrait], networks: Networks) -> Floats:
    """Score portraits, shape (n, scales)."""
    progress, predicted = Progress("evaluate", len(portraits)), []
    for portrait in portraits:
        predicted.append(score_photo(read_photo(folder / portrait.file), networks))
        progress.advance()
    return np.array(predicted)


def agreement_tables(folder: Path, ratings: RatingSet, networks: Networks, calibration: Calibration) -> Iterator[str]:
    """Correlation, error, range of scores and error by group, on the set's `val`."""
    portraits = validation_portraits(folder, ratings)
    scores, column = score_portraits(folder, portraits, networks), RATING_SETS.index(ratings)
    before = calibration.inverse(torch.from_numpy(scores)).numpy()
    shown, uncalibrated = (
        ScoredPortraits(portraits, values[:, column].clip(ratings.lowest, ratings.highest))
        for values in (scores, before)
    )
    yield "| photos | scores | Pearson (95 %) | mean absolute error (95 %) |\n|---|---|---|---|"
    yield f"| {len(portraits)} | calibrated | {_with_intervals(shown)} |"
    yield f"| | before calibration | {_with_intervals(uncalibrated)} |"
    yield "\n| | 5th percentile | 95th percentile |\n|---|---|---|"
    rows = (("raters", shown.rated), ("calibrated", shown.predicted), ("before calibration", uncalibrated.predicted))
    for name, values in rows:
        low, high = np.percentile(values, [5, 95])
        yield f"| {name} | {low:.2f} | {high:.2f} |"
    yield "\n| group | photos | mean absolute error | mean of predicted - rated |\n|---|---|---|---|"
    for name, part in by_group(shown):
        errors = part.predicted - part.rated
        yield f"| {name} | {len(errors)} | {np.abs(errors).mean():.2f} | {errors.mean():+.2f} |"


def shown_score_table(folder: Path, ratings: RatingSet, networks: Networks) -> Iterator[str]:
    """Correlation and error of the score that users see, on all portraits of a set and on its `val`.

    The set's ratings are converted linearly to the scale of that score.
    """
    portraits = _on_shown_scale(read_ratings(folder, ratings), ratings)
    whole = ScoredPortraits(portraits, _shown_scores(_photos(folder, portraits), networks))
    val = whole.select(np.array([portrait.split == VAL for portrait in portraits]))
    yield "| split | faces | Pearson (95 %) | mean absolute error, 1 to 10 (95 %) |\n|---|---|---|---|"
    for name, part in (("all", whole), (VAL, val)):
        yield f"| {name} | {len(part.portraits)} | {_with_intervals(part)} |"


def _on_shown_scale(portraits: list[Portrait], ratings: RatingSet) -> list[Portrait]:
    rated = ScoredPortraits(portraits, np.empty(0)).rated
    converted = np.interp(rated, [ratings.lowest, ratings.highest], [MIN_SCORE, MAX_SCORE]).tolist()
    return [replace(portrait, score=rating) for portrait, rating in zip(portraits, converted, strict=True)]


def _photos(folder: Path, portraits: list[Portrait]) -> Iterator[Photo]:
    progress = Progress("evaluate the shown score", len(portraits))
    for portrait in portraits:
        yield read_photo(folder / portrait.file)
        progress.advance()


def _with_intervals(scored: ScoredPortraits) -> str:
    whole, (pearson, error) = measure_agreement("", scored.predicted, scored.rated), confidence_intervals(scored)
    return (
        f"{whole.pearson:.3f} ({pearson[0]:.3f} to {pearson[1]:.3f}) "
        f"| {whole.error:.3f} ({error[0]:.3f} to {error[1]:.3f})"
    )


def stability_table(folder: Path, ratings: RatingSet, networks: Networks) -> Iterator[str]:
    """How far a score moves when its portrait is changed a little."""
    photos = [read_photo(folder / one.file) for one in validation_portraits(folder, ratings)]
    before = _shown_scores(photos, networks)
    yield "| change | median | 95th percentile |\n|---|---|---|"
    for name, change in PHOTO_CHANGES.items():
        moved = np.abs(_shown_scores([change(photo) for photo in photos], networks) - before)
        yield f"| {name} | {np.median(moved):.2f} | {np.percentile(moved, 95):.2f} |"


def _shown_scores(photos: Iterable[Photo], networks: Networks) -> Floats:
    """The scores of the main faces that users see, shape (n,)."""
    scores = [score(_main_face_crop(photo, networks), networks.scorer)[0] for photo in photos]
    return np.array(scores, dtype=np.float64)


def _main_face_crop(photo: Photo, networks: Networks) -> Pixels:
    return align(photo, [main_face(photo, networks.detector)], networks.scorer.template)


def _photo(image: Image.Image) -> Photo:
    return Photo(image, image.width, image.height)


def _smaller(photo: Photo) -> Photo:
    size = (round(photo.width * SMALLER_SCALE), round(photo.height * SMALLER_SCALE))
    return _photo(photo.image.resize(size, Image.Resampling.LANCZOS))


def _compressed(photo: Photo) -> Photo:
    file = BytesIO()
    photo.image.save(file, "JPEG", quality=COMPRESSED_JPEG_QUALITY)
    with Image.open(file) as image:
        return _photo(image.convert("RGB"))


def _mirrored(photo: Photo) -> Photo:
    return _photo(ImageOps.mirror(photo.image))


def _brighter(photo: Photo) -> Photo:
    return _photo(photo.image.point(lambda value: min(value * BRIGHTNESS_FACTOR, 255)))


PHOTO_CHANGES: dict[str, PhotoChange] = {
    "60 % of the size": _smaller,
    "JPEG quality 60": _compressed,
    "mirrored": _mirrored,
    "10 % brighter": _brighter,
}
