"""`attrai-batch average`: the mean vector of a table, of all its faces or of each person's folder."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from posixpath import basename, dirname
from typing import TypeVar

import numpy as np
from attrai_shared.batch_contracts import EMBEDDING_SIZE

from attrai_batch.errors import InvalidTable
from attrai_batch.mean import ExactSum, Mean, Nearest, Spread, Vectors
from attrai_batch.table import read_batches

ALL = ""
"""The group of all faces; no folder has this name."""
Names = list[tuple[str, int]]
Sums = TypeVar("Sums", ExactSum, Spread)


@dataclass(frozen=True, slots=True)
class Average:
    """The mean of a group's vectors. `deviation`: of each number; `distance`: root mean square from the mean."""

    faces: int
    mean: Mean
    deviation: Mean
    distance: float
    nearest: Nearest


def averages(table: Path, *, by_folder: bool = False) -> dict[str, Average]:
    """All faces under `ALL`, then, if asked for, each folder in the order of names ("." holds what lies in none).

    Two passes over the table; memory grows with the folders, not with the faces. Raises NoTable.
    """
    sums: defaultdict[str, ExactSum] = defaultdict(ExactSum)
    try:
        for group, vectors, _ in _groups(table, by_folder=by_folder):
            sums[group].add(vectors)
    except ValueError as error:
        raise InvalidTable(f"{table}: {error}") from error
    spreads = {group: Spread(found.mean()) for group, found in sorted(sums.items())}
    for group, vectors, names in _groups(table, by_folder=by_folder):
        spreads[group].add(vectors, names)
    if not spreads:
        raise InvalidTable(f"{table} has no vector: was it run without embedding, or on photos without a face?")
    return {group: _average(sums[group], spread) for group, spread in spreads.items()}


def folder_of(photo: str) -> str:
    """The folder of a photo, which in a set of persons is the person: the name of the last one, "." at the top."""
    return basename(dirname(photo)) or "."


def _average(total: ExactSum, spread: Spread) -> Average:
    if spread.nearest is None:
        raise RuntimeError("a group without a face")
    return Average(total.count, total.mean(), spread.deviation(), spread.distance(), spread.nearest)


def _groups(table: Path, *, by_folder: bool) -> Iterator[tuple[str, Vectors, Names]]:
    """The table's vectors, some thousand at a time: all of them, then those of each folder among them."""
    for vectors, names in faces(table):
        yield ALL, vectors, names
        if by_folder:
            folders = np.array([folder_of(photo) for photo, _ in names], dtype=object)
            for folder in sorted(set(folders)):
                places = np.flatnonzero(folders == folder)
                yield folder, vectors[places], [names[at] for at in places]


def faces(table: Path) -> Iterator[tuple[Vectors, Names]]:
    """Every face with a vector: float32 of shape (n, 128), and the photo and face of each. Raises NoTable."""
    for batch in read_batches(table, "photo", "face", "embedding"):
        rows = batch.filter(batch["embedding"].is_valid())
        if len(rows):
            numbers = rows["embedding"].flatten().to_numpy(zero_copy_only=False)
            yield (
                numbers.reshape(-1, EMBEDDING_SIZE),
                list(zip(rows["photo"].to_pylist(), rows["face"].to_pylist(), strict=True)),
            )
