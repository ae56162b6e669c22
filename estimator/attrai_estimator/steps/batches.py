"""Batches of few sizes: a network is compiled for each size."""

from collections.abc import Sequence

import numpy as np

from attrai_estimator.networks.network import Floats, Network
from attrai_estimator.values import Pixels


def in_batches(network: Network, crops: Pixels, sizes: Sequence[int]) -> list[Floats]:
    """Run crops (n, height, width, 3), n >= 1, in batches of `sizes`, given from the largest to the smallest.

    Returns the network's outputs for all crops, in their order.
    """
    parts = batch_sizes(len(crops), sizes)
    missing = sum(parts) - len(crops)
    filled = np.concatenate([crops, np.zeros((missing, *crops.shape[1:]), np.uint8)]) if missing else crops
    batches = np.split(filled, np.cumsum(parts)[:-1])
    return [np.concatenate(outputs)[: len(crops)] for outputs in zip(*map(network, batches), strict=True)]


def batch_sizes(count: int, sizes: Sequence[int]) -> list[int]:
    """The batches for `count` crops: as many of each size as fit, then one of the last size for the rest."""
    parts: list[int] = []
    for size in sizes:
        parts += [size] * ((count - sum(parts)) // size)
    return parts + [sizes[-1]] * (sum(parts) < count)
