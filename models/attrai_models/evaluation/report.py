"""What the shipped files are worth, through the estimator's own steps: every figure that a model card quotes."""

from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
import torch
from attrai_estimator.networks.load import load_detector, load_networks
from attrai_estimator.networks.manifest import read_manifest
from attrai_estimator.networks.network import Networks
from attrai_estimator.values import Photo
from PIL import Image, ImageOps

from attrai_models.data.crops import read_photo
from attrai_models.data.ratings import LFW, MEBEAUTY, RATING_SETS, VAL, Portrait, RatingSet, read_ratings
from attrai_models.evaluation.agreement import (
    Floats,
    ScoredPortraits,
    by_group,
    confidence_intervals,
    measure_agreement,
    score_photo,
    score_portraits,
)
from attrai_models.evaluation.detection import BOXES_FOLDER, detection_table, missed_portraits
from attrai_models.evaluation.proposal_comparison import comparison_table, unseen_photos
from attrai_models.evaluation.quality_sweep import degradation_tables, head_turn_table
from attrai_models.evaluation.verification import verification_report
from attrai_models.export.scorer import read_calibration
from attrai_models.networks.calibration import Calibration

Change = Callable[[Photo], Photo]
SMALLER_SCALE, JPEG_QUALITY, BRIGHTNESS_FACTOR = 0.6, 60, 1.1
"""Part of the size, JPEG quality, factor of light: the changes under which a score should hold."""


def scorer_report(data: Path, models: Path, name: str) -> Iterator[str]:
    """Markdown of a scorer's figures: agreement on `val` of the rating sets, and how far scores move."""
    networks = load_networks(models, scorer=name)
    stretch = read_calibration(models / read_manifest(models).record(name).file, len(RATING_SETS))
    for ratings in RATING_SETS:
        if (data / ratings.name).is_dir():
            yield f"\n## {name} on {ratings.name}, {ratings.lowest:g} to {ratings.highest:g}\n"
            yield from _agreement(data / ratings.name, ratings, networks, stretch)
    if (data / MEBEAUTY.name).is_dir():
        yield f"\n## {name}: how far a score moves\n"
        yield from _stability(data / MEBEAUTY.name, MEBEAUTY, networks)


def quality_report(data: Path, models: Path, name: str) -> Iterator[str]:
    """Markdown of what spoils a scorer's scores: what the limits of the quality gates are chosen on."""
    networks = load_networks(models, scorer=name)
    if (data / MEBEAUTY.name).is_dir():
        yield f"\n## {name}: what spoils a score"
        yield from degradation_tables(data / MEBEAUTY.name, networks)
    if (data / LFW).is_dir():
        yield f"\n## {name}: heads turned away, LFW\n"
        yield from head_turn_table(data / LFW, networks)


def detector_and_embedder_report(data: Path, models: Path) -> Iterator[str]:
    """Markdown of the detector's and the embedder's figures."""
    detector = load_detector(models)
    if (data / BOXES_FOLDER).is_dir():
        yield "\n## Detector: faces found\n"
        yield from detection_table(data / BOXES_FOLDER, detector)
    if (data / MEBEAUTY.name).is_dir():
        yield from missed_portraits(data / MEBEAUTY.name, _held_out(data / MEBEAUTY.name, MEBEAUTY), detector)
    if by_group := _unknown(data):
        yield "\n## Detector: its first network and MTCNN's own, on photos that it was not taught on\n"
        yield from comparison_table(by_group, models)
    if (data / LFW).is_dir():
        yield "\n## Embedder, LFW\n"
        yield from verification_report(data / LFW, models)


def _unknown(data: Path) -> dict[str, list[Path]]:
    """Photos of people whom the proposal network was not taught on, by where they are from."""
    by_group: dict[str, list[Path]] = {}
    if (data / LFW).is_dir():
        by_group["LFW"] = unseen_photos(data / LFW)
    if (folder := data / MEBEAUTY.name).is_dir():
        for one in sorted(read_ratings(folder, MEBEAUTY), key=lambda portrait: portrait.group):
            by_group.setdefault(f"MEBeauty, {one.group}", []).append(folder / one.file)
    return by_group


