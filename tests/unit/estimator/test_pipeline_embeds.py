from pathlib import Path

import numpy as np
from attrai_estimator.networks import load_networks
from attrai_estimator.pipeline import estimate
from attrai_estimator.settings import WORKSPACE_MODELS

SAMPLE = Path(__file__).parents[3] / "playground" / "attrai_playground" / "sample" / "astronauts.jpg"
ONE_PERSON = 0.6
"""dlib's threshold for its network."""


def test_with_an_embedder_each_face_gets_a_vector_and_one_persons_are_close() -> None:
    result = estimate(SAMPLE.read_bytes(), load_networks(WORKSPACE_MODELS, embed=True))
    vectors = [face.embedding for face in result.faces if face.embedding is not None]
    assert len(vectors) == len(result.faces) == 6
    assert {vector.shape for vector in vectors} == {(128,)}
    assert max(float(np.linalg.norm(a - b)) for a in vectors for b in vectors) < ONE_PERSON
    assert "embed" in result.seconds


def test_without_an_embedder_no_vector_of_a_face_exists() -> None:
    result = estimate(SAMPLE.read_bytes(), load_networks(WORKSPACE_MODELS))
    assert [face.embedding for face in result.faces] == [None] * 6
    assert "embed" not in result.seconds
