import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from attrai_estimator.networks import Template
from attrai_estimator.networks.load import load_detector, load_networks
from attrai_estimator.networks.manifest import MANIFEST, WrongNetworkFile, read_manifest, verified_file
from attrai_estimator.settings import WORKSPACE_MODELS

PROPOSAL = "mtcnn_proposal"


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """A folder with the manifest and detection's three files."""
    (tmp_path / "weights").mkdir()
    shutil.copy(WORKSPACE_MODELS / MANIFEST, tmp_path)
    for file in (WORKSPACE_MODELS / "weights").glob("mtcnn_*.onnx"):
        shutil.copy(file, tmp_path / "weights")
    return tmp_path


def test_every_file_of_the_manifest_is_the_one_that_was_measured() -> None:
    for record in read_manifest(WORKSPACE_MODELS).networks.values():
        assert verified_file(WORKSPACE_MODELS, record).is_file()


def test_the_manifest_says_whose_each_network_is() -> None:
    for record in read_manifest(WORKSPACE_MODELS).networks.values():
        assert record.licence
        assert record.source


def test_a_changed_file_stops_the_start_and_is_named(models: Path) -> None:
    file = models / "weights" / f"{PROPOSAL}.onnx"
    file.write_bytes(file.read_bytes()[:-1] + b"\0")
    with pytest.raises(WrongNetworkFile, match=rf"{PROPOSAL}\.onnx has SHA-256 \w+, the manifest says \w+"):
        load_detector(models)


def test_a_missing_file_stops_the_start_and_is_named(models: Path) -> None:
    (models / "weights" / f"{PROPOSAL}.onnx").unlink()
    with pytest.raises(WrongNetworkFile, match=rf"cannot read .*{PROPOSAL}\.onnx: No such file"):
        load_detector(models)


def test_a_folder_without_manifest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WrongNetworkFile, match=r"cannot read .*manifest\.json"):
        load_networks(tmp_path)


def test_a_manifest_that_is_no_manifest_is_refused(tmp_path: Path) -> None:
    (tmp_path / MANIFEST).write_text('{"networks": {"scorer": {}}}')
    with pytest.raises(WrongNetworkFile, match="malformed"):
        load_networks(tmp_path)


@pytest.mark.parametrize("absent", [PROPOSAL, "scorer"])
def test_a_network_that_the_manifest_lacks_is_named(models: Path, absent: str) -> None:
    manifest = json.loads((models / MANIFEST).read_text())
    manifest["networks"].pop(absent, None)
    (models / MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(WrongNetworkFile, match=f"no network named {absent}"):
        load_networks(models)


def test_a_template_has_five_points() -> None:
    with pytest.raises(ValueError, match="has 4 points"):
        Template("broken", 112, ((0.3, 0.4),) * 4)


def test_a_network_gives_the_same_for_a_face_alone_and_in_a_batch() -> None:
    network = load_detector(WORKSPACE_MODELS).output
    batch = np.random.default_rng(1).integers(0, 256, (3, 48, 48, 3), dtype=np.uint8)
    together = network(batch)
    alone = [network(batch[i : i + 1]) for i in range(3)]
    for k, output in enumerate(together):
        assert output == pytest.approx(np.concatenate([outputs[k] for outputs in alone]), abs=1e-5)


def test_a_result_stays_the_same_while_the_network_runs_again() -> None:
    network = load_detector(WORKSPACE_MODELS).output
    first = network(np.zeros((1, 48, 48, 3), np.uint8))[0]
    kept = first.copy()
    network(np.full((1, 48, 48, 3), 255, np.uint8))
    assert np.array_equal(first, kept)
