"""What a step needs to know of a network, whichever runtime runs it."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from attrai_estimator.networks.template import Template

Floats = NDArray[np.float32]


class Network(Protocol):
    """A loaded network: pixels (n, height, width, 3) in, which it normalizes; its outputs in the manifest's order."""

    def __call__(self, pixels: NDArray[np.uint8], /) -> tuple[Floats, ...]: ...


@dataclass(frozen=True, slots=True)
class Normalization:
    """Per channel (red, green, blue), in the 0 to 255 of a pixel: a network takes (pixel - mean) / std."""

    mean: tuple[float, float, float]
    std: tuple[float, float, float]

    def __call__(self, pixels: NDArray[np.uint8]) -> Floats:
        """Turn pixels of shape (n, height, width, 3) into a batch of shape (n, 3, height, width)."""
        mean, std = (np.array(values, dtype=np.float32) for values in (self.mean, self.std))
        scaled = (pixels.astype(np.float32) - mean) / std
        return np.ascontiguousarray(scaled.transpose(0, 3, 1, 2), dtype=np.float32)


@dataclass(frozen=True, slots=True)
class DetectorNetworks:
    """Detection's three networks, each coarser one's findings being the next one's input.

    `second_proposal` is MTCNN's own, for photos on which nothing is found by ours; see decision 0019.
    """

    proposal: Network
    refinement: Network
    output: Network
    second_proposal: Network


@dataclass(frozen=True, slots=True)
class ScoringNetwork:
    """The scorer; its output has shape (n, scales), a score from 1 to 10, which may lie a little outside, in front."""

    network: Network
    template: Template


@dataclass(frozen=True, slots=True)
class EmbeddingNetwork:
    """The embedder; its first output has shape (n, 128)."""

    network: Network
    template: Template


@dataclass(frozen=True, slots=True)
class Networks:
    """All that the pipeline calls; faces are embedded where there is an embedder."""

    detector: DetectorNetworks
    scorer: ScoringNetwork
    embedder: EmbeddingNetwork | None = None
