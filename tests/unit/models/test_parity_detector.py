"""The exported MTCNN, on OpenVINO and in the estimator's steps, against facenet-pytorch's own."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from attrai_estimator.networks import DetectorNetworks, Network
from attrai_estimator.networks.load import load_detector
from attrai_estimator.settings import WORKSPACE_MODELS
from attrai_estimator.steps.detect import SMALLEST_FACE, detect
from attrai_models.export.mtcnn import MTCNN_NORMALIZATION, load_mtcnn
from facenet_pytorch import MTCNN
from PIL import Image
from torch import nn

from tests.unit.models.faces import photo_of, portrait

pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("ignore::DeprecationWarning")]  # the exporter's own

MAX_OUTPUT_DIFFERENCE = 1e-4
"""Of a network's output: probabilities and shares of a box's side."""
MAX_LANDMARK_DIFFERENCE = 0.04
"""Of a landmark, in widths of the face: our proposal network and our pyramid lead to the face by other candidates."""
MAX_BOX_DIFFERENCE = 0.08
"""Of a box's edge, in widths of the face."""
MAX_PROBABILITY_DIFFERENCE = 0.02


@pytest.fixture(scope="module")
def ours() -> DetectorNetworks:
    return load_detector(WORKSPACE_MODELS, precision="f32")


@pytest.fixture(scope="module")
def mtcnn(ours: DetectorNetworks, tmp_path_factory: pytest.TempPathFactory) -> DetectorNetworks:
    """MTCNN's own proposal network with the shipped refinement and output networks."""
    return replace(ours, proposal=load_mtcnn(tmp_path_factory.mktemp("mtcnn")).proposal)


@pytest.fixture(scope="module")
def stock() -> MTCNN:
    return MTCNN(keep_all=True, min_face_size=20, device="cpu")


@pytest.mark.parametrize(
    ("part", "stock_part", "side"),
    [
        (lambda networks: networks.proposal, lambda mtcnn: mtcnn.pnet, 12),
        (lambda networks: networks.proposal, lambda mtcnn: mtcnn.pnet, 97),
        (lambda networks: networks.refinement, lambda mtcnn: mtcnn.rnet, 24),
        (lambda networks: networks.output, lambda mtcnn: mtcnn.onet, 48),
    ],
    ids=["proposal-cell", "proposal-map", "refinement", "output"],
)
def test_each_network_equals_its_torch_original(
    part: Callable[[DetectorNetworks], Network],
    stock_part: Callable[[MTCNN], nn.Module],
    side: int,
    mtcnn: DetectorNetworks,
    stock: MTCNN,
) -> None:
    face = portrait().crop((150, 40, 300, 230))
    pixels = np.stack([np.asarray(face.rotate(turn).resize((side, side))) for turn in (0, 20, 180)])
    with torch.inference_mode():
        expected = stock_part(stock)(torch.from_numpy(MTCNN_NORMALIZATION(pixels)))
    for found, wanted in zip(part(mtcnn)(pixels), expected, strict=True):
        cells = wanted.numpy()[:, :, ::2, ::2] if wanted.dim() == pixels.ndim else wanted.numpy()
        assert np.abs(found - cells).max() < MAX_OUTPUT_DIFFERENCE


@pytest.mark.parametrize("size", [(512, 512), (300, 300), (1024, 768)])
def test_the_steps_find_the_face_where_facenet_pytorch_finds_it(
    size: tuple[int, int], ours: DetectorNetworks, stock: MTCNN
) -> None:
    image = portrait().resize(size)
    boxes, probabilities, landmarks = stock.detect(image, landmarks=True)
    best = int(np.argmax(probabilities))
    found = max(detect(photo_of(image), ours), key=lambda face: face.probability)
    box = [found.box.x0, found.box.y0, found.box.x1, found.box.y1]
    assert np.abs(np.array(box) - boxes[best]).max() < MAX_BOX_DIFFERENCE * found.box.width
    assert np.abs(found.landmarks - landmarks[best]).max() < MAX_LANDMARK_DIFFERENCE * found.box.width
    assert found.probability == pytest.approx(probabilities[best], abs=MAX_PROBABILITY_DIFFERENCE)


def test_as_many_faces_are_found_as_by_facenet_pytorch(ours: DetectorNetworks, stock: MTCNN) -> None:
    group = Image.new("RGB", (1200, 500), "grey")
    for place, side in enumerate((380, 240, 150, 90)):
        group.paste(portrait().resize((side, side)), (20 + place * 300, 50))
    boxes, _ = stock.detect(group)
    sought = [box for box in boxes if min(box[2] - box[0], box[3] - box[1]) >= SMALLEST_FACE]
    assert len(detect(photo_of(group), ours)) == len(sought) == 3
