"""What our proposal network finds and costs beside MTCNN's own, on photos that it was not taught on."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from attrai_estimator.networks.load import load_detector
from attrai_estimator.networks.network import DetectorNetworks, Floats, Network
from attrai_estimator.steps.detect import PROPOSED_SECOND, detect
from attrai_estimator.values import Detection, Pixels

from attrai_models.data.crops import read_photo
from attrai_models.data.ratings import list_unrated, trains_proposal
from attrai_models.evaluation.detection import intersection_over_union
from attrai_models.export.mtcnn import load_mtcnn
from attrai_models.progress import Progress

SAMPLE_INTERVAL = 2
"""Every second photo is looked at."""
SAME_FACE_IOU = 0.7
"""The part of their union that two boxes of one face share, at least."""

Found = tuple[Detection, ...]


@dataclass
class _Counted:
    """A network, and how many crops it was given."""

    network: Network
    crops: int = 0

    def __call__(self, pixels: Pixels, /) -> tuple[Floats, ...]:
        self.crops += len(pixels)
        return self.network(pixels)


class _Detector:
    """Three networks on the estimator's course, and how many crops the second was given."""

    def __init__(self, networks: DetectorNetworks) -> None:
        self.refinement = _Counted(networks.refinement)
        self._networks = replace(networks, refinement=self.refinement)

    def faces(self, files: Sequence[Path], progress: Progress) -> tuple[list[Found], float]:
        """The faces of each photo, and the crops a photo."""
        self.refinement.crops = 0
        found = []
        for file in files:
            found.append(detect(read_photo(file), self._networks))
            progress.advance()
        return found, self.refinement.crops / max(len(files), 1)


def unseen_photos(folder: Path) -> list[Path]:
    """Photos of people whom the proposal network was not taught on."""
    return [folder / one.file for one in list_unrated(folder) if not trains_proposal(one.file)][::SAMPLE_INTERVAL]


def comparison_table(groups: Mapping[str, Sequence[Path]], models: Path) -> Iterator[str]:
    """A markdown table, a row for each group of photos: MTCNN's three networks on the estimator's course, and the shipped ones."""
    progress = Progress("beside MTCNN", 2 * sum(map(len, groups.values())))
    yield "| photos of | photos | faces by MTCNN's three | by ours | its in the same place | its surest | crops to refine, its | ours |"
    yield "|---|---|---|---|---|---|---|---|"
    with TemporaryDirectory() as written:
        mtcnn = load_mtcnn(Path(written))
        own = _Detector(replace(mtcnn, proposal=partial(_at_its_own_limit, mtcnn.proposal)))
        ours = _Detector(load_detector(models, precision="f32"))
        for name, files in groups.items():
            (its, its_crops), (found, crops) = own.faces(files, progress), ours.faces(files, progress)
            surest = [_has(max(a, key=lambda face: face.probability), b) for a, b in zip(its, found, strict=True) if a]
            same = sum(_has(face, b) for a, b in zip(its, found, strict=True) for face in a)
            counts = f"{len(files)} | {sum(map(len, its))} | {sum(map(len, found))} | {same}"
            yield f"| {name} | {counts} | {sum(surest)} of {len(surest)} | {its_crops:.1f} | {crops:.1f} |"


def _at_its_own_limit(proposal: Network, pixels: Pixels, /) -> tuple[Floats, ...]:
    """MTCNN's proposals, those under its own limit taken for none; the estimator's is that of our network."""
    offsets, probabilities = proposal(pixels)
    return offsets, np.where(probabilities >= PROPOSED_SECOND, probabilities, 0)


def _has(face: Detection, others: Found) -> bool:
    return any(intersection_over_union(face.box, other.box) >= SAME_FACE_IOU for other in others)
