import numpy as np
from attrai_estimator.networks import EmbeddingNetwork, Template
from attrai_estimator.networks.network import Floats, Normalization
from attrai_estimator.steps.embed import VECTOR, embed

TEMPLATE = Template("test", 4, ((0.3, 0.4), (0.7, 0.4), (0.5, 0.6), (0.35, 0.8), (0.65, 0.8)))


def brightness(batch: Floats, /) -> tuple[Floats, ...]:
    """A vector that repeats the crop's mean."""
    return (np.repeat(batch.mean(axis=(1, 2, 3))[:, np.newaxis], VECTOR, axis=1),)


EMBEDDER = EmbeddingNetwork(brightness, TEMPLATE, Normalization((0, 0, 0), (1, 1, 1)))


def test_vectors_come_in_the_order_of_the_crops() -> None:
    crops = np.zeros((3, 4, 4, 3), np.uint8) + np.array([9, 2, 5], np.uint8)[:, None, None, None]
    vectors = embed(crops, EMBEDDER)
    assert vectors.shape == (3, VECTOR)
    assert vectors[:, 0].tolist() == [9, 2, 5]


def test_no_crop_gives_no_vector() -> None:
    assert embed(np.empty((0, 4, 4, 3), np.uint8), EMBEDDER).shape == (0, VECTOR)
