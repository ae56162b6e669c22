"""Networks in int8 against the same in float32, on the faces of the sample photo."""

from pathlib import Path

import numpy as np
import openvino
import pytest
from attrai_estimator.networks import load_networks
from attrai_estimator.networks.int8 import accepts_raw_pixels, to_int8
from attrai_estimator.networks.manifest import NetworkRecord, WrongNetworkFile, read_manifest, verified_file
from attrai_estimator.networks.openvino_runtime import OpenVinoNetwork
from attrai_estimator.networks.processor import multiplies_int8
from attrai_estimator.settings import WORKSPACE_MODELS
from attrai_estimator.steps.align import align
from attrai_estimator.steps.decode import decode
from attrai_estimator.steps.detect import detect
from attrai_estimator.steps.embed import embed
from attrai_estimator.steps.score import score
from attrai_estimator.values import Pixels
from openvino import opset13

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
    model = openvino.Core().read_model(verified_file(WORKSPACE_MODELS, record("embedder")))
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
    """What pads normalized pixels is their mean; it would be black if pixels came as they are."""
    padded, not_padded = (openvino.Core().read_model(WORKSPACE_MODELS / record(name).file) for name in NAMES)
    assert not accepts_raw_pixels(padded)
    assert accepts_raw_pixels(not_padded)
    with pytest.raises(ValueError, match="first convolution is padded"):
        to_int8(padded, record("scorer_resnet34").normalization, {})
    exact, native = (load_networks(WORKSPACE_MODELS, scorer=NAMES[0], precision=p).scorer for p in ("f32", "native"))
    crops = faces(NAMES[0])
    assert np.abs(score(crops, exact) - score(crops, native)).max() <= 0.05


def test_weights_of_another_network_are_refused() -> None:
    model = openvino.Core().read_model(WORKSPACE_MODELS / record("scorer").file)
    with pytest.raises(ValueError, match=r"no convolution with weights named blocks\.0\.first\.weight"):
        to_int8(model, record("scorer").normalization, record("embedder").highest)


def test_what_lies_before_the_first_convolution_is_not_dropped() -> None:
    pixels = opset13.parameter([1, 3, 8, 8], np.float32)
    weights = opset13.constant(np.ones((2, 3, 3, 3), np.float32))

    def network(taken: openvino.Node) -> openvino.Model:
        convolution = opset13.convolution(taken, weights, [1, 1], [0, 0], [0, 0], [1, 1])
        return openvino.Model([convolution], [pixels], "network")

    assert accepts_raw_pixels(network(pixels))
    assert not accepts_raw_pixels(network(opset13.multiply(pixels, opset13.constant(np.float32(2)))))
    assert not accepts_raw_pixels(openvino.Model([opset13.relu(pixels)], [pixels], "none"))


def test_a_file_that_changes_after_it_was_loaded_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "network.onnx"
    file.write_bytes(verified_file(WORKSPACE_MODELS, record("mtcnn_output")).read_bytes())
    network = OpenVinoNetwork(file, record("mtcnn_output").normalization)
    network(np.zeros((1, 48, 48, 3), np.uint8))
    file.write_bytes(file.read_bytes() + b"\0")
    with pytest.raises(WrongNetworkFile, match="has changed since it was loaded"):
        network(np.zeros((4, 48, 48, 3), np.uint8))


@vnni
def test_ranges_of_another_network_are_a_wrong_file() -> None:
    file = verified_file(WORKSPACE_MODELS, record("scorer"))
    network = OpenVinoNetwork(file, record("scorer").normalization, "native", record("embedder").highest)
    with pytest.raises(WrongNetworkFile, match="is not what its record says"):
        network(np.zeros((1, 150, 150, 3), np.uint8))


@vnni
def test_what_is_asked_for_in_bfloat16_has_no_int8_in_it() -> None:
    file, crops = verified_file(WORKSPACE_MODELS, record("embedder")), faces("embedder")[:1]
    with_ranges, without = (
        OpenVinoNetwork(file, record("embedder").normalization, "bf16", highest)
        for highest in (record("embedder").highest, None)
    )
    assert np.array_equal(with_ranges(crops)[0], without(crops)[0])


NAMES = ("scorer_resnet34", "scorer")


def record(name: str) -> NetworkRecord:
    return read_manifest(WORKSPACE_MODELS).record(name)
