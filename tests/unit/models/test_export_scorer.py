"""From a trained scorer to the estimator: the exported file scores as the network does, and no other file is loaded."""

from pathlib import Path

import numpy as np
import pytest
import torch
from attrai_estimator.networks.load import load_networks
from attrai_estimator.networks.manifest import WrongNetworkFile, read_manifest
from attrai_models.data.training_data import RESEARCH_TERMS
from attrai_models.export.mtcnn import export_mtcnn
from attrai_models.export.proposal import export_proposal
from attrai_models.export.scorer import export_scorer, read_calibration
from attrai_models.networks.calibration import Calibration
from attrai_models.networks.proposal import Proposal
from attrai_models.networks.scorer import new_scorer
from attrai_models.networks.target_scales import TargetScales
from attrai_models.networks.trained_scorer import TrainedScorer, read_trained
from attrai_models.networks.trunks import DLIB
from attrai_models.training.train_proposal import TRAINED_PROPOSAL_FILE

pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("ignore")]  # the exporter's own

MAX_DIFFERENCE = 0.01
"""Of a score from 1 to 10, by the rounding of weights to half precision."""
SCALES = TargetScales(torch.tensor([5.5, 3.0]), torch.tensor([1.5, 0.7]), torch.zeros(128), torch.tensor(1.0))
CALIBRATION = Calibration(middle=(5.0, 3.0), below=(2.0, 1.0), above=(1.5, 3.0))


def untrained() -> TrainedScorer:
    return TrainedScorer(new_scorer(DLIB, 2, seed=3), DLIB, SCALES, CALIBRATION, "nothing", RESEARCH_TERMS)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of networks whose scorer is untrained."""
    folder = tmp_path_factory.mktemp("models")
    export_mtcnn(folder)
    torch.save(Proposal().state_dict(), folder / TRAINED_PROPOSAL_FILE)
    export_proposal(folder / TRAINED_PROPOSAL_FILE, folder)
    untrained().save(folder / "scorer.pt")
    export_scorer(read_trained(folder / "scorer.pt"), folder, "scorer")
    return folder


def test_the_exported_scorer_gives_both_scales_as_the_network_does(models: Path) -> None:
    scorer = load_networks(models, precision="f32").scorer
    crops = np.random.default_rng(5).integers(0, 255, (3, 150, 150, 3)).astype(np.uint8)
    with torch.inference_mode():
        plain = SCALES.to_ratings(untrained().scorer.eval()(torch.from_numpy(DLIB.normalization(crops)))[0])
        expected = CALIBRATION(plain).numpy()
    (scores,) = scorer.network(crops)
    assert scores.shape == (3, 2)
    assert np.abs(scores - expected).max() < MAX_DIFFERENCE


def test_the_calibration_is_read_from_the_file(models: Path) -> None:
    assert read_calibration(models / "weights" / "scorer.onnx", 2) == CALIBRATION


def test_the_record_has_the_template_and_normalization_of_the_training(models: Path) -> None:
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
