"""`attrai-batch average`: the mean vector of a table, of all its faces or of each person's folder.

Every digit is the same whatever the order of the rows: each number is rounded once, then the sums are exact.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from posixpath import basename, dirname

import numpy as np
from attrai_shared.batch_contracts import EMBEDDING_SIZE
from numpy.typing import NDArray

from attrai_batch.errors import InvalidTable
from attrai_batch.table import FaceKey, Vectors, read_embeddings

ROUNDING_UNIT = 2.0**-46
"""Numbers are rounded to multiples of this. Embeddings are float32 and mostly under 0.3, where their own step is 2**-25."""
MAX_NUMBER = 4.0
"""Numbers of a vector are smaller than this; 8,192 rows of them still fit into 63 bits."""
ALL = ""
"""The group of all faces; no folder has this name."""

Mean = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class NearestFace:
    """The face nearest to a mean, and its distance. Of two equally near faces it is the one whose photo's name is first."""

    distance: float
    photo: str
    face: int


@dataclass(frozen=True, slots=True)
class Average:
    """The mean of a group's vectors. `deviation`: of each number; `distance`: root mean square from the mean."""

    faces: int
    mean: Mean
    deviation: Mean
    distance: float
    nearest: NearestFace


def averages(table: Path, *, by_folder: bool = False) -> dict[str, Average]:
    """The average of all faces under `ALL`; with `by_folder` also of each folder, in the order of names ("." is the top).

    Reads the table twice. Memory grows with the number of folders, not of faces. Raises InvalidTable.
    """
    sums: defaultdict[str, ExactSum] = defaultdict(ExactSum)
    try:
        for group, vectors, _ in _groups(table, by_folder=by_folder):
            sums[group].add(vectors)
    except ValueError as error:
        raise InvalidTable(f"{table}: {error}") from error
    spreads = {group: Spread(found.mean()) for group, found in sorted(sums.items())}
    for group, vectors, keys in _groups(table, by_folder=by_folder):
        spreads[group].add(vectors, keys)
    if not spreads:
        raise InvalidTable(f"{table} has no vector: was it run without embedding, or on photos without a face?")
    return {group: _average(sums[group], spread) for group, spread in spreads.items()}


def folder_of(photo: str) -> str:
    """The name of the innermost folder of a photo, which in a set of persons is the person; "." at the top."""
    return basename(dirname(photo)) or "."


class ExactSum:
    """A sum of rows of 128 numbers, in Python's integers, which never overflow."""

    def __init__(self) -> None:
        self.count = 0
        self._total = np.zeros(EMBEDDING_SIZE, dtype=object)

    def add(self, rows: NDArray[np.floating]) -> None:
        """Rows of shape (n, 128), at most 8,192 at a time. Raises ValueError for numbers that no embedding has."""
        if not np.all(np.abs(rows) < MAX_NUMBER):
            raise ValueError("a vector has a number that is none, or of 4 or more")
        self._total += np.rint(rows.astype(np.float64) / ROUNDING_UNIT).astype(np.int64).sum(axis=0)
        self.count += len(rows)

    def mean(self) -> Mean:
        """Shape (128,); raises ZeroDivisionError if nothing was added."""
        return np.array([int(total) / self.count for total in self._total]) * ROUNDING_UNIT


class Spread:
    """The second pass: how far the rows are from their mean, and which row is nearest."""

    def __init__(self, mean: Mean) -> None:
        self._mean = mean
        self._squares = ExactSum()
        self.nearest: NearestFace | None = None

    def add(self, rows: Vectors, keys: list[FaceKey]) -> None:
        """Rows of shape (n, 128), and the photo and face of each."""
        squares = (rows.astype(np.float64) - self._mean) ** 2
        self._squares.add(squares)
        distances = np.sqrt(squares.sum(axis=1))
        for at in np.flatnonzero(distances == distances.min()):
            found = NearestFace(float(distances[at]), *keys[at])
            self.nearest = found if self.nearest is None else min(self.nearest, found, key=_order)

    def deviation(self) -> Mean:
        """The standard deviation of each of the 128 numbers."""
        return np.sqrt(self._squares.mean())

    def distance(self) -> float:
        """The root of the mean squared distance from the mean."""
        return float(np.sqrt(self._squares.mean().sum()))


def _average(total: ExactSum, spread: Spread) -> Average:
    if spread.nearest is None:
        raise RuntimeError("a group without a face")
    return Average(total.count, total.mean(), spread.deviation(), spread.distance(), spread.nearest)


def _groups(table: Path, *, by_folder: bool) -> Iterator[tuple[str, Vectors, list[FaceKey]]]:
    """The table's vectors, some thousand at a time: all of them, then those of each folder among them."""
    for vectors, keys in read_embeddings(table):
        yield ALL, vectors, keys
        if by_folder:
            folders = np.array([folder_of(photo) for photo, _ in keys], dtype=object)
            for folder in sorted(set(folders)):
                places = np.flatnonzero(folders == folder)
                yield folder, vectors[places], [keys[at] for at in places]


def _order(nearest: NearestFace) -> tuple[float, str, int]:
    return nearest.distance, nearest.photo, nearest.face
