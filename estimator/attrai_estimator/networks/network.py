"""Networks as the steps see them, whichever runtime executes them."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


class Network(Protocol):
    """A loaded network. It normalizes pixels (n, height, width, 3) itself; outputs are in the manifest's order."""

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
class Template:
    """An alignment template: five landmarks as fractions of the crop's side, in a detection's order.

    `size`: side of the crop in pixels; `weights`: the weight of each point in the fit.
    """

    name: str
    size: int
    points: tuple[tuple[float, float], ...]
    weights: tuple[float, ...] = (1.0, 1.0, 1.0, 1.0, 1.0)

    def __post_init__(self) -> None:
        if len(self.points) != 5:  # noqa: PLR2004 - five landmarks
            raise ValueError(f"template {self.name} has {len(self.points)} points, not 5")
        if len(self.weights) != len(self.points):
            raise ValueError(f"template {self.name} has {len(self.weights)} weights for {len(self.points)} points")


@dataclass(frozen=True, slots=True)
class DetectorNetworks:
    """The three networks of detection; each takes the candidates of the one before.

    `second_proposal` is MTCNN's own, for photos on which the first pass finds nothing.
    """

    proposal: Network
    refinement: Network
    output: Network
    second_proposal: Network


@dataclass(frozen=True, slots=True)
class ScoringNetwork:
    """The scorer. Its output has shape (n, scales). The first is the score, 1 to 10 or slightly outside."""

    network: Network
    template: Template


@dataclass(frozen=True, slots=True)
class EmbeddingNetwork:
    """The embedder. Its first output has shape (n, 128)."""

    network: Network
    template: Template


@dataclass(frozen=True, slots=True)
class Networks:
    """All networks of the pipeline. Without an embedder faces are not embedded."""

    detector: DetectorNetworks
    scorer: ScoringNetwork
    embedder: EmbeddingNetwork | None = None
