"""Which photos there are to learn from, and what people said of them: the reading of a data folder.

The benchmark reads it where there is no torch: it imports the standard library alone.
"""

import csv
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class RatingSet:
    """A folder of portraits with a `ratings.csv`; its scores run from `lowest` to `highest`."""

    name: str
    column: str
    lowest: float
    highest: float


@dataclass(frozen=True, slots=True)
class Portrait:
    """One photo of a person; `score` is absent where nobody rated it, `group` is the set's gender and ethnicity."""

    file: str
    split: str
    score: float | None
    group: str


MEBEAUTY = RatingSet("mebeauty", "score", 1, 10)
SCUT = RatingSet("scut_fbp5500_80px", "score_1_to_5", 1, 5)
RATING_SETS = (MEBEAUTY, SCUT)
"""In the order of a scorer's outputs; the first is the scale that people are shown."""
LFW = "lfw_dev"
"""A folder of photos that nobody rated; only what the teacher says of them is learned."""
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
    """List the portraits of one set of the data folder; raises `KeyError` for a name that is none of them."""
    if name == LFW:
        return list_unrated(data / name)
    return read_ratings(data / name, {ratings.name: ratings for ratings in RATING_SETS}[name])


def in_random_tenth(file: str) -> bool:
    """Whether chance, the same in every run, puts a file into a tenth that is set apart."""
    return zlib.crc32(file.encode()) % 10 == 0


def trains_proposal(file: str) -> bool:
    """Whether chance, the same in every run, puts a photo's person, after whom its folder is named, into the half that the proposal
    network is taught on."""
    return zlib.crc32(Path(file).parent.name.encode()) % 2 == 0


def ratings_digest(portraits: Sequence[Portrait]) -> str:
    """Eight digits that change when a portrait is added or taken away, or its rating corrected."""
    return _digits([repr(portrait) for portrait in portraits])


def photos_digest(folder: Path, portraits: Sequence[Portrait]) -> str:
    """Eight digits that change when a photo is added, taken away, or another one (of another size in bytes)."""
    return _digits([f"{portrait.file} {(folder / portrait.file).stat().st_size}" for portrait in portraits])


def _digits(lines: list[str]) -> str:
    return f"{zlib.crc32(' '.join(lines).encode()):08x}"
