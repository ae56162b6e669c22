"""What our proposal network costs and loses beside MTCNN's own, on people whom it has not been taught on."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from attrai_estimator.networks.load import load_detector
from attrai_estimator.networks.network import DetectorNetworks, Floats, Network
from attrai_estimator.steps.detect import detect
from attrai_estimator.values import Detection, Pixels

from attrai_models.crops import read_photo
from attrai_models.finding import overlap
from attrai_models.mtcnn import all_of_mtcnn
from attrai_models.progress import Progress
from attrai_models.ratings import list_unrated, teaches_detection

EACH = 4
"""Every fourth photo is looked at."""
SAME = 0.7
"""The part of their union that two boxes of one face share, at least."""


@dataclass
class _Counted:
    """A network, and how many crops it was given."""

    network: Network
    crops: int = 0

    def __call__(self, pixels: Pixels, /) -> tuple[Floats, ...]:
        self.crops += len(pixels)
        return self.network(pixels)


def beside_mtcnn(folder: Path, models: Path) -> Iterator[str]:
    """Markdown: of MTCNN's three networks on the estimator's course and of the shipped ones, who finds what, and at what cost."""
    files = [folder / one.file for one in list_unrated(folder) if not teaches_detection(one.file)][::EACH]
    with TemporaryDirectory() as written:
        own, own_crops = _counting(all_of_mtcnn(Path(written)))
        shipped, shipped_crops = _counting(load_detector(models, precision="f32"))
        progress, found = Progress("beside MTCNN", len(files)), []
        for file in files:
            photo = read_photo(file)
            found.append((detect(photo, own), detect(photo, shipped)))
            progress.advance()
    yield "| by | photos | with a face | faces | crops to refine, a photo |\n|---|---|---|---|---|"
    for name, counted, faces in (
        ("MTCNN's own three", own_crops, [theirs for theirs, _ in found]),
        ("ours and MTCNN's other two", shipped_crops, [ours for _, ours in found]),
    ):
        crops = counted.crops / len(files)
        yield f"| {name} | {len(files)} | {sum(map(bool, faces))} | {sum(map(len, faces))} | {crops:.1f} |"
    yield "\n| of the faces by MTCNN's own | in the same place by ours |\n|---|---|"
    surest = [_has(max(theirs, key=lambda face: face.probability), ours) for theirs, ours in found if theirs]
    every = [_has(face, ours) for theirs, ours in found for face in theirs]
    for name, same in (("the surest of each photo", surest), ("all", every)):
        yield f"| {name} | {sum(same)} of {len(same)}, {np.mean(same):.2%} |"


def _counting(networks: DetectorNetworks) -> tuple[DetectorNetworks, _Counted]:
    counted = _Counted(networks.refinement)
    return replace(networks, refinement=counted), counted


def _has(face: Detection, others: tuple[Detection, ...]) -> bool:
    return any(overlap(face.box, other.box) >= SAME for other in others)
