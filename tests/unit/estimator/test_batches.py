import numpy as np
import pytest
from attrai_estimator.networks.network import Floats
from attrai_estimator.steps.batches import batch_sizes, in_batches
from attrai_estimator.values import Pixels


@pytest.mark.parametrize(
    ("count", "sizes", "parts"),
    [
        (1, (16,), [16]),
        (16, (16,), [16]),
        (33, (16,), [16, 16, 16]),
        (2, (8, 2), [2]),
        (10, (8, 2), [8, 2]),
        (22, (8, 2), [8, 8, 2, 2, 2]),
        (3, (8, 2), [2, 2]),
    ],
)
def test_a_batch_has_one_of_few_sizes(count: int, sizes: tuple[int, ...], parts: list[int]) -> None:
    assert batch_sizes(count, sizes) == parts


@pytest.mark.parametrize("count", [1, 4, 5, 11])
def test_what_fills_a_batch_up_is_not_given_back(count: int) -> None:
    def first_red(pixels: Pixels, /) -> tuple[Floats, ...]:
        assert len(pixels) in (4, 2)
        return pixels[:, 0, 0, :1].astype(np.float32), pixels[:, 0, 0].astype(np.float32)

    crops = np.arange(count, dtype=np.uint8)[:, np.newaxis, np.newaxis, np.newaxis] * np.ones((1, 3, 3, 3), np.uint8)
    one, three = in_batches(first_red, crops, (4, 2))
    assert one[:, 0].tolist() == list(range(count))
    assert three.shape == (count, 3)
