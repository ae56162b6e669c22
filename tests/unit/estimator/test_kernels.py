from pathlib import Path

import numpy as np
import openvino
import pytest
from attrai_estimator.networks.kernels import DIRECT_AVX2, first_convolution_by
from attrai_estimator.networks.load import load_detector
from attrai_estimator.networks.openvino_runtime import OpenVinoNetwork
from attrai_estimator.networks.processor import has_avx2_at_most, multiplies_int8
from attrai_estimator.settings import WORKSPACE_MODELS
from openvino import opset13

WISHED = has_avx2_at_most() and not multiplies_int8()
wished = pytest.mark.skipif(
    not WISHED, reason="this processor has no need of a wish: it has AVX-512 or multiplies bytes"
)
PIXELS = np.random.default_rng(0).integers(0, 256, (2, 136, 136, 3), dtype=np.uint8)


def convolutions() -> openvino.Model:
    """Two convolutions, one after the other."""
    random = np.random.default_rng(1)
    planes = opset13.parameter([2, 3, 40, 40], np.float32, "planes")
    first = opset13.constant(random.normal(size=(10, 3, 3, 3)).astype(np.float32))
    second = opset13.constant(random.normal(size=(16, 10, 3, 3)).astype(np.float32))
    found = opset13.convolution(planes, first, [1, 1], [0, 0], [0, 0], [1, 1], name="one")
    found = opset13.convolution(opset13.relu(found), second, [1, 1], [0, 0], [0, 0], [1, 1], name="two")
    return openvino.Model([found], [planes], "convolutions")


def kernels(compiled: openvino.CompiledModel) -> list[str]:
    """What computes each convolution, in their order."""
    infos = [node.get_rt_info() for node in compiled.get_runtime_model().get_ordered_ops()]
    return [str(info["primitiveType"].value) for info in infos if info["layerType"].value == "Convolution"]


@wished
@pytest.mark.parametrize("kernel", [DIRECT_AVX2, "cpu:jit_sse42"])
def test_the_first_convolution_is_computed_as_wished_and_to_the_same_end(kernel: str) -> None:
    core, settings = openvino.Core(), {"INFERENCE_PRECISION_HINT": "f32"}
    own = core.compile_model(convolutions(), "CPU", settings)
    wished = core.compile_model(first_convolution_by(kernel, convolutions(), core), "CPU", settings)
    assert f"{kernel}_f32".removeprefix("cpu:") == kernels(wished)[0] != kernels(own)[0]
    assert kernels(wished)[1:] == kernels(own)[1:]
    planes = np.random.default_rng(2).normal(size=(2, 3, 40, 40)).astype(np.float32)
    np.testing.assert_allclose(wished(planes)[0], own(planes)[0], rtol=0, atol=1e-4)


def test_a_model_without_convolutions_is_read_again_as_it_was() -> None:
    core, taken = openvino.Core(), opset13.parameter([1, 3], np.float32, "taken")
    again = first_convolution_by(DIRECT_AVX2, openvino.Model([opset13.relu(taken)], [taken], "none"), core)
    assert core.compile_model(again, "CPU")(np.array([[-1, 0, 2]], np.float32))[0].tolist() == [[0, 0, 2]]


def test_the_proposal_network_has_it_where_the_processor_has_avx2_and_no_more() -> None:
    assert (first_kernel_of_proposal() == "jit_avx2_f32") is WISHED


@wished
def test_where_no_file_can_be_written_the_choice_is_openvinos_and_a_warning_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "absent"))
    assert first_kernel_of_proposal() != "jit_avx2_f32"
    assert "kernel_not_chosen" in caplog.text


def first_kernel_of_proposal() -> str:
    proposal = load_detector(WORKSPACE_MODELS).proposal
    assert isinstance(proposal, OpenVinoNetwork)
    proposal(PIXELS)
    return kernels(proposal._for_shape(PIXELS.shape).get_compiled_model())[0]
