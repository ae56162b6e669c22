"""Reads the portraits and ratings of a data folder, and assigns them to splits.

Imports the standard library alone: the benchmark uses it without torch.
"""

import csv
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class RatingSet:
    """A folder of portraits with a `ratings.csv`; its scores are from `lowest` to `highest`."""

    name: str
    column: str
    lowest: float
    highest: float


@dataclass(frozen=True, slots=True)
class Portrait:
    """One photo of a person; `score` is None if unrated, `group` is the set's gender and ethnicity."""

    file: str
    split: str
    score: float | None
    group: str


MEBEAUTY = RatingSet("mebeauty", "score", 1, 10)
SCUT = RatingSet("scut_fbp5500_80px", "score_1_to_5", 1, 5)
RATING_SETS = (MEBEAUTY, SCUT)
"""In the order of a scorer's outputs; users see the first."""
LFW = "lfw_dev"
"""A folder of unrated photos (Labeled Faces in the Wild); their targets come from teachers alone."""
TRAIN, VAL = "train", "val"


def read_ratings(folder: Path, ratings: RatingSet) -> list[Portrait]:
    """Read the set's `ratings.csv`: columns `file`, `split` (train or val), the score, `gender` and `ethnicity`."""
    with (folder / "ratings.csv").open(newline="") as lines:
        return [
            Portrait(row["file"], row["split"], float(row[ratings.column]), f"{row['gender']} {row['ethnicity']}")
            for row in csv.DictReader(lines)
        ]


def list_unrated(folder: Path) -> list[Portrait]:
    """List all pictures under the folder, sorted by name."""
    files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.jpg"))
    return [Portrait(file, TRAIN, None, "") for file in files]


def read_portraits(data: Path, name: str) -> list[Portrait]:
    """List the portraits of one set of the data folder; raises `KeyError` for an unknown name."""
    if name == LFW:
        return list_unrated(data / name)
    return read_ratings(data / name, {ratings.name: ratings for ratings in RATING_SETS}[name])


def in_random_tenth(file: str) -> bool:
    """Whether the file is in a pseudorandom tenth, which is the same in every run."""
    return zlib.crc32(file.encode()) % 10 == 0


def trains_proposal(file: str) -> bool:
    """Whether the proposal network learns from this photo: it learns from a pseudorandom half of the people.

    The photo's folder is named for the person.
    """
    return zlib.crc32(Path(file).parent.name.encode()) % 2 == 0


def ratings_digest(portraits: Sequence[Portrait]) -> str:
    """Eight hexadecimal digits that change with the portraits and their ratings."""
    return _crc32([repr(portrait) for portrait in portraits])


def photos_digest(folder: Path, portraits: Sequence[Portrait]) -> str:
    """Eight hexadecimal digits that change with the photos: their names and sizes in bytes."""
    return _crc32([f"{portrait.file} {(folder / portrait.file).stat().st_size}" for portrait in portraits])


def _crc32(lines: list[str]) -> str:
    return f"{zlib.crc32(' '.join(lines).encode()):08x}"
