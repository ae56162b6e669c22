"""The dataset of the proposal network: MTCNN's targets for random views of a folder's photos, made once and kept."""

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

FILE_PARTS = {"tiles": "tiles", "face_probability": "likely", "offsets": "offsets"}
"""The name of each array in a cached file's name."""
VIEWS_PER_PHOTO = 3
"""A view of each of 3,500 photos takes 0.74 GB."""
SOURCES = ("proposal_targets.py", "proposal_augmentation.py")
SOURCE_CHECKSUM = f"{zlib.crc32(b''.join(Path(__file__).with_name(name).read_bytes() for name in SOURCES)):08x}"
"""Of the code that makes targets: files that other code made must not be used."""


@dataclass(frozen=True, slots=True)
class ProposalDataset:
    """The targets of each round of views; `identity` names the photos and the code that made the targets."""

    rounds: Sequence[ProposalTargets]
    identity: str

    def __len__(self) -> int:
        return sum(len(one.tiles) for one in self.rounds)

    def rows(self, chosen: NDArray[np.intp]) -> ProposalTargets:
        """The chosen tiles, sorted within each round."""
        starts = np.cumsum([0, *(len(one.tiles) for one in self.rounds)])
        within = [np.sort(chosen[(chosen >= low) & (chosen < high)]) - low for low, high in pairwise(starts)]
        return _concatenated([_rows(one, rows) for one, rows in zip(self.rounds, within, strict=True)])


def read_proposal_dataset(folder: Path, cache: Path, rounds: int = VIEWS_PER_PHOTO) -> ProposalDataset:
    """Make MTCNN's targets for the photos, or read them from `cache`. Raises FileNotFoundError without photos."""
    portraits = [portrait for portrait in list_unrated(folder) if trains_proposal(portrait.file)]
    if not portraits:
        raise FileNotFoundError(f"there are no photos, in folders by people's names, in {folder}")
    identity = f"{photos_digest(folder, portraits)}_{SOURCE_CHECKSUM}"
    mtcnn = load_mtcnn(cache)
    progress = Progress("what MTCNN says", rounds * len(portraits))
    made = []
    for number in range(rounds):
        files = {name: cache / f"lessons_{identity}_{number}_{part}.npy" for name, part in FILE_PARTS.items()}
        if not all(file.exists() for file in files.values()):
            _write(_concatenated(list(_round(folder, portraits, number, mtcnn, progress))), files)
        else:
            progress.advance(steps=len(portraits))
        made.append(ProposalTargets(**{name: np.load(file, mmap_mode="r") for name, file in files.items()}))
    return ProposalDataset(made, f"{identity} {rounds}")


def _round(
    folder: Path, portraits: Sequence[Portrait], number: int, mtcnn: DetectorNetworks, progress: Progress
) -> Iterator[ProposalTargets]:
    for place, portrait in enumerate(portraits):
        random = np.random.default_rng((number, place))
        targets = proposal_targets(random_view(read_photo(folder / portrait.file).image, random), mtcnn)
        if targets is not None:
            yield targets
        progress.advance()


def _write(targets: ProposalTargets, files: dict[str, Path]) -> None:
    """An interruption leaves no incomplete file."""
    for name, file in files.items():
        new = file.with_suffix(".new.npy")
        np.save(new, getattr(targets, name))
        new.replace(file)


def _rows(targets: ProposalTargets, rows: NDArray[np.intp]) -> ProposalTargets:
    return ProposalTargets(*(getattr(targets, name)[rows] for name in FILE_PARTS))


def _concatenated(parts: Sequence[ProposalTargets]) -> ProposalTargets:
    return ProposalTargets(*(np.concatenate([getattr(part, name) for part in parts]) for name in FILE_PARTS))
