"""Evaluates the exported files with the estimator's own steps; its parts print every figure of the model cards."""

from collections.abc import Iterator
from pathlib import Path

from attrai_estimator.networks.load import load_detector, load_networks
from attrai_estimator.networks.manifest import read_manifest

from attrai_models.data.ratings import LFW, MEBEAUTY, RATING_SETS, SCUT, read_ratings
from attrai_models.evaluation.detection import BOXES_FOLDER, detection_table, missed_portraits
from attrai_models.evaluation.proposal_comparison import comparison_table, unseen_photos
from attrai_models.evaluation.quality_sweep import degradation_tables, head_turn_table
from attrai_models.evaluation.scorer_tables import (
    agreement_tables,
    shown_score_table,
    stability_table,
    validation_portraits,
)
from attrai_models.evaluation.verification import verification_report
from attrai_models.export.scorer import read_calibration


def scorer_report(data: Path, models: Path, name: str) -> Iterator[str]:
    """Markdown of a scorer: agreement with ratings, and stability of scores."""
    networks = load_networks(models, scorer=name)
    calibration = read_calibration(models / read_manifest(models).record(name).file, len(RATING_SETS))
    for ratings in RATING_SETS:
        if (data / ratings.name).is_dir():
            yield f"\n## {name} on {ratings.name}, {ratings.lowest:g} to {ratings.highest:g}\n"
            yield from agreement_tables(data / ratings.name, ratings, networks, calibration)
    if (data / SCUT.name).is_dir():
        yield f"\n## {name}: the shown score on {SCUT.name}\n"
        yield from shown_score_table(data / SCUT.name, SCUT, networks)
    if (data / MEBEAUTY.name).is_dir():
        yield f"\n## {name}: how far a score moves\n"
        yield from stability_table(data / MEBEAUTY.name, MEBEAUTY, networks)


def quality_report(data: Path, models: Path, name: str) -> Iterator[str]:
    """Markdown of how bad photos change a scorer's scores: the limits of the quality gates are chosen on it."""
    networks = load_networks(models, scorer=name)
    if (data / MEBEAUTY.name).is_dir():
        yield f"\n## {name}: what spoils a score"
        yield from degradation_tables(data / MEBEAUTY.name, networks)
    if (data / LFW).is_dir():
        yield f"\n## {name}: heads turned away, LFW\n"
        yield from head_turn_table(data / LFW, networks)


def detector_and_embedder_report(data: Path, models: Path) -> Iterator[str]:
    """Markdown of the detector and the embedder."""
    detector = load_detector(models)
    if (data / BOXES_FOLDER).is_dir():
        yield "\n## Detector: faces found\n"
        yield from detection_table(data / BOXES_FOLDER, detector)
    if (folder := data / MEBEAUTY.name).is_dir():
        yield from missed_portraits(folder, validation_portraits(folder, MEBEAUTY), detector)
    if groups := _unseen_groups(data):
        yield "\n## Detector: our first network and MTCNN's, on photos that ours was not trained on\n"
        yield from comparison_table(groups, models)
    if (data / LFW).is_dir():
        yield "\n## Embedder, LFW\n"
        yield from verification_report(data / LFW, models)


def _unseen_groups(data: Path) -> dict[str, list[Path]]:
    """Photos that the proposal network was not trained on, by their set and group."""
    groups: dict[str, list[Path]] = {}
    if (data / LFW).is_dir():
        groups["LFW"] = unseen_photos(data / LFW)
    if (folder := data / MEBEAUTY.name).is_dir():
        for one in sorted(read_ratings(folder, MEBEAUTY), key=lambda portrait: portrait.group):
            groups.setdefault(f"MEBeauty, {one.group}", []).append(folder / one.file)
    return groups
