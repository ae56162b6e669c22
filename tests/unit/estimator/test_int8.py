"""Networks in int8 against the same in float32, on the faces of the sample photo."""

from pathlib import Path

import numpy as np
import openvino
import pytest
from attrai_estimator.networks import load_networks
from attrai_estimator.networks.int8 import folded, in_int8, takes_whole_pixels
from attrai_estimator.networks.manifest import NetworkRecord, read_manifest, verified_file
from attrai_estimator.networks.openvino_runtime import OpenVinoNetwork
from attrai_estimator.networks.processor import multiplies_int8
from attrai_estimator.settings import WORKSPACE_MODELS
from attrai_estimator.steps.align import align
from attrai_estimator.steps.decode import decode
from attrai_estimator.steps.detect import detect
from attrai_estimator.steps.embed import embed
from attrai_estimator.steps.score import score
from attrai_estimator.values import Pixels

SAMPLE = Path(__file__).parents[3] / "playground/attrai_playground/sample/astronauts.jpg"
EXACT = load_networks(WORKSPACE_MODELS, embed=True, precision="f32")
NATIVE = load_networks(WORKSPACE_MODELS, embed=True)
vnni = pytest.mark.skipif(not multiplies_int8(), reason="this processor has no VNNI: the estimator uses no int8 on it")


def faces(side_of: str) -> Pixels:
    """The sample's six faces, cut out for a network."""
    template = read_manifest(WORKSPACE_MODELS).record(side_of).template
    assert template is not None
    photo = decode(SAMPLE.read_bytes())
    return align(photo, detect(photo, EXACT.detector), template)


@vnni
def test_vectors_in_int8_point_where_those_in_float32_do() -> None:
    crops = faces("embedder")
    assert EXACT.embedder is not None
    assert NATIVE.embedder is not None
    exact, native = embed(crops, EXACT.embedder), embed(crops, NATIVE.embedder)
    cosines = (exact * native).sum(axis=1) / np.linalg.norm(exact, axis=1) / np.linalg.norm(native, axis=1)
    assert cosines.min() >= 0.999
    assert not np.array_equal(exact, native), "int8 was not used"


@vnni
def test_scores_move_by_less_than_is_promised() -> None:
    crops = faces("scorer")
    exact, native = score(crops, EXACT.scorer), score(crops, NATIVE.scorer)
    assert np.abs(exact - native).max() <= 0.05


@vnni
@pytest.mark.parametrize("value", [127, 128])
def test_the_mean_is_taken_off_as_exactly_as_in_float32(value: int) -> None:
    """However the weights of the first convolution are rounded, a pixel of the mean's brightness, 127.5, adds nothing."""
    pixels = np.full((1, 24, 24, 3), value, np.uint8)
    exact, native = (networks.detector.refinement(pixels) for networks in (EXACT, NATIVE))
    assert native[0] == pytest.approx(exact[0], abs=2e-3)


def test_float32_stays_float32() -> None:
    """What all others are measured by has no int8 in it, whatever the processor."""
    model = folded(openvino.Core().read_model(verified_file(WORKSPACE_MODELS, record("embedder"))))
    by_openvino = openvino.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    crops = faces("embedder")[:1]
    network = OpenVinoNetwork(
        verified_file(WORKSPACE_MODELS, record("embedder")),
        record("embedder").normalization,
        "f32",
        record("embedder").highest,
    )
    expected = by_openvino(record("embedder").normalization(crops))[0]
    assert network(crops)[0] == pytest.approx(np.asarray(expected), abs=1e-5)


def test_a_network_whose_border_is_padded_takes_normalized_pixels() -> None:
    """Padding is black before normalization, and not the mean."""
    padded, not_padded = (openvino.Core().read_model(WORKSPACE_MODELS / record(name).file) for name in NAMES)
    assert not takes_whole_pixels(padded)
    assert takes_whole_pixels(not_padded)
    with pytest.raises(ValueError, match="first convolution is padded"):
        in_int8(folded(padded), record("scorer_resnet34").normalization, {})
    exact, native = (load_networks(WORKSPACE_MODELS, scorer=NAMES[0], precision=p).scorer for p in ("f32", "native"))
    crops = faces(NAMES[0])
    assert np.abs(score(crops, exact) - score(crops, native)).max() <= 0.05


def test_weights_of_another_network_are_refused() -> None:
    model = folded(openvino.Core().read_model(WORKSPACE_MODELS / record("scorer").file))
    with pytest.raises(ValueError, match=r"no convolution with weights named blocks\.0\.first\.weight"):
        in_int8(model, record("scorer").normalization, record("embedder").highest)


NAMES = ("scorer_resnet34", "scorer")


def record(name: str) -> NetworkRecord:
    return read_manifest(WORKSPACE_MODELS).record(name)
