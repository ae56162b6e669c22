import numpy as np
from attrai_estimator.networks import EmbeddingNetwork, Template
from attrai_estimator.networks.network import Floats
from attrai_estimator.steps.embed import VECTOR, embed, enlarged
from attrai_estimator.values import Pixels

TEMPLATE = Template("test", 4, ((0.3, 0.4), (0.7, 0.4), (0.5, 0.6), (0.35, 0.8), (0.65, 0.8)))


def brightness(pixels: Pixels, /) -> tuple[Floats, ...]:
    """A vector that repeats the crop's mean."""
    return (np.repeat(pixels.mean(axis=(1, 2, 3), dtype=np.float32)[:, np.newaxis], VECTOR, axis=1),)


EMBEDDER = EmbeddingNetwork(brightness, TEMPLATE)


def test_vectors_come_in_the_order_of_the_crops() -> None:
    crops = np.zeros((3, 4, 4, 3), np.uint8) + np.array([9, 2, 5], np.uint8)[:, None, None, None]
    vectors = embed(crops, EMBEDDER)
    assert vectors.shape == (3, VECTOR)
    assert vectors[:, 0].tolist() == [9, 2, 5]


def test_no_crop_gives_no_vector() -> None:
    assert embed(np.empty((0, 4, 4, 3), np.uint8), EMBEDDER).shape == (0, VECTOR)


def test_a_crop_is_embedded_as_it_is_and_as_its_enlarged_mirror_image() -> None:
    crop = np.random.default_rng(1).integers(0, 256, (1, 4, 4, 3), dtype=np.uint8)
    seen: list[Pixels] = []

    def record(pixels: Pixels, /) -> tuple[Floats, ...]:
        seen.append(pixels.copy())
        return brightness(pixels)

    vector = embed(crop, EmbeddingNetwork(record, TEMPLATE))
    views = list(seen[0])
    assert np.array_equal(views[0], crop[0])
    assert np.array_equal(views[1], enlarged(crop)[0, :, ::-1])
    assert vector[0, 0] == np.float32(np.mean([view.mean(dtype=np.float32) for view in views], dtype=np.float32))


def test_enlarging_leaves_the_border_out() -> None:
    crop = np.zeros((1, 150, 150, 3), np.uint8)
    crop[:, 4:-4, 4:-4] = 255
    assert enlarged(crop).min() > 200
