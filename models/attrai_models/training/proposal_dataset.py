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
from attrai_models.data.ratings import Portrait, list_unrated, photos_digest, trains_proposal
from attrai_models.export.mtcnn import load_mtcnn
from attrai_models.progress import Progress
from attrai_models.training.proposal_augmentation import random_view
from attrai_models.training.proposal_targets import ProposalTargets, proposal_targets

ARRAY_NAMES = ("tiles", "face_probability", "offsets")
FILE_PARTS = {"tiles": "tiles", "face_probability": "likely", "offsets": "offsets"}
"""How each array is called in the names of the cached files."""
VIEWS_PER_PHOTO = 3
"""Views of each photo. A round of 3,500 photos takes 0.74 GB."""
RULE_FILES = ("proposal_targets.py", "proposal_augmentation.py")
SOURCE_CHECKSUM = f"{zlib.crc32(b''.join(Path(__file__).with_name(name).read_bytes() for name in RULE_FILES)):08x}"
"""What lessons are made by: others must not be taken for these."""


@dataclass(frozen=True, slots=True)
class ProposalDataset:
    """All rounds' lessons; `identity`: of which photos, and by which rules."""

    rounds: Sequence[ProposalTargets]
    identity: str

    def __len__(self) -> int:
        return sum(len(one.tiles) for one in self.rounds)

    def rows(self, chosen: NDArray[np.intp]) -> ProposalTargets:
        """Those tiles of all, in another order."""
        starts = np.cumsum([0, *(len(one.tiles) for one in self.rounds)])
        within = [np.sort(chosen[(chosen >= low) & (chosen < high)]) - low for low, high in pairwise(starts)]
        return _joined([_rows(one, rows) for one, rows in zip(self.rounds, within, strict=True)])


def read_proposal_dataset(folder: Path, cache: Path, rounds: int = VIEWS_PER_PHOTO) -> ProposalDataset:
    """Ask MTCNN about the folder's photos, or read what it said, from the `cache`. Raises FileNotFoundError when there are no photos."""
    portraits = [portrait for portrait in list_unrated(folder) if trains_proposal(portrait.file)]
    if not portraits:
        raise FileNotFoundError(f"there are no photos, in folders by people's names, in {folder}")
    identity = f"{photos_digest(folder, portraits)}_{SOURCE_CHECKSUM}"
    mtcnn = load_mtcnn(cache)
    progress = Progress("what MTCNN says", rounds * len(portraits))
    made = []
    for number in range(rounds):
        files = {part: cache / f"lessons_{identity}_{number}_{FILE_PARTS[part]}.npy" for part in ARRAY_NAMES}
        if not all(file.exists() for file in files.values()):
            _write(_joined(list(_round(folder, portraits, number, mtcnn, progress))), files)
        else:
            progress.advance(steps=len(portraits))
        made.append(ProposalTargets(*(np.load(files[part], mmap_mode="r") for part in ARRAY_NAMES)))
    return ProposalDataset(made, f"{identity} {rounds}")


def _round(
    folder: Path, portraits: Sequence[Portrait], number: int, mtcnn: DetectorNetworks, progress: Progress
) -> Iterator[ProposalTargets]:
    for place, portrait in enumerate(portraits):
        chance = np.random.default_rng((number, place))
        found = proposal_targets(random_view(read_photo(folder / portrait.file).image, chance), mtcnn)
        if found is not None:
            yield found
        progress.advance()


def _write(one: ProposalTargets, files: dict[str, Path]) -> None:
    """An interruption leaves no file that is not whole."""
    for part, file in files.items():
        new = file.with_suffix(".new.npy")
        np.save(new, getattr(one, part))
        new.replace(file)


def _rows(one: ProposalTargets, rows: NDArray[np.intp]) -> ProposalTargets:
    return ProposalTargets(*(getattr(one, part)[rows] for part in ARRAY_NAMES))


def _joined(many: Sequence[ProposalTargets]) -> ProposalTargets:
    return ProposalTargets(*(np.concatenate([getattr(one, part) for one in many]) for part in ARRAY_NAMES))
