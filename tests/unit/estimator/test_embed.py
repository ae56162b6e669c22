import numpy as np
from attrai_estimator.networks import EmbeddingNetwork, Template
from attrai_estimator.networks.network import Floats
from attrai_estimator.steps.embed import EMBEDDING_LENGTH, embed
from attrai_estimator.values import Pixels

TEMPLATE = Template("test", 4, ((0.3, 0.4), (0.7, 0.4), (0.5, 0.6), (0.35, 0.8), (0.65, 0.8)))


def brightness(pixels: Pixels, /) -> tuple[Floats, ...]:
    """A vector that repeats the crop's mean."""
    return (np.repeat(pixels.mean(axis=(1, 2, 3), dtype=np.float32)[:, np.newaxis], EMBEDDING_LENGTH, axis=1),)


EMBEDDER = EmbeddingNetwork(brightness, TEMPLATE)


def test_vectors_come_in_the_order_of_the_crops() -> None:
    crops = np.zeros((3, 4, 4, 3), np.uint8) + np.array([9, 2, 5], np.uint8)[:, None, None, None]
    vectors = embed(crops, EMBEDDER)
    assert vectors.shape == (3, EMBEDDING_LENGTH)
    assert vectors[:, 0].tolist() == [9, 2, 5]


def test_no_crop_gives_no_vector() -> None:
    assert embed(np.empty((0, 4, 4, 3), np.uint8), EMBEDDER).shape == (0, EMBEDDING_LENGTH)
