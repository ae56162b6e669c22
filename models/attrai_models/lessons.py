"""What a training step learns from: wide crops with ratings and dlib's vectors, drawn in a fixed order."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from attrai_estimator.networks.network import DetectorNetworks
from torch import Tensor

from attrai_models.crops import cut_out, landmarks_of
from attrai_models.embedder import VECTOR
from attrai_models.ratings import RATING_SETS, UNRATED, Portrait, portraits_of
from attrai_models.teacher import teach
from attrai_models.trunks import Trunk


@dataclass(frozen=True, slots=True)
class Lessons:
    """One set: pixels, uint8 (n, 3, wide, wide); ratings (n, sets), not a number where unrated; vectors (n, 128)."""

    name: str
    portraits: list[Portrait]
    pixels: Tensor
    ratings: Tensor
    vectors: Tensor

    def part(self, split: str) -> "Lessons":
        """Those of one split."""
        rows = [i for i, portrait in enumerate(self.portraits) if portrait.split == split]
        portraits = [self.portraits[i] for i in rows]
        return Lessons(self.name, portraits, self.pixels[rows], self.ratings[rows], self.vectors[rows])

    def __len__(self) -> int:
        return len(self.portraits)


def read_lessons(data: Path, name: str, trunk: Trunk, detector: DetectorNetworks, cache: Path) -> Lessons:
    """Read one set of the data folder; landmarks, crops and vectors are made once and kept in `cache`."""
    portraits = portraits_of(data, name)
    landmarks = landmarks_of(data / name, portraits, detector, cache / f"landmarks_{name}.npy")
    crops = cut_out(data / name, portraits, landmarks, trunk.wide, cache / f"crops_{name}_{trunk.name}.npy")
    vectors = np.zeros((len(portraits), VECTOR), np.float32)
    if trunk.imitates:
        vectors = teach(data / name, portraits, landmarks, cache / f"teacher_{name}.npy")
    pixels = torch.from_numpy(crops).permute(0, 3, 1, 2)
    return Lessons(name, portraits, pixels, _ratings(name, portraits), torch.from_numpy(vectors))


def read_all_lessons(data: Path, trunk: Trunk, detector: DetectorNetworks, cache: Path) -> list[Lessons]:
    """Read every set of the data folder that teaches the trunk; raises `FileNotFoundError` when there is none."""
    wanted = [ratings.name for ratings in RATING_SETS] + ([UNRATED] if trunk.imitates else [])
    names = [name for name in wanted if (data / name).is_dir()]
    if not names:
        raise FileNotFoundError(f"{data} holds none of the known sets")
    cache.mkdir(parents=True, exist_ok=True)
    return [read_lessons(data, name, trunk, detector, cache) for name in names]


def _ratings(name: str, portraits: list[Portrait]) -> Tensor:
    ratings = torch.full((len(portraits), len(RATING_SETS)), float("nan"))
    for column, rating_set in enumerate(RATING_SETS):
        if rating_set.name == name:
            ratings[:, column] = torch.tensor([portrait.score for portrait in portraits])
    return ratings


def rows_of_step(available: int, wanted: int, step: int, seed: int) -> list[int]:
    """The rows that a step takes: every set is walked through in a new order each round, the same for the same seed."""
    positions = range(step * wanted, (step + 1) * wanted)
    orders = {i // available: _order(available, seed + i // available) for i in positions}
    return [int(orders[i // available][i % available]) for i in positions]


def _order(available: int, seed: int) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    return np.random.default_rng(seed).permutation(available)
