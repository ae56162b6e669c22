"""The dataset of a scorer: wide face crops, ratings and teacher features of each set of portraits."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from attrai_estimator.networks.network import DetectorNetworks
from torch import Tensor

from attrai_models.data.crops import read_crops, read_landmarks
from attrai_models.data.ratings import (
    LFW,
    RATING_SETS,
    TRAIN,
    Portrait,
    RatingSet,
    in_random_tenth,
    photos_digest,
    read_portraits,
)
from attrai_models.data.teacher_features import teacher_features
from attrai_models.networks.trunks import DLIB, Trunk


@dataclass(frozen=True, slots=True)
class PortraitFolder:
    """A folder of portraits; `column` is the rating scale they were rated on, -1 for none."""

    name: str
    folder: Path
    portraits: list[Portrait]
    column: int


@dataclass(frozen=True, slots=True)
class ScorerDataset:
    """One set: pixels, uint8 (n, 3, wide, wide); ratings (n, sets), NaN where unrated; teacher features (n, 1408)."""

    name: str
    portraits: list[Portrait]
    pixels: Tensor
    ratings: Tensor
    features: Tensor

    def select(self, chosen: Sequence[bool]) -> "ScorerDataset":
        """The chosen rows."""
        rows = [row for row, is_chosen in enumerate(chosen) if is_chosen]
        portraits = [self.portraits[row] for row in rows]
        pixels, ratings, features = self.pixels[rows], self.ratings[rows], self.features[rows]
        return replace(self, portraits=portraits, pixels=pixels, ratings=ratings, features=features)

    def in_splits(self, *splits: str) -> "ScorerDataset":
        """The portraits of these splits."""
        return self.select([portrait.split in splits for portrait in self.portraits])

    @property
    def column(self) -> int:
        """The scale that they are rated on; raises `IndexError` for unrated portraits."""
        return int(self.ratings.isnan().logical_not().any(dim=0).nonzero()[0])

    @property
    def rated(self) -> bool:
        """Whether any portrait has a rating."""
        return not bool(self.ratings.isnan().all())

    def __len__(self) -> int:
        return len(self.portraits)


def research_folders(data: Path, trunk: Trunk) -> list[PortraitFolder]:
    """The sets in the data folder that train the trunk, the unrated last; raises `FileNotFoundError` for none."""
    names = [ratings.name for ratings in RATING_SETS]
    folders = [
        PortraitFolder(name, data / name, read_portraits(data, name), names.index(name) if name in names else -1)
        for name in [*names, *([LFW] if trunk.imitates_dlib else [])]
        if (data / name).is_dir()
    ]
    if not any(folder.column >= 0 for folder in folders):
        raise FileNotFoundError(f"{data} holds none of the folders {', '.join(names)}")
    return folders


def own_folder(folder: Path, ratings: RatingSet, portraits: list[Portrait]) -> PortraitFolder:
    """A user's own folder, rated on the only scale."""
    return PortraitFolder(ratings.name, folder, portraits, 0)


def read_dataset(source: PortraitFolder, trunk: Trunk, detector: DetectorNetworks, cache: Path) -> ScorerDataset:
    """Read one set; landmarks, crops and teacher features are computed once and kept in `cache`."""
    key = f"{source.name}_{photos_digest(source.folder, source.portraits)}"
    landmarks = read_landmarks(source.folder, source.portraits, detector, cache / f"landmarks_{key}.npy")

    def pixels(of: Trunk) -> Tensor:
        file = cache / f"crops_{key}_{of.name}.npy"
        crops = read_crops(source.folder, source.portraits, landmarks, of.wide_template, file)
        return torch.from_numpy(crops).permute(0, 3, 1, 2)

    features = teacher_features(pixels(DLIB), cache / f"seen_{key}.npy")
    return ScorerDataset(source.name, source.portraits, pixels(trunk), _ratings(source), features)


def read_datasets(
    sources: Sequence[PortraitFolder], trunk: Trunk, detector: DetectorNetworks, cache: Path
) -> list[ScorerDataset]:
    """Read every set; ratings have one column for each scale."""
    cache.mkdir(parents=True, exist_ok=True)
    sets = 1 + max(source.column for source in sources)
    datasets = [read_dataset(source, trunk, detector, cache) for source in sources]
    return [replace(dataset, ratings=dataset.ratings[:, :sets]) for dataset in datasets]


def split_calibration(dataset: ScorerDataset) -> tuple[ScorerDataset, ScorerDataset]:
    """Split off a random tenth of the rated portraits for calibration: the rest, then the tenth."""
    held = [portrait.score is not None and in_random_tenth(portrait.file + TRAIN) for portrait in dataset.portraits]
    return dataset.select([not is_held for is_held in held]), dataset.select(held)


def _ratings(source: PortraitFolder) -> Tensor:
    ratings = torch.full((len(source.portraits), len(RATING_SETS)), float("nan"))
    if source.column >= 0:
        ratings[:, source.column] = torch.tensor([portrait.score for portrait in source.portraits])
    return ratings


def batch_rows(available: int, wanted: int, step: int, seed: int) -> list[int]:
    """The rows of a step's batch: each epoch takes all rows in a new order, which the seed fixes."""
    positions = range(step * wanted, (step + 1) * wanted)
    orders = {i // available: _epoch_order(available, seed + i // available) for i in positions}
    return [int(orders[i // available][i % available]) for i in positions]


def _epoch_order(available: int, seed: int) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    return np.random.default_rng(seed).permutation(available)
