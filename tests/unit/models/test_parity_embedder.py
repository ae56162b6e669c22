"""The exported embedder against dlib's own descriptor, on the same chips."""

from pathlib import Path

import dlib
import numpy as np
import pytest
from attrai_estimator.networks.load import load_embedder
from attrai_estimator.networks.manifest import read_manifest
from attrai_estimator.settings import WORKSPACE_MODELS
from attrai_models.export.embedder import export_embedder
from attrai_models.networks.dlib_file import (
    RECOGNITION_FILE,
    DlibLayer,
    DlibReader,
    MalformedDlibFile,
    packaged_file,
    read_layers,
)
from attrai_models.networks.embedder import (
    DLIB_NORMALIZATION,
    DLIB_TEMPLATE,
    DlibEmbedder,
    dlib_embedder,
    load_dlib_weights,
)
from torch import from_numpy, inference_mode

from tests.unit.models.faces import crops_of

pytestmark = pytest.mark.torch

MAX_DIFFERENCE = 2e-3
"""Of a number in a vector from dlib's: the shipped weights are rounded to half precision."""
MAX_UNROUNDED_DIFFERENCE = 1e-5
CHIPS = crops_of(DLIB_TEMPLATE)


@pytest.fixture(scope="module")
def descriptors() -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """dlib's own, shape (n, 128)."""
    network = dlib.face_recognition_model_v1(str(packaged_file(RECOGNITION_FILE)))
    return np.array(network.compute_face_descriptor(list(CHIPS)))


def test_the_rebuilt_network_equals_dlibs(descriptors: np.ndarray[tuple[int, int], np.dtype[np.float64]]) -> None:
    with inference_mode():
        vectors = dlib_embedder()(from_numpy(DLIB_NORMALIZATION(CHIPS))).numpy()
    assert np.abs(vectors - descriptors).max() < MAX_UNROUNDED_DIFFERENCE


def test_the_shipped_file_gives_dlibs_descriptors(
    descriptors: np.ndarray[tuple[int, int], np.dtype[np.float64]],
) -> None:
    (vectors,) = load_embedder(WORKSPACE_MODELS, precision="f32").network(CHIPS)
    assert np.abs(vectors - descriptors).max() < MAX_DIFFERENCE


def test_both_runtimes_agree() -> None:
    (by_torch,), (by_openvino,) = (
        load_embedder(WORKSPACE_MODELS, runtime, "f32").network(CHIPS) for runtime in ("torch", "openvino")
    )
    assert np.abs(by_torch - by_openvino).max() < 1e-4


def test_vectors_of_one_person_are_close(descriptors: np.ndarray[tuple[int, int], np.dtype[np.float64]]) -> None:
    assert np.linalg.norm(descriptors - descriptors[0], axis=1).max() < 0.6


@pytest.mark.filterwarnings("ignore")  # the exporter's own
def test_a_new_export_equals_the_shipped_file(tmp_path: Path) -> None:
    export_embedder(tmp_path)
    made, shipped = (read_manifest(folder).record("embedder") for folder in (tmp_path, WORKSPACE_MODELS))
    assert (made.template, made.highest) == (shipped.template, shipped.highest)
    (again,) = load_embedder(tmp_path).network(CHIPS)
    (vectors,) = load_embedder(WORKSPACE_MODELS).network(CHIPS)
    assert np.abs(again - vectors).max() < 1e-6


def test_a_file_that_ends_early_is_refused() -> None:
    data = packaged_file(RECOGNITION_FILE).read_bytes()[:100_000]
    with pytest.raises(MalformedDlibFile, match="ends within a tensor"):
        list(read_layers(data))


def test_layers_of_another_network_are_refused() -> None:
    wrong = iter([DlibLayer(b"fc_2", np.zeros(4, np.float32))])
    with pytest.raises(MalformedDlibFile, match="con_4 was expected"):
        load_dlib_weights(DlibEmbedder(), wrong)


@pytest.mark.parametrize(("data", "value"), [(b"\x01\x05", 5), (b"\x82\x01\x02", -513), (b"\x02\x00\x01", 256)])
def test_integers_are_read_as_dlib_writes_them(data: bytes, value: int) -> None:
    assert DlibReader(data).integer() == value


def test_a_byte_that_begins_no_integer_is_refused() -> None:
    with pytest.raises(MalformedDlibFile, match="begins no integer"):
        DlibReader(b"\x00\x01").integer()
