"""The shipped scorer: both runtimes agree, and a face scores the same alone and in a batch."""

import numpy as np
import pytest
from attrai_estimator.networks.load import load_networks
from attrai_estimator.networks.network import ScoringNetwork
from attrai_estimator.settings import WORKSPACE_MODELS
from attrai_estimator.steps.score import score

from tests.unit.models.faces import crops_of

pytestmark = pytest.mark.torch

MAX_DIFFERENCE = 2e-3
"""Of a score between the runtimes, both in float32."""


@pytest.fixture(scope="module")
def openvino() -> ScoringNetwork:
    return load_networks(WORKSPACE_MODELS, precision="f32").scorer


def test_both_runtimes_agree_on_real_faces(openvino: ScoringNetwork) -> None:
    crops = crops_of(openvino.template)
    by_torch = score(crops, load_networks(WORKSPACE_MODELS, "torch").scorer)
    assert np.abs(by_torch - score(crops, openvino)).max() < MAX_DIFFERENCE


def test_a_face_scores_the_same_alone_and_in_a_batch(openvino: ScoringNetwork) -> None:
    crops = crops_of(openvino.template)
    alone = np.concatenate([score(crops[i : i + 1], openvino) for i in range(len(crops))])
    assert np.abs(alone - score(crops, openvino)).max() < MAX_DIFFERENCE
