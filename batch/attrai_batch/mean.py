"""Means of vectors whose every digit is the same whatever the order of the rows: each number is rounded once, then summed exactly."""

from dataclasses import dataclass

import numpy as np
from attrai_shared.batch_contracts import EMBEDDING_SIZE
from numpy.typing import NDArray

UNIT = 2.0**-46
"""Numbers are rounded to multiples of this; embeddings are float32 and mostly under 0.3, where their own step is 2**-25."""
LARGEST = 4.0
"""Of a number; 8,192 rows of such still fit into 63 bits."""

Vectors = NDArray[np.float32]
Mean = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Nearest:
    """The face nearest to a mean, and how far it is; of two as near, the one whose photo's name comes first."""

    distance: float
    photo: str
    face: int


class ExactSum:
    """A sum of rows of 128 numbers, in Python's integers, which never overflow."""

    def __init__(self) -> None:
        self.count = 0
        self._total = np.zeros(EMBEDDING_SIZE, dtype=object)

    def add(self, rows: NDArray[np.floating]) -> None:
        """Rows of shape (n, 128), at most 8,192 at a time. Raises ValueError for numbers that no embedding has."""
        if not np.all(np.abs(rows) < LARGEST):
            raise ValueError("a vector has a number that is none, or of 4 or more")
        self._total += np.rint(rows.astype(np.float64) / UNIT).astype(np.int64).sum(axis=0)
        self.count += len(rows)

    def mean(self) -> Mean:
        """Shape (128,); raises ZeroDivisionError where nothing was added."""
        return np.array([int(total) / self.count for total in self._total]) * UNIT


class Spread:
    """Second pass: how far the rows lie from their mean, and which lies nearest."""

    def __init__(self, mean: Mean) -> None:
        self._mean = mean
        self._squares = ExactSum()
        self.nearest: Nearest | None = None

    def add(self, rows: Vectors, names: list[tuple[str, int]]) -> None:
        """Rows of shape (n, 128) and the photo and face of each."""
        squares = (rows.astype(np.float64) - self._mean) ** 2
        self._squares.add(squares)
        distances = np.sqrt(squares.sum(axis=1))
        for at in np.flatnonzero(distances == distances.min()):
            found = Nearest(float(distances[at]), *names[at])
            self.nearest = found if self.nearest is None else min(self.nearest, found, key=_order)

    def deviation(self) -> Mean:
        """The standard deviation of each of the 128 numbers."""
        return np.sqrt(self._squares.mean())

    def distance(self) -> float:
        """Root of the mean squared distance from the mean."""
        return float(np.sqrt(self._squares.mean().sum()))


def _order(nearest: Nearest) -> tuple[float, str, int]:
    return nearest.distance, nearest.photo, nearest.face
