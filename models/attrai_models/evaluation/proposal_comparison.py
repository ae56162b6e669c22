"""Compares our proposal network with MTCNN's own: faces found and cost, on photos that ours was not trained on."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from attrai_estimator.networks.load import load_detector
from attrai_estimator.networks.network import DetectorNetworks, Floats, Network
from attrai_estimator.steps.detect import SECOND_PROPOSAL_THRESHOLD, detect
from attrai_estimator.values import Detection, Pixels

from attrai_models.data.crops import read_photo
from attrai_models.data.ratings import list_unrated, trains_proposal
from attrai_models.evaluation.detection import intersection_over_union
from attrai_models.export.mtcnn import load_mtcnn
from attrai_models.progress import Progress

PHOTO_STRIDE = 2
"""Every second photo is compared."""
SAME_FACE_IOU = 0.7
"""The smallest intersection over union of two boxes of one face."""

Detections = tuple[Detection, ...]


@dataclass
class CountingNetwork:
    """A network that counts the crops that it gets."""

    network: Network
    crops: int = 0

    def __call__(self, pixels: Pixels, /) -> tuple[Floats, ...]:
        self.crops += len(pixels)
        return self.network(pixels)


class CountingDetector:
    """The estimator's detection with these networks; counts the crops that the refinement network gets."""

    def __init__(self, networks: DetectorNetworks) -> None:
        self.refinement = CountingNetwork(networks.refinement)
        self._networks = replace(networks, refinement=self.refinement)

    def detect_all(self, files: Sequence[Path], progress: Progress) -> tuple[list[Detections], float]:
        """The faces of each photo, and the mean number of crops of a photo."""
        self.refinement.crops = 0
        found = []
        for file in files:
            found.append(detect(read_photo(file), self._networks))
            progress.advance()
        return found, self.refinement.crops / max(len(files), 1)


def unseen_photos(folder: Path) -> list[Path]:
    """Photos of people on whom the proposal network was not trained."""
    return [folder / one.file for one in list_unrated(folder) if not trains_proposal(one.file)][::PHOTO_STRIDE]


def comparison_table(groups: Mapping[str, Sequence[Path]], models: Path) -> Iterator[str]:
    """A markdown table with a row for each group of photos: MTCNN's three networks, and the shipped ones."""
    progress = Progress("compare with MTCNN", 2 * sum(map(len, groups.values())))
    yield (
        "| photos of | photos | faces by MTCNN | by ours | MTCNN's that ours finds | MTCNN's surest that ours finds "
        "| crops to refine, MTCNN | ours |"
    )
    yield "|---|---|---|---|---|---|---|---|"
    with TemporaryDirectory() as written:
        mtcnn = load_mtcnn(Path(written))
        stock = CountingDetector(replace(mtcnn, proposal=partial(_with_mtcnns_threshold, mtcnn.proposal)))
        ours = CountingDetector(load_detector(models, precision="f32"))
        for name, files in groups.items():
            (expected, stock_crops), (found, crops) = (
                stock.detect_all(files, progress),
                ours.detect_all(files, progress),
            )
            both = list(zip(expected, found, strict=True))
            surest = [_contains(b, max(a, key=lambda face: face.probability)) for a, b in both if a]
            same = sum(_contains(b, face) for a, b in both for face in a)
            counts = f"{len(files)} | {sum(map(len, expected))} | {sum(map(len, found))} | {same}"
            yield f"| {name} | {counts} | {sum(surest)} of {len(surest)} | {stock_crops:.1f} | {crops:.1f} |"


def _with_mtcnns_threshold(proposal: Network, pixels: Pixels, /) -> tuple[Floats, ...]:
    """MTCNN's proposals above its own threshold, which is higher than that of our network."""
    offsets, probabilities = proposal(pixels)
    return offsets, np.where(probabilities >= SECOND_PROPOSAL_THRESHOLD, probabilities, 0)


def _contains(faces: Detections, face: Detection) -> bool:
    return any(intersection_over_union(face.box, other.box) >= SAME_FACE_IOU for other in faces)
