import numpy as np
import pytest
from attrai_estimator.networks import ScoringNetwork, Template
from attrai_estimator.networks.network import Floats, Normalization
from attrai_estimator.steps.score import score
from attrai_estimator.values import Pixels

TEMPLATE = Template("test", 8, ((0.3, 0.4), (0.7, 0.4), (0.5, 0.6), (0.35, 0.8), (0.65, 0.8)))


class MeanOfRed:
    """Scores a crop by the mean of its first channel, and counts how often it was asked."""

    def __init__(self) -> None:
        self.batches: list[int] = []

    def __call__(self, pixels: Pixels, /) -> tuple[Floats, ...]:
        self.batches.append(len(pixels))
        return (pixels[..., 0].mean(axis=(1, 2), dtype=np.float32)[:, np.newaxis],)


def crops(*reds: int) -> np.ndarray[tuple[int, int, int, int], np.dtype[np.uint8]]:
    pixels = np.zeros((len(reds), 8, 8, 3), np.uint8)
    pixels[..., 0] = np.array(reds)[:, np.newaxis, np.newaxis]
    return pixels


def test_all_crops_are_scored_in_their_order_in_batches_of_two_sizes() -> None:
    network = MeanOfRed()
    scores = score(crops(7, 3, 5, 2, 9), ScoringNetwork(network, TEMPLATE))
    assert scores.tolist() == [7, 3, 5, 2, 9]
    assert network.batches == [4, 1]


def test_a_score_stays_within_1_and_10() -> None:
    scores = score(crops(0, 200), ScoringNetwork(MeanOfRed(), TEMPLATE))
    assert scores.tolist() == [1, 10]


def test_no_crop_asks_no_network() -> None:
    network = MeanOfRed()
    assert score(crops(), ScoringNetwork(network, TEMPLATE)).shape == (0,)
    assert network.batches == []


def test_pixels_are_normalized_by_channel() -> None:
    pixels = np.full((1, 2, 2, 3), (110, 120, 130), np.uint8)
    batch = Normalization((100, 100, 100), (10, 20, 30))(pixels)
    assert batch.shape == (1, 3, 2, 2)
    assert batch[0, :, 0, 0] == pytest.approx([1, 1, 1])
