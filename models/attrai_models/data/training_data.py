"""What a training is given: of the research sets, or of a user's own ratings."""

from dataclasses import dataclass, replace
from pathlib import Path

from attrai_estimator.networks.network import DetectorNetworks

from attrai_models.data.crops import photo_faults
from attrai_models.data.dataset import ScorerDataset, own_folder, read_datasets, research_folders, split_calibration
from attrai_models.data.own_ratings import OWN_RATINGS, RatingsError, list_faults
from attrai_models.data.ratings import TRAIN, VAL, Portrait
from attrai_models.export.scorer import OWN_TERMS
from attrai_models.networks.trunks import Trunk
from attrai_models.training.train_scorer import Judged


@dataclass(frozen=True, slots=True)
class Job:
    """What is learned from, and what is not."""

    learned: list[ScorerDataset]
    judged: Judged


def research_data(data: Path, trunk: Trunk, detector: DetectorNetworks, cache: Path, *, with_val: bool) -> Job:
    """MEBeauty, SCUT-FBP5500 and unrated photos; raises `FileNotFoundError`."""
    lessons = read_datasets(research_folders(data, trunk), trunk, detector, cache)
    words = "train and val" if with_val else "train"
    rated = [part for part in lessons if part.rated]
    learned = f"{words} of MEBeauty and SCUT-FBP5500, without the tenth that calibrates"
    return _job(lessons, rated, with_val=with_val, learned=learned)


def own_data(folder: Path, portraits: list[Portrait], trunk: Trunk, detector: DetectorNetworks, cache: Path) -> Job:
    """A user's folder; raises `RatingsError` with a sentence for each photo that no face can be cut out of."""
    faults = photo_faults(folder, portraits, detector)
    if faults:
        raise RatingsError(list_faults(faults))
    lessons = read_datasets([own_folder(folder, OWN_RATINGS, portraits)], trunk, detector, cache)
    job = _job(lessons, lessons, with_val=False, learned=f"{len(portraits)} own photos")
    return Job(job.learned, replace(job.judged, terms=OWN_TERMS))


def _job(lessons: list[ScorerDataset], rated: list[ScorerDataset], *, with_val: bool, learned: str) -> Job:
    splits = (TRAIN, VAL) if with_val else (TRAIN,)
    parts = [split_calibration(part.in_splits(*splits)) for part in lessons]
    apart = [held for _, held in parts if len(held)]
    held_out = [found for part in rated if len(found := part.in_splits(VAL))]
    return Job([kept for kept, _ in parts], Judged(held_out, apart, learned))