def _held_out(folder: Path, ratings: RatingSet) -> list[Portrait]:
    return [one for one in read_ratings(folder, ratings) if one.split == VAL]


def _agreement(folder: Path, ratings: RatingSet, networks: Networks, stretch: Calibration) -> Iterator[str]:
    portraits = _held_out(folder, ratings)
    scores, column = score_portraits(folder, portraits, networks), RATING_SETS.index(ratings)
    before = stretch.inverse(torch.from_numpy(scores)).numpy()
    scored, no_calibration = (
        ScoredPortraits(portraits, values[:, column].clip(ratings.lowest, ratings.highest))
        for values in (scores, before)
    )
    yield "| photos | scores | Pearson (95 %) | mean absolute error (95 %) |\n|---|---|---|---|"
    yield f"| {len(portraits)} | as shown | {_with_interval(scored)} |"
    yield f"| | before calibration | {_with_interval(no_calibration)} |"
    yield "\n| | 5th percentile | 95th percentile |\n|---|---|---|"
    rows = (("raters", scored.rated), ("as shown", scored.predicted), ("before calibration", no_calibration.predicted))
    for name, values in rows:
        low, high = np.percentile(values, [5, 95])
        yield f"| {name} | {low:.2f} | {high:.2f} |"
    yield from _by_group(scored)


def _with_interval(scored: ScoredPortraits) -> str:
    whole, (pearson, error) = measure_agreement("", scored.predicted, scored.rated), confidence_intervals(scored)
    return (
        f"{whole.pearson:.3f} ({pearson[0]:.3f} to {pearson[1]:.3f}) "
        f"| {whole.error:.3f} ({error[0]:.3f} to {error[1]:.3f})"
    )


def _by_group(scored: ScoredPortraits) -> Iterator[str]:
    yield "\n| group | photos | mean absolute error | mean of predicted - rated |\n|---|---|---|---|"
    for name, part in by_group(scored):
        errors = part.predicted - part.rated
        yield f"| {name} | {len(errors)} | {np.abs(errors).mean():.2f} | {errors.mean():+.2f} |"


def _stability(folder: Path, ratings: RatingSet, networks: Networks) -> Iterator[str]:
    photos = [read_photo(folder / one.file) for one in _held_out(folder, ratings)]
    before = _shown(photos, networks)
    yield "| change | median | 95th percentile |\n|---|---|---|"
    for name, change in PHOTO_CHANGES.items():
        moved = np.abs(_shown([change(photo) for photo in photos], networks) - before)
        yield f"| {name} | {np.median(moved):.2f} | {np.percentile(moved, 95):.2f} |"


def _shown(photos: list[Photo], networks: Networks) -> Floats:
    scores = [score_photo(photo, networks)[0] for photo in photos]
    return np.array(scores).clip(MEBEAUTY.lowest, MEBEAUTY.highest)


def _photo(image: Image.Image) -> Photo:
    return Photo(image, image.width, image.height)


def _smaller(photo: Photo) -> Photo:
    size = (round(photo.width * SMALLER_SCALE), round(photo.height * SMALLER_SCALE))
    return _photo(photo.image.resize(size, Image.Resampling.LANCZOS))


def _coarser(photo: Photo) -> Photo:
    file = BytesIO()
    photo.image.save(file, "JPEG", quality=JPEG_QUALITY)
    with Image.open(file) as image:
        return _photo(image.convert("RGB"))


def _mirrored(photo: Photo) -> Photo:
    return Photo(ImageOps.mirror(photo.image), photo.width, photo.height)


def _brighter(photo: Photo) -> Photo:
    return Photo(photo.image.point(lambda value: min(value * BRIGHTNESS_FACTOR, 255)), photo.width, photo.height)


PHOTO_CHANGES: dict[str, Change] = {
    "60 % of the size": _smaller,
    "JPEG quality 60": _coarser,
    "mirrored": _mirrored,
    "10 % brighter": _brighter,
}
