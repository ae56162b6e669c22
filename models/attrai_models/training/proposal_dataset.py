"""From a folder of people's photos to lessons for the proposal network, made once and kept."""

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from attrai_estimator.networks.network import DetectorNetworks
from numpy.typing import NDArray

from attrai_models.data.crops import read_photo
from attrai_models.export.mtcnn import all_of_mtcnn
from attrai_models.progress import Progress
from attrai_models.training.proposal_targets import Lesson, lesson
from attrai_models.training.proposal_augmentation import view
from attrai_models.data.ratings import Portrait, digest_of_photos, list_unrated, teaches_detection

PARTS = ("tiles", "likely", "offsets")
ROUNDS = 3
"""Views of each photo. A round of 3,500 photos takes 0.74 GB."""
RULES = (
    f"{zlib.crc32(b''.join(Path(__file__).with_name(name).read_bytes() for name in ('proposal_targets.py', 'proposal_augmentation.py'))):08x}"
)
"""What lessons are made by: others must not be taken for these."""


@dataclass(frozen=True, slots=True)
class Lessons:
    """All rounds' lessons; `identity`: of which photos, and by which rules."""

    rounds: Sequence[Lesson]
    identity: str

    def __len__(self) -> int:
        return sum(len(one.tiles) for one in self.rounds)

    def rows(self, chosen: NDArray[np.intp]) -> Lesson:
        """Those tiles of all, in another order."""
        starts = np.cumsum([0, *(len(one.tiles) for one in self.rounds)])
        within = [np.sort(chosen[(chosen >= low) & (chosen < high)]) - low for low, high in pairwise(starts)]
        return _joined([_rows(one, rows) for one, rows in zip(self.rounds, within, strict=True)])


def read_lessons(folder: Path, cache: Path, rounds: int = ROUNDS) -> Lessons:
    """Ask MTCNN about the folder's photos, or read what it said, from the `cache`. Raises FileNotFoundError when there are no photos."""
    portraits = [portrait for portrait in list_unrated(folder) if teaches_detection(portrait.file)]
    if not portraits:
        raise FileNotFoundError(f"there are no photos, in folders by people's names, in {folder}")
    identity = f"{digest_of_photos(folder, portraits)}_{RULES}"
    mtcnn = all_of_mtcnn(cache)
    progress = Progress("what MTCNN says", rounds * len(portraits))
    made = []
    for number in range(rounds):
        files = {part: cache / f"lessons_{identity}_{number}_{part}.npy" for part in PARTS}
        if not all(file.exists() for file in files.values()):
            _write(_joined(list(_round(folder, portraits, number, mtcnn, progress))), files)
        else:
            progress.advance(steps=len(portraits))
        made.append(Lesson(*(np.load(files[part], mmap_mode="r") for part in PARTS)))
    return Lessons(made, f"{identity} {rounds}")


def _round(
    folder: Path, portraits: Sequence[Portrait], number: int, mtcnn: DetectorNetworks, progress: Progress
) -> Iterator[Lesson]:
    for place, portrait in enumerate(portraits):
        chance = np.random.default_rng((number, place))
        found = lesson(view(read_photo(folder / portrait.file).image, chance), mtcnn)
        if found is not None:
            yield found
        progress.advance()


def _write(one: Lesson, files: dict[str, Path]) -> None:
    """An interruption leaves no file that is not whole."""
    for part, file in files.items():
        new = file.with_suffix(".new.npy")
        np.save(new, getattr(one, part))
        new.replace(file)


def _rows(one: Lesson, rows: NDArray[np.intp]) -> Lesson:
    return Lesson(*(getattr(one, part)[rows] for part in PARTS))


def _joined(many: Sequence[Lesson]) -> Lesson:
    return Lesson(*(np.concatenate([getattr(one, part) for one in many]) for part in PARTS))
