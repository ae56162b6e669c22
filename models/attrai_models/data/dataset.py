"""What a training step learns from: wide crops with ratings and the teacher's guesses, drawn in a fixed order."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from attrai_estimator.networks.network import DetectorNetworks
from torch import Tensor

from attrai_models.data.crops import cut_out, landmarks_of
from attrai_models.data.ratings import (
    RATING_SETS,
    TRAIN,
    UNRATED,
    Portrait,
    RatingSet,
    digest_of_photos,
    every_tenth,
    portraits_of,
)
from attrai_models.data.teacher_features import see
from attrai_models.networks.trunks import DLIB, Trunk


@dataclass(frozen=True, slots=True)
class Source:
    """A folder of portraits, and which of the scales they were rated on; -1: none."""

    name: str
    folder: Path
    portraits: list[Portrait]
    column: int


@dataclass(frozen=True, slots=True)
class Lessons:
    """One set: pixels, uint8 (n, 3, wide, wide); ratings (n, sets), not a number where unrated; seen (n, features)."""

    name: str
    portraits: list[Portrait]
    pixels: Tensor
    ratings: Tensor
    seen: Tensor

    def only(self, chosen: Sequence[bool]) -> "Lessons":
        """The chosen rows."""
        rows = [row for row, taken in enumerate(chosen) if taken]
        portraits = [self.portraits[row] for row in rows]
        return replace(
            self, portraits=portraits, pixels=self.pixels[rows], ratings=self.ratings[rows], seen=self.seen[rows]
        )

    def part(self, *splits: str) -> "Lessons":
        """Those of these splits."""
        return self.only([portrait.split in splits for portrait in self.portraits])

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


def research_sources(data: Path, trunk: Trunk) -> list[Source]:
    """The sets of the data folder that teach the trunk, the unrated last; raises `FileNotFoundError` at none."""
    names = [ratings.name for ratings in RATING_SETS]
    sources = [
        Source(name, data / name, portraits_of(data, name), names.index(name) if name in names else -1)
        for name in [*names, *([UNRATED] if trunk.imitates else [])]
        if (data / name).is_dir()
    ]
    if not any(source.column >= 0 for source in sources):
        raise FileNotFoundError(f"{data} holds none of the folders {', '.join(names)}")
    return sources


def own_source(folder: Path, ratings: RatingSet, portraits: list[Portrait]) -> Source:
    """A user's own folder, rated on the only scale that there is."""
    return Source(ratings.name, folder, portraits, 0)


def read_lessons(source: Source, trunk: Trunk, detector: DetectorNetworks, cache: Path) -> Lessons:
    """Read one set; landmarks, crops and what the teacher sees are made once and kept in `cache`."""
    key = f"{source.name}_{digest_of_photos(source.folder, source.portraits)}"
    landmarks = landmarks_of(source.folder, source.portraits, detector, cache / f"landmarks_{key}.npy")

    def pixels(of: Trunk) -> Tensor:
        crops = cut_out(source.folder, source.portraits, landmarks, of.wide, cache / f"crops_{key}_{of.name}.npy")
        return torch.from_numpy(crops).permute(0, 3, 1, 2)

    seen = see(pixels(DLIB), cache / f"seen_{key}.npy")
    return Lessons(source.name, source.portraits, pixels(trunk), _ratings(source), seen)


def read_all_lessons(sources: Sequence[Source], trunk: Trunk, detector: DetectorNetworks, cache: Path) -> list[Lessons]:
    """Read every source; ratings have one column for each scale."""
    cache.mkdir(parents=True, exist_ok=True)
    sets = 1 + max(source.column for source in sources)
    lessons = [read_lessons(source, trunk, detector, cache) for source in sources]
    return [replace(part, ratings=part.ratings[:, :sets]) for part in lessons]


def without_calibration(lessons: Lessons) -> tuple[Lessons, Lessons]:
    """What is learned from, and a tenth of the rated that is set apart for calibration."""
    apart = [portrait.score is not None and every_tenth(portrait.file + TRAIN) for portrait in lessons.portraits]
    return lessons.only([not taken for taken in apart]), lessons.only(apart)


def _ratings(source: Source) -> Tensor:
    ratings = torch.full((len(source.portraits), len(RATING_SETS)), float("nan"))
    if source.column >= 0:
        ratings[:, source.column] = torch.tensor([portrait.score for portrait in source.portraits])
    return ratings


def rows_of_step(available: int, wanted: int, step: int, seed: int) -> list[int]:
    """The rows that a step takes: every set is walked through in a new order each round, the same for the same seed."""
    positions = range(step * wanted, (step + 1) * wanted)
    orders = {i // available: _order(available, seed + i // available) for i in positions}
    return [int(orders[i // available][i % available]) for i in positions]


def _order(available: int, seed: int) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    return np.random.default_rng(seed).permutation(available)
