"""What a training step learns from: wide crops with ratings and the teacher's guesses, drawn in a fixed order."""

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
    """A folder of portraits, and which of the scales they were rated on; -1: none."""

    name: str
    folder: Path
    portraits: list[Portrait]
    column: int


@dataclass(frozen=True, slots=True)
class ScorerDataset:
    """One set: pixels, uint8 (n, 3, wide, wide); ratings (n, sets), not a number where unrated; seen (n, features)."""

    name: str
    portraits: list[Portrait]
    pixels: Tensor
    ratings: Tensor
    seen: Tensor

    def select(self, chosen: Sequence[bool]) -> "ScorerDataset":
        """The chosen rows."""
        rows = [row for row, taken in enumerate(chosen) if taken]
        portraits = [self.portraits[row] for row in rows]
        return replace(
            self, portraits=portraits, pixels=self.pixels[rows], ratings=self.ratings[rows], seen=self.seen[rows]
        )

    def in_splits(self, *splits: str) -> "ScorerDataset":
        """Those of these splits."""
        return self.select([portrait.split in splits for portrait in self.portraits])

    @property
    def column(self) -> int:
        """The scale that they are rated on; raises `IndexError` where nobody rated them."""
        return int(self.ratings.isnan().logical_not().any(dim=0).nonzero()[0])

    @property
    def rated(self) -> bool:
        """Whether there are ratings at all."""
        return not bool(self.ratings.isnan().all())

    def __len__(self) -> int:
        return len(self.portraits)


def research_folders(data: Path, trunk: Trunk) -> list[PortraitFolder]:
    """The sets of the data folder that teach the trunk, the unrated last; raises `FileNotFoundError` at none."""
    names = [ratings.name for ratings in RATING_SETS]
    sources = [
        PortraitFolder(name, data / name, read_portraits(data, name), names.index(name) if name in names else -1)
        for name in [*names, *([LFW] if trunk.imitates_dlib else [])]
        if (data / name).is_dir()
    ]
    if not any(source.column >= 0 for source in sources):
        raise FileNotFoundError(f"{data} holds none of the folders {', '.join(names)}")
    return sources


def own_folder(folder: Path, ratings: RatingSet, portraits: list[Portrait]) -> PortraitFolder:
    """A user's own folder, rated on the only scale that there is."""
    return PortraitFolder(ratings.name, folder, portraits, 0)


def read_dataset(source: PortraitFolder, trunk: Trunk, detector: DetectorNetworks, cache: Path) -> ScorerDataset:
    """Read one set; landmarks, crops and what the teacher sees are made once and kept in `cache`."""
    key = f"{source.name}_{photos_digest(source.folder, source.portraits)}"
    landmarks = read_landmarks(source.folder, source.portraits, detector, cache / f"landmarks_{key}.npy")

    def pixels(of: Trunk) -> Tensor:
        crops = read_crops(
            source.folder, source.portraits, landmarks, of.wide_template, cache / f"crops_{key}_{of.name}.npy"
        )
        return torch.from_numpy(crops).permute(0, 3, 1, 2)

    seen = teacher_features(pixels(DLIB), cache / f"seen_{key}.npy")
    return ScorerDataset(source.name, source.portraits, pixels(trunk), _ratings(source), seen)


def read_datasets(
    sources: Sequence[PortraitFolder], trunk: Trunk, detector: DetectorNetworks, cache: Path
) -> list[ScorerDataset]:
    """Read every source; ratings have one column for each scale."""
    cache.mkdir(parents=True, exist_ok=True)
    sets = 1 + max(source.column for source in sources)
    lessons = [read_dataset(source, trunk, detector, cache) for source in sources]
    return [replace(in_splits, ratings=in_splits.ratings[:, :sets]) for in_splits in lessons]


def split_calibration(lessons: ScorerDataset) -> tuple[ScorerDataset, ScorerDataset]:
    """What is learned from, and a tenth of the rated that is set apart for calibration."""
    apart = [portrait.score is not None and in_random_tenth(portrait.file + TRAIN) for portrait in lessons.portraits]
    return lessons.select([not taken for taken in apart]), lessons.select(apart)


def _ratings(source: PortraitFolder) -> Tensor:
    ratings = torch.full((len(source.portraits), len(RATING_SETS)), float("nan"))
    if source.column >= 0:
        ratings[:, source.column] = torch.tensor([portrait.score for portrait in source.portraits])
    return ratings


def batch_rows(available: int, wanted: int, step: int, seed: int) -> list[int]:
    """The rows that a step takes: every set is walked through in a new order each round, the same for the same seed."""
    positions = range(step * wanted, (step + 1) * wanted)
    orders = {i // available: _order(available, seed + i // available) for i in positions}
    return [int(orders[i // available][i % available]) for i in positions]


def _order(available: int, seed: int) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    return np.random.default_rng(seed).permutation(available)
