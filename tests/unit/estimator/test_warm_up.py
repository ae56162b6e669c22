from pathlib import Path

import numpy as np
import openvino
import pytest
from attrai_estimator.networks import Networks, load_networks
from attrai_estimator.networks.load import REFINEMENT, SCORER
from attrai_estimator.networks.manifest import read_manifest, verified_file
from attrai_estimator.networks.network import DetectorNetworks, Floats, Network
from attrai_estimator.networks.openvino_runtime import OpenVinoNetwork
from attrai_estimator.pipeline import estimate
from attrai_estimator.settings import WORKSPACE_MODELS
from attrai_estimator.values import Pixels
from attrai_estimator.warm_up import warm_up

SAMPLE = Path(__file__).parents[3] / "playground/attrai_playground/sample/astronauts.jpg"


class Asked:
    """A network that notes the shapes it is given."""

    def __init__(self, network: Network) -> None:
        self.shapes: set[tuple[int, ...]] = set()
        self._network = network

    def __call__(self, pixels: Pixels, /) -> tuple[Floats, ...]:
        self.shapes.add(pixels.shape)
        return self._network(pixels)


def test_no_photo_has_a_shape_that_the_warm_up_has_not() -> None:
    """A network is compiled for a shape at its first call."""
    loaded = load_networks(WORKSPACE_MODELS, embed=True)
    assert loaded.embedder is not None
    asked = [
        Asked(network)
        for network in (
            loaded.detector.proposal,
            loaded.detector.refinement,
            loaded.detector.output,
            loaded.detector.second_proposal,
            loaded.scorer.network,
            loaded.embedder.network,
        )
    ]
    scorer = type(loaded.scorer)(asked[4], loaded.scorer.template)
    embedder = type(loaded.embedder)(asked[5], loaded.embedder.template)
    networks = Networks(DetectorNetworks(*asked[:4]), scorer, embedder)
    warm_up(networks)
    warmed = [one.shapes.copy() for one in asked]
    estimate(SAMPLE.read_bytes(), networks)
    assert [one.shapes for one in asked] == warmed


@pytest.mark.parametrize(("name", "times"), [(SCORER, 1), (REFINEMENT, 2)])
def test_a_large_network_in_float32_is_compiled_once_for_all_numbers_of_crops(
    name: str, times: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its weights would be in memory once for each."""
    compiled, compile_model = [], openvino.Core.compile_model

    def noted(core: openvino.Core, model: openvino.Model, *arguments: object) -> openvino.CompiledModel:
        compiled.append(model)
        return compile_model(core, model, *arguments)

    monkeypatch.setattr(openvino.Core, "compile_model", noted)
    record = read_manifest(WORKSPACE_MODELS).record(name)
    side = 24 if record.template is None else record.template.size
    crops = np.random.default_rng(1).integers(0, 256, (4, side, side, 3), dtype=np.uint8)
    network = OpenVinoNetwork(verified_file(WORKSPACE_MODELS, record), record.normalization, "f32")
    together = network(crops)[0]
    alone = np.concatenate([network(crops[number : number + 1])[0] for number in range(4)])
    assert np.allclose(together, alone, atol=1e-4)
    assert len(compiled) == times


def test_a_network_says_the_same_whatever_shapes_it_was_given_before() -> None:
    record = read_manifest(WORKSPACE_MODELS).record(REFINEMENT)
    file = verified_file(WORKSPACE_MODELS, record)
    used = OpenVinoNetwork(file, record.normalization)
    crops = np.random.default_rng(1).integers(0, 256, (16, 24, 24, 3), dtype=np.uint8)
    for count in (4, 16, 4):
        fresh = OpenVinoNetwork(file, record.normalization)
        for one, other in zip(used(crops[:count]), fresh(crops[:count]), strict=True):
            assert np.allclose(one, other, atol=1e-5)
