"""From a trained scorer to the estimator: what is exported scores as the network did, and nothing else is loaded."""

from pathlib import Path

import numpy as np
import pytest
import torch
from attrai_estimator.networks.load import load_networks
from attrai_estimator.networks.manifest import WrongNetworkFile, read_manifest
from attrai_models.export.mtcnn import export_mtcnn
from attrai_models.export.proposal import export_proposal
from attrai_models.export.scorer import TrainedScorer, export_scorer, read_calibration, read_trained
from attrai_models.networks.calibration import Calibration
from attrai_models.networks.proposal import Proposal
from attrai_models.networks.scorer import new_scorer
from attrai_models.networks.target_scales import TargetScales
from attrai_models.networks.trunks import DLIB
from attrai_models.training.train_proposal import TRAINED_FILE

pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("ignore")]  # the exporter's own

HALF = 0.01
"""The most that rounding the weights to half precision may move a score, on the scale from 1 to 10."""
SCALES = TargetScales(torch.tensor([5.5, 3.0]), torch.tensor([1.5, 0.7]), torch.zeros(128), torch.tensor(1.0))
STRETCH = Calibration(middle=(5.0, 3.0), below=(2.0, 1.0), above=(1.5, 3.0))


def untrained() -> TrainedScorer:
    return TrainedScorer(new_scorer(DLIB, 2, seed=3), DLIB, SCALES, STRETCH, "nothing")


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of networks whose scorer is untrained."""
    folder = tmp_path_factory.mktemp("models")
    export_mtcnn(folder)
    torch.save(Proposal().state_dict(), folder / TRAINED_FILE)
    export_proposal(folder / TRAINED_FILE, folder)
    untrained().save(folder / "scorer.pt")
    export_scorer(read_trained(folder / "scorer.pt"), folder, "scorer")
    return folder


def test_the_exported_scorer_gives_both_scales_as_the_network_does(models: Path) -> None:
    scorer = load_networks(models, precision="f32").scorer
    crops = np.random.default_rng(5).integers(0, 255, (3, 150, 150, 3)).astype(np.uint8)
    with torch.inference_mode():
        plain = SCALES.ratings(untrained().scorer.eval()(torch.from_numpy(DLIB.normalization(crops)))[0])
        expected = STRETCH(plain).numpy()
    (scores,) = scorer.network(crops)
    assert scores.shape == (3, 2)
    assert np.abs(scores - expected).max() < HALF


def test_the_calibration_can_be_read_out_of_the_file(models: Path) -> None:
    assert read_calibration(models / "weights" / "scorer.onnx", 2) == STRETCH


def test_the_record_carries_what_training_saw(models: Path) -> None:
    record = read_manifest(models).record("scorer")
    assert (record.template, record.normalization) == (DLIB.template, DLIB.normalization)


def test_another_file_is_refused(models: Path, tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_bytes((models / "manifest.json").read_bytes())
    (tmp_path / "weights").mkdir()
    for file in (models / "weights").iterdir():
        (tmp_path / "weights" / file.name).write_bytes(file.read_bytes())
    (tmp_path / "weights" / "scorer.onnx").write_bytes(b"another one")
    with pytest.raises(WrongNetworkFile, match=r"scorer\.onnx has SHA-256"):
        load_networks(tmp_path)
