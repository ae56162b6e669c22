"""The data of a scorer's training, from the research sets or a user's own ratings: train, validation, calibration."""

from dataclasses import dataclass
from pathlib import Path

from attrai_estimator.networks.network import DetectorNetworks

from attrai_models.data.crops import photo_faults
from attrai_models.data.dataset import ScorerDataset, own_folder, read_datasets, research_folders, split_calibration
from attrai_models.data.own_ratings import OWN_RATINGS, RatingsError, list_faults
from attrai_models.data.ratings import TRAIN, VAL, Portrait
from attrai_models.networks.trunks import Trunk

RESEARCH_TERMS = "non-commercial research only: the terms of the rating sets that it learned from"
OWN_TERMS = "those of the photos and ratings that it learned from, which are its maker's own"


@dataclass(frozen=True, slots=True)
class TrainingData:
    """A training learns from `train` alone; `description` and `terms` are words for the manifest."""

    train: list[ScorerDataset]
    validation: list[ScorerDataset]
    calibration: list[ScorerDataset]
    description: str
    terms: str


def research_data(data: Path, trunk: Trunk, detector: DetectorNetworks, cache: Path, *, with_val: bool) -> TrainingData:
    """MEBeauty, SCUT-FBP5500 and unrated photos; raises `FileNotFoundError`."""
    datasets = read_datasets(research_folders(data, trunk), trunk, detector, cache)
    splits = (TRAIN, VAL) if with_val else (TRAIN,)
    description = f"{' and '.join(splits)} of MEBeauty and SCUT-FBP5500, without the tenth that calibrates"
    return _split(datasets, splits, description, RESEARCH_TERMS)


def own_data(
    folder: Path, portraits: list[Portrait], trunk: Trunk, detector: DetectorNetworks, cache: Path
) -> TrainingData:
    """A user's own folder; raises `RatingsError` with a sentence for each photo without a usable face."""
    faults = photo_faults(folder, portraits, detector)
    if faults:
        raise RatingsError(list_faults(faults))
    datasets = read_datasets([own_folder(folder, OWN_RATINGS, portraits)], trunk, detector, cache)
    return _split(datasets, (TRAIN,), f"{len(portraits)} own photos", OWN_TERMS)


def _split(datasets: list[ScorerDataset], splits: tuple[str, ...], description: str, terms: str) -> TrainingData:
    parts = [split_calibration(dataset.in_splits(*splits)) for dataset in datasets]
    return TrainingData(
        train=[train for train, _ in parts],
        validation=[part for dataset in datasets if dataset.rated and len(part := dataset.in_splits(VAL))],
        calibration=[held for _, held in parts if len(held)],
        description=description,
        terms=terms,
    )
